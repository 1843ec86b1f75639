"""`axis inspect`: what an edXML package or status says. It looks and does not judge: no seal is verified."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from axis_client import files
from axis_client.cli.options import PATH, common
from axis_client.cli.terminal import EXIT_OK, EXIT_USAGE, Terminal
from axis_client.errors import LocalError
from axis_client.packing import is_sealed, open_edxml, open_xml, read_document
from edxml import codes
from edxml.attachments import kind_of
from edxml.codes import Label
from edxml.model import Attachment, Package, Status


@click.command()
@click.argument("files_", metavar="FILE...", type=PATH, nargs=-1, required=True)
@common
@click.pass_obj
def inspect(terminal: Terminal, files_: tuple[Path, ...]) -> int:
    """Xem nội dung gói tin edXML; không kiểm tra chữ ký. / Shows what packages say; verifies nothing.

    Exit code: 0, or 2 when a file is no edXML.
    """
    code = EXIT_OK
    for file in files_:
        try:
            root = open_xml(read_document(file))
            document = open_edxml(root)
        except LocalError as exc:
            code = EXIT_USAGE
            _decline(terminal, file, exc)
            continue
        if terminal.as_json:
            terminal.object(shape(file, document, sealed=is_sealed(root)))
        else:
            _show(terminal, file, document, sealed=is_sealed(root))
    return code


def shape(file: Path, document: Package | Status, *, sealed: bool) -> dict[str, object]:
    """Every field of the model by its name; of attachments their digest instead of their content."""
    fields = asdict(document)
    label = _label(document)
    fields["extensions"] = [{"path": e.path, "xml": e.xml.decode()} for e in document.extensions]
    head: dict[str, object] = {
        "file": str(file),
        "form": "status" if isinstance(document, Status) else "document",
    }
    head |= {"sealed": sealed, "label": label.english, "label_vi": label.vietnamese}
    if isinstance(document, Package):
        fields["attachments"] = [_attachment(attachment) for attachment in document.attachments]
        head |= {"kind": document.kind, "priority": document.priority}
    return head | fields


def _attachment(attachment: Attachment) -> dict[str, object]:
    content = attachment.content
    return {
        "content_id": attachment.content_id,
        "name": attachment.name,
        "content_type": attachment.content_type,
        "description": attachment.description,
        "inline": content is not None,
        "size": None if content is None else len(content),
        "sha256": None if content is None else hashlib.sha256(content).hexdigest(),
        "bytes_are": None if content is None else str(kind_of(content)),
    }


def _label(document: Package | Status) -> Label:
    if isinstance(document, Status):
        return codes.STATUS.get(document.status_code) or Label("không rõ", "unknown")
    return codes.KIND[str(document.kind)]


def _decline(terminal: Terminal, file: Path, error: LocalError) -> None:
    """One file's error, on its own line among the results, so that a script can tell which."""
    if terminal.as_json:
        terminal.object(
            {
                "file": str(file),
                "error": error.reason,
                "message": error.message,
                "message_vi": error.message_vi,
                "hint": error.hint,
                "hint_vi": error.hint_vi,
            }
        )
    else:
        terminal.say(f"{files.printable(file)}: {terminal.text(error.message_vi, error.message)}")


def _show(terminal: Terminal, file: Path, document: Package | Status, *, sealed: bool) -> None:
    label = _label(document)
    form = ("trạng thái", "status") if isinstance(document, Status) else ("văn bản", "document")
    terminal.say(
        f"{files.printable(file)}: {terminal.text(*form)}, {terminal.text(label.vietnamese, label.english)}"
    )
    lines = _status_lines(document) if isinstance(document, Status) else _package_lines(terminal, document)
    seal = ("có, chưa kiểm tra (dùng axis verify)", "present, not verified (use axis verify)")
    lines.append((("Chữ ký số", "Seal"), terminal.text(*(seal if sealed else ("không có", "none")))))
    for heading, value in lines:
        if value:
            terminal.say(f"  {terminal.text(*heading)}: {value}")
    terminal.warn([f"{warn.code}: {warn.detail}" for warn in document.warnings])


_Lines = list[tuple[tuple[str, str], str]]


def _status_lines(status: Status) -> _Lines:
    about = status.response_for
    return [
        (("Cơ quan báo", "From"), _organ(status.sender.organ_id, status.sender.organ_name)),
        (("Trạng thái", "Status code"), status.status_code),
        (("Về văn bản", "About"), f"{about.code} ({about.document_id})"),
        (("Gửi tới", "To"), about.organ_id),
        (("Nội dung", "Description"), status.description),
        (("Thời điểm", "Timestamp"), status.timestamp),
    ]


def _package_lines(terminal: Terminal, package: Package) -> _Lines:
    priority = codes.PRIORITY[str(package.priority)]
    number = "/".join(part for part in (package.code.number, package.code.notation) if part)
    return [
        (("Nơi gửi", "From"), _organ(package.sender.organ_id, package.sender.organ_name)),
        (("Nơi nhận", "To"), _joined([_organ(to.organ_id, to.organ_name) for to in package.recipients])),
        (("Số, ký hiệu", "Number"), number),
        (("Mã định danh văn bản", "DocumentId"), package.document_id),
        (("Ngày ban hành", "Date"), package.promulgation_date),
        (("Loại", "Type"), package.type_name),
        (("Trích yếu", "Subject"), package.subject),
        (("Độ khẩn", "Priority"), terminal.text(priority.vietnamese, priority.english)),
        (("Hạn trả lời", "Due"), package.due_date),
        (("Tệp đính kèm", "Attachments"), _joined([_named(terminal, a) for a in package.attachments])),
    ]


def _named(terminal: Terminal, attachment: Attachment) -> str:
    if attachment.content is None:
        return f"{attachment.name} ({terminal.text('nằm ngoài gói tin', 'beside the package')})"
    return f"{attachment.name} ({len(attachment.content):,} B, {kind_of(attachment.content)})"


def _organ(organ_id: str, name: str) -> str:
    return f"{name} ({organ_id})" if name else organ_id


def _joined(values: Sequence[str]) -> str:
    return "; ".join(values)
