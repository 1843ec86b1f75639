"""`axis send`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click

from axis_client import files
from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.findings import warn
from axis_client.cli.mistakes import mistake
from axis_client.cli.options import ATTACH, FORCE, PATH, common, profile
from axis_client.cli.proving import with_log
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.client import AsyncClient
from axis_client.errors import LocalError, Refused, explain
from axis_client.model import Sent
from axis_client.packing import is_sealed, open_xml, read_document, same_content


@click.command()
@click.argument("file", type=PATH)
@ATTACH
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="ID",
    help="Nơi nhận; dùng được nhiều lần. / Recipient, instead of those in the package; may be repeated.",
)
@click.option(
    "--keep",
    type=PATH,
    metavar="OUT",
    help="Lưu gói tin đã ký trước khi gửi. / Keep the sealed package here before it is sent.",
)
@click.option(
    "--replaces",
    "replaced",
    multiple=True,
    metavar="ID",
    help="Thay thế văn bản đã gửi này; cần --reason. / Replaces what was sent as ID; needs --reason.",
)
@click.option("--reason", default="", help="Lý do thay thế. / Why it replaces.")
@FORCE
@profile
@common
@click.pass_obj
def send(
    terminal: Terminal,
    file: Path,
    attachments: tuple[Path, ...],
    recipients: tuple[str, ...],
    keep: Path | None,
    replaced: tuple[str, ...],
    reason: str,
    force: bool,
    profile: Path,
) -> int:
    """Gửi văn bản. / Sends a document.

    FILE is sealed first if it is not; a sealed one is sent as it is, byte for byte. After a failure, run the
    same command again: the sealed bytes wait beside FILE until it is known what became of them, so it is the
    same dispatch, and nothing is sent twice.
    """

    if not all(recipient.strip() for recipient in recipients):
        raise mistake("--to needs an identifier", "--to phải có mã cơ quan")

    waiting = None if keep else _waiting(file)

    async def act(client: AsyncClient) -> int:
        source: Path | bytes = file
        if replaced:
            source = await client.replacement(file, replaced, reason)
        package = source
        if keep is not None:
            package = await client.seal(source, attachments, recipients or None)
            files.write(keep, package, force=force)
        elif waiting is not None:
            sealed = await client.seal(source, attachments, recipients or None)
            package = _resumed(terminal, waiting, sealed, force=force)
        try:
            with terminal.progress() as report:
                sent = await client.send(package, attachments, recipients or None, progress=report)
        except Refused as refused:
            _forget(waiting)
            _point_to_the_first(refused)
            raise
        _forget(waiting)
        await show_proven(terminal, client, sent)
        return EXIT_OK

    return with_axis(terminal, profile, act)


async def send_kept(terminal: Terminal, client: AsyncClient, package: bytes, waiting: Path) -> Sent:
    """Seals and sends a package that was made here; its sealed bytes wait in `waiting` until it is known what
    became of them, so that the same command again is the same dispatch."""
    sealed = _resumed(terminal, waiting, await client.seal(package), force=False)
    try:
        sent = await client.send(sealed)
    except Refused:
        _forget(waiting)
        raise
    _forget(waiting)
    return sent


def _waiting(file: Path) -> Path | None:
    """Where the sealed bytes of an unsealed file wait until it is known what became of them: a command that
    was cut is then the same dispatch when it is run again. None for a sealed file."""
    if is_sealed(open_xml(read_document(file))):
        return None
    return file.with_name(f"{file.stem}.sending{file.suffix}")


def _resumed(terminal: Terminal, waiting: Path, sealed: bytes, *, force: bool) -> bytes:
    """Returns the sealed bytes that an earlier run left, when they say the same; else keeps these. Raises
    `LocalError` (`SEND_UNFINISHED`) when they say something else, which may have been accepted."""
    name = files.printable(waiting)
    if waiting.exists() and not force:
        earlier = read_document(waiting)
        if not same_content(earlier, sealed):
            raise explain(LocalError, "SEND_UNFINISHED", name, file=name)
        going_on = f"Gửi tiếp gói tin đã ký: {name}"
        terminal.note(terminal.text(going_on, f"Going on with what was sealed: {name}"))
        return earlier
    try:
        files.write(waiting, sealed, force=force)
    except LocalError as exc:
        terminal.note(terminal.text(exc.message_vi, exc.message))
    return sealed


def _forget(waiting: Path | None) -> None:
    if waiting is not None:
        with suppress(OSError):
            waiting.unlink()


def _point_to_the_first(refused: Refused) -> None:
    """A DocumentId that was used before most often means that the document has been sent: says how to see."""
    dispatch_id = refused.facts.get("dispatch_id")
    if refused.reason == "DOCUMENT_ID_TAKEN" and dispatch_id:
        refused.hint = f"It may have been sent already: axis status {dispatch_id}. {refused.hint}"
        refused.hint_vi = f"Có thể văn bản đã được gửi: axis status {dispatch_id}. {refused.hint_vi}"


async def show_proven(terminal: Terminal, client: AsyncClient, sent: Sent) -> None:
    """Says that it is sent, to whom, what proves it, and what the log says of that. Raises `EvidenceError`,
    once all is said, when that is an alarm."""
    proofs, alarm = await with_log(terminal, client, sent.evidence)
    show_sent(terminal, replace(sent, evidence=proofs))
    if alarm is not None:
        raise alarm


def show_sent(terminal: Terminal, sent: Sent) -> None:
    """Says that it is sent, to whom, and what proves it."""
    if terminal.as_json:
        terminal.object(shapes.sent(sent))
        return
    terminal.say(terminal.text("Đã gửi, chứng cứ hợp lệ.", "Sent; the evidence holds."))
    terminal.say(f"  {terminal.text('Mã gửi', 'Dispatch')}: {sent.dispatch.dispatch_id}")
    terminal.say(f"  {terminal.text('Nơi nhận', 'Recipients')}: {', '.join(sent.recipients)}")
    for proof in sent.evidence:
        terminal.say(f"  {labels.proof(terminal, proof)}: {labels.attested(terminal, proof)}")
    warn(terminal, sent.warnings)
