"""`axis inbox`, `fetch`, `accept`, `refuse`, `report`: what a recipient does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import click

from axis_client import files
from axis_client.answering import REPORTABLE
from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.findings import warn
from axis_client.cli.mistakes import mistake
from axis_client.cli.options import AFTER, FORCE, PATH, RECIPIENT, common, profile
from axis_client.cli.proving import with_log
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.client import AsyncClient
from axis_client.model import Answered, FetchedFile, InboxItem, State
from edxml import codes

DISPATCH = click.argument("dispatch_id", metavar="ID")
_STATES = [str(state) for state in State if state is not State.UNKNOWN]


@click.command()
@click.option("--watch", is_flag=True, help="Chờ văn bản mới. / Stay, and show each new one as it comes.")
@AFTER
@click.option(
    "--state",
    "states",
    type=click.Choice(_STATES),
    multiple=True,
    help="Chỉ trạng thái này. / Only this state; may be repeated.",
)
@profile
@common
@click.pass_obj
def inbox(terminal: Terminal, watch: bool, after: str, states: tuple[str, ...], profile: Path) -> int:
    """Văn bản đến. / Lists what was sent to this agency."""
    wanted = [State(state) for state in states]

    async def act(client: AsyncClient) -> int:
        if watch:
            async with aclosing(client.watch(after)) as coming:
                async for item in coming:
                    if not wanted or item.delivery.state in wanted:
                        _show_line(terminal, item)
        else:
            await _show_items(terminal, client.inbox(after, wanted))
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@DISPATCH
@click.option(
    "-o", "--output", type=PATH, required=True, metavar="DIR", help="Thư mục. / Where the files go."
)
@click.option("--hand-over", is_flag=True, help="Xác nhận đã đến (01). / State that every byte is here (01).")
@FORCE
@profile
@common
@click.pass_obj
def fetch(
    terminal: Terminal, dispatch_id: str, output: Path, hand_over: bool, force: bool, profile: Path
) -> int:
    """Tải văn bản và tệp đính kèm về, đã kiểm tra. / Takes a document and its attachments to disk,
    verified."""

    async def act(client: AsyncClient) -> int:
        with terminal.progress() as report:
            fetched = await client.fetch(dispatch_id, output, force=force, progress=report)
        answered = await client.hand_over(fetched) if hand_over else None
        if terminal.as_json:
            terminal.object(
                {
                    "dispatch_id": dispatch_id,
                    "directory": str(fetched.directory),
                    "files": [shapes.file(file) for file in fetched.files],
                    "signer": fetched.signer.subject.rfc4514_string(),
                    "warnings": list(fetched.warnings),
                    "handed_over": None if answered is None else shapes.answered(answered),
                }
            )
        else:
            show_files(terminal, fetched.files)
            signer = fetched.signer.subject.rfc4514_string()
            terminal.say(f"{terminal.text('Chữ ký số hợp lệ của', 'Soundly sealed by')}: {signer}")
            warn(terminal, fetched.warnings)
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@DISPATCH
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="DIR",
    help="Giữ các tệp ở đây. / Keep the files here, if still to be fetched.  [default: ./ID]",
)
@RECIPIENT
@profile
@common
@click.pass_obj
def accept(terminal: Terminal, dispatch_id: str, output: Path | None, recipient: str, profile: Path) -> int:
    """Tiếp nhận văn bản (03). / Accepts a document (03).

    What was not handed over yet is fetched, verified, kept and handed over (01) first.
    """

    async def act(client: AsyncClient) -> Answered:
        with terminal.progress() as report:
            answered = await client.accept(
                dispatch_id, output or folder(dispatch_id), recipient=recipient, progress=report
            )
        if output is not None and answered.fetched is None:
            had = f"Đã nhận tệp từ trước nên không lưu lại; cần thì: axis fetch {dispatch_id} -o {output}"
            english = (
                f"It was handed over before, so nothing was stored; axis fetch {dispatch_id} -o {output}"
            )
            terminal.note(terminal.text(had, english))
        return answered

    return answer(terminal, profile, act)


@click.command()
@DISPATCH
@click.option("--reason", required=True, help="Lý do, bên gửi sẽ được báo. / Why; the sender is told.")
@RECIPIENT
@profile
@common
@click.pass_obj
def refuse(terminal: Terminal, dispatch_id: str, reason: str, recipient: str, profile: Path) -> int:
    """Từ chối tiếp nhận (02). / Refuses a document (02). Final."""

    async def act(client: AsyncClient) -> Answered:
        answered = await client.refuse(dispatch_id, reason, recipient=recipient)
        first = answered.delivery.reason
        if first and first != reason.strip():
            earlier = f"Đã từ chối trước đó, lý do đó vẫn giữ nguyên: {first}"
            terminal.note(terminal.text(earlier, f"It was refused before, and that reason stands: {first}"))
        return answered

    return answer(terminal, profile, act)


_SAID_BY = {
    codes.REFUSED: "axis refuse",
    codes.ACCEPTED: "axis accept",
    codes.TAKE_BACK: "axis recall --status",
    codes.AGREED: "axis agree",
    codes.DECLINED: "axis decline",
}
"""Statuses with a command of their own."""


def _reported(_: click.Context, __: click.Parameter, value: str) -> str:
    """Reads a status that `report` says; `5` is 05."""
    code = value.zfill(2)
    if code in {codes.ARRIVED, *REPORTABLE}:
        return code
    if code in _SAID_BY:
        raise mistake(
            f"--status {code}: use {_SAID_BY[code]}", f"--status {code}: dùng lệnh {_SAID_BY[code]}"
        )
    one_of = "01, 04, 05, 06"
    raise mistake(f"--status {value}: one of {one_of}", f"--status {value}: chọn một trong: {one_of}")


@click.command()
@DISPATCH
@click.option(
    "--status",
    metavar="[01|04|05|06]",
    callback=_reported,
    required=True,
    help="01 đã đến / arrived, 04 phân công / assigned, 05 đang xử lý / processing, 06 hoàn thành / done.",
)
@click.option("--description", default="", help="Nội dung. / What the sender should know.")
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="DIR",
    help="Với 01: giữ các tệp ở đây. / With 01: keep the files here.  [default: ./ID]",
)
@RECIPIENT
@profile
@common
@click.pass_obj
def report(
    terminal: Terminal,
    dispatch_id: str,
    status: str,
    description: str,
    output: Path | None,
    recipient: str,
    profile: Path,
) -> int:
    """Báo trạng thái (01, 04, 05, 06). / Reports a state.

    01 says that every file is here: it fetches, verifies, keeps and hands over, as `fetch --hand-over` does.
    """

    async def act(client: AsyncClient) -> Answered:
        if status != codes.ARRIVED:
            return await client.report(dispatch_id, status, description, recipient=recipient)
        with terminal.progress() as report:
            fetched = await client.fetch(dispatch_id, output or folder(dispatch_id), progress=report)
        return replace(await client.hand_over(fetched, recipient), fetched=fetched)

    return answer(terminal, profile, act)


def answer(terminal: Terminal, profile: Path, act: Callable[[AsyncClient], Awaitable[Answered]]) -> int:
    """Runs a statement and shows what the axis made of it."""

    async def answered(client: AsyncClient) -> int:
        result = await act(client)
        proofs, alarm = await with_log(terminal, client, result.evidence)
        result = replace(result, evidence=proofs)
        if terminal.as_json:
            terminal.object(shapes.answered(result))
        else:
            if result.fetched is not None:
                show_files(terminal, result.fetched.files)
            delivery = result.delivery
            unit = f" ({delivery.recipient_id})" if delivery.recipient_id != delivery.mailbox_id else ""
            state = labels.state(terminal, delivery.state)
            terminal.say(f"{terminal.text('Trạng thái', 'State')}{unit}: {state}")
            for proof in result.evidence:
                terminal.say(f"  {labels.proof(terminal, proof)}: {labels.attested(terminal, proof)}")
        if alarm is not None:
            raise alarm
        return EXIT_OK

    return with_axis(terminal, profile, answered)


def folder(dispatch_id: str) -> Path:
    """Where the files go unless somebody says: a folder here, named by letters and digits only."""
    return Path("".join(char for char in dispatch_id if char.isascii() and char.isalnum()) or "in")


def show_files(terminal: Terminal, fetched: tuple[FetchedFile, ...]) -> None:
    columns = [("Tệp", "File"), ("Byte", "Bytes"), ("SHA-256", "SHA-256")]
    terminal.table(columns, [(files.printable(f.path), f"{f.size:,}", f.sha256) for f in fetched])


async def _show_items(terminal: Terminal, items: AsyncIterator[InboxItem]) -> None:
    if terminal.as_json:
        async for item in items:
            terminal.object(shapes.inbox_item(item))
        return
    columns = [("Mã gửi", "ID"), ("Loại", "Kind"), ("Trạng thái", "State"), ("Khẩn", "Priority")]
    columns += [("Nơi gửi", "From"), ("Số, ký hiệu", "Number"), ("Trích yếu", "Subject")]
    columns += [("Nhận lúc", "At"), ("Đơn vị", "Unit"), ("Hạn", "Deadline"), ("Chờ trả lời", "Asked")]
    rows = [_row(terminal, item) async for item in items]
    if not rows:
        terminal.note(terminal.text("Không có văn bản đến nào.", "Nothing was sent to this agency."))
    terminal.table(columns, rows)


def _show_line(terminal: Terminal, item: InboxItem) -> None:
    if terminal.as_json:
        terminal.object(shapes.inbox_item(item))
    else:
        terminal.say(" | ".join(_row(terminal, item)))


def _row(terminal: Terminal, item: InboxItem) -> tuple[str, ...]:
    dispatch = item.dispatch
    return (
        dispatch.dispatch_id,
        labels.kind(terminal, dispatch.kind),
        labels.state(terminal, item.delivery.state),
        labels.priority(terminal, dispatch.priority),
        dispatch.sender_name or dispatch.sender_id,
        shapes.number(dispatch),
        dispatch.subject,
        labels.time(dispatch.accepted_at),
        item.delivery.recipient_id if item.delivery.recipient_id != item.delivery.mailbox_id else "",
        labels.deadline(item.delivery),
        labels.question(terminal, item.delivery.question) if item.delivery.question else "",
    )
