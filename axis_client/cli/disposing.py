"""`axis disposal`: how documents go whose time has come, for archivists of the archive's authority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import click

from axis_client import files
from axis_client.cli import labels
from axis_client.cli.connection import with_axis
from axis_client.cli.mistakes import mistake
from axis_client.cli.options import FORCE, PATH, common, profile
from axis_client.cli.retaining import flat, term_shape
from axis_client.cli.terminal import EXIT_OK, EXIT_REFUSED, Terminal
from axis_client.client import AsyncClient
from axis_client.errors import LocalError, TryLater, explain
from axis_client.model.retention import Disposal, Due

ORDER_MOST = 2 << 20
_WAITING: Mapping[str, tuple[str, str]] = {
    "GRACE": ("còn trong thời gian chờ", "in the time of grace"),
    "HELD": ("đang bị phong tỏa", "held"),
    "NOT_DUE": ("chưa hết thời hạn", "not due"),
    "LOCKED": ("kho lưu trữ còn khóa tệp đến", "locked by the store until"),
    "TIME_UNKNOWN": ("chờ dấu thời gian", "waiting for a time-stamp"),
    "NOT_UPHELD": ("DỪNG: chữ ký số của quyết định không còn giá trị", "STOPPED: a seal of the order fails"),
    "UNFOUNDED": ("DỪNG: không có quyết định trong nhật ký", "STOPPED: no order in the log"),
}


@click.group()
def disposal() -> None:
    """Hủy văn bản hết thời hạn theo quyết định ký số. / Disposal, by the archive's authority alone."""


@disposal.command("list")
@profile
@common
@click.pass_obj
def list_due(terminal: Terminal, profile: Path) -> int:
    """Văn bản đã hết thời hạn lưu trữ. / What need not be kept any more. Exit 0: some; 1: none."""

    async def act(client: AsyncClient) -> int:
        found = [one async for one in client.due()]
        if terminal.as_json:
            for one in found:
                terminal.object(_due(one))
        else:
            columns = [("Mã gửi", "ID"), ("Nơi gửi", "From"), ("Số, ký hiệu", "Number")]
            columns += [("Vào trục", "Accepted"), ("Thời hạn", "Class"), ("Hết hạn", "Due")]
            terminal.table(columns, [_due_row(one) for one in found])
        if not found:
            terminal.note(terminal.text("Chưa có văn bản nào hết thời hạn.", "Nothing is due."))
        return EXIT_OK if found else EXIT_REFUSED

    return with_axis(terminal, profile, act)


@disposal.command("order")
@click.argument("dispatch_ids", nargs=-1, metavar="[ID]...")
@click.option("--number", required=True, metavar="TEXT", help="Số, ký hiệu quyết định. / Of the decision.")
@click.option("--legal-basis", required=True, metavar="TEXT", help="Căn cứ pháp lý. / The legal basis.")
@click.option("--all", "everything", is_flag=True, help="Mọi văn bản hết hạn. / All that is due.")
@click.option(
    "--from",
    "sender",
    default="",
    metavar="AGENCY",
    help="Mọi văn bản hết hạn của một nơi gửi. / All that is due of one sender.",
)
@click.option("-o", "--output", type=PATH, required=True, metavar="OUT", help="Tệp quyết định. / The order.")
@FORCE
@profile
@common
@click.pass_obj
def make_order(
    terminal: Terminal,
    dispatch_ids: tuple[str, ...],
    number: str,
    legal_basis: str,
    everything: bool,
    sender: str,
    output: Path,
    force: bool,
    profile: Path,
) -> int:
    """Lập và ký quyết định hủy. / Makes and seals an order; nothing is disposed of until it is submitted."""
    if [everything, bool(dispatch_ids), bool(sender)].count(True) != 1:
        raise mistake(
            "name documents, or --all, or --from AGENCY",
            "nêu mã gửi của các văn bản, hoặc --all, hoặc --from CƠ-QUAN",
        )

    async def act(client: AsyncClient) -> int:
        wanted = set(dispatch_ids)
        due = [
            one
            async for one in client.due()
            if everything or one.dispatch_id in wanted or one.sender_id == sender
        ]
        if missing := wanted - {one.dispatch_id for one in due}:
            raise explain(LocalError, "NOTHING_DUE", ", ".join(sorted(missing)[:3]))
        order = await client.disposal_order(due, number=number, legal_basis=legal_basis)
        files.write(output, order, force=force)
        terminal.note(
            terminal.text(
                f"{len(due)} văn bản, đã ký: {output}. Chưa hủy gì: axis disposal submit {output}",
                f"Documents: {len(due)}, sealed: {output}. Nothing is disposed of yet: axis disposal submit"
                f" {output}",
            )
        )
        return EXIT_OK

    return with_axis(terminal, profile, act)


@disposal.command("approve")
@click.argument("order", type=PATH)
@click.option(
    "-o", "--output", type=PATH, required=True, metavar="OUT", help="Tệp phê duyệt. / The approval."
)
@FORCE
@profile
@common
@click.pass_obj
def approve_order(terminal: Terminal, order: Path, output: Path, force: bool, profile: Path) -> int:
    """Người thứ hai phê duyệt quyết định hủy. / Approves another person's order, with this profile's seal.

    Read the order first: axis verify ORDER. Nothing is disposed of until both are submitted.
    """
    content = _sealed(order)

    async def act(client: AsyncClient) -> int:
        approval = await client.disposal_approval(content)
        files.write(output, approval, force=force)
        submit = f"axis disposal submit {order} --approval {output}"
        terminal.note(
            terminal.text(
                f"Đã ký phê duyệt: {output}. Chưa hủy gì: {submit}",
                f"Approved and sealed: {output}. Nothing is disposed of yet: {submit}",
            )
        )
        return EXIT_OK

    return with_axis(terminal, profile, act)


@disposal.command("submit")
@click.argument("order", type=PATH)
@click.option(
    "--approval",
    "approvals",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="Phê duyệt của người thứ hai. / Another person's approval; as often as wanted.",
)
@profile
@common
@click.pass_obj
def submit_order(terminal: Terminal, order: Path, approvals: tuple[Path, ...], profile: Path) -> int:
    """Gửi quyết định hủy để thực hiện. / Has an order carried out: all that it names, or nothing."""
    content, *approved = (_sealed(path) for path in (order, *approvals))

    async def act(client: AsyncClient) -> int:
        _show_disposals(terminal, [await client.submit_disposal(content, approved)])
        return EXIT_OK

    return with_axis(terminal, profile, act)


@disposal.command("show")
@click.argument("order_id", metavar="[ORDER]", default="")
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="OUT",
    help="Lưu chứng nhận hủy. / Keeps the evidence.",
)
@FORCE
@profile
@common
@click.pass_obj
def show_disposal(terminal: Terminal, order_id: str, output: Path | None, force: bool, profile: Path) -> int:
    """Quyết định hủy đã thực hiện đến đâu. / How far an order is; without ORDER, all orders.

    With -o the evidence of destruction is kept, once it was verified. Exit 3: there is none yet.
    """

    async def act(client: AsyncClient) -> int:
        if not order_id:
            _show_disposals(terminal, [one async for one in client.disposals()])
            return EXIT_OK
        told = await client.disposal(order_id)
        _show_disposals(terminal, [told.disposal])
        if output is not None:
            if not told.evidence:
                raise explain(TryLater, "NOT_DESTROYED_YET", told.disposal.waiting)
            files.write(output, told.evidence, force=force)
        return EXIT_OK

    return with_axis(terminal, profile, act)


def _show_disposals(terminal: Terminal, disposals: Sequence[Disposal]) -> None:
    if terminal.as_json:
        for one in disposals:
            terminal.object(flat(one))
        return
    columns = [("Quyết định", "Order"), ("Nhận lúc", "Accepted"), ("Văn bản", "Documents")]
    columns += [("Hủy xong", "Destroyed"), ("Chứng nhận", "Evidence")]
    terminal.table(columns, [_disposal_row(terminal, one) for one in disposals])


def _disposal_row(terminal: Terminal, one: Disposal) -> tuple[str, ...]:
    ended = labels.time(one.ended_at) if one.ended_at else _waiting(terminal, one.waiting)
    count = str(len(one.dispatch_ids))
    return one.order_id, labels.time(one.accepted_at), count, ended, one.evidence_id


def _due_row(one: Due) -> tuple[str, ...]:
    number = "/".join(filter(None, (one.code_number, one.code_notation)))
    due = one.term.due.isoformat() if one.term.due else ""
    accepted = labels.time(one.accepted_at)
    return one.dispatch_id, one.sender_id, number, accepted, one.term.class_code, due


def _due(one: Due) -> dict[str, object]:
    return {**flat(one), "term": term_shape(one.term)}


def _waiting(terminal: Terminal, waiting: str) -> str:
    """What a disposal waits for, in words; what is not known here as the axis says it."""
    what, _, detail = waiting.partition(": ")
    if what not in _WAITING:
        return waiting or "…"
    said = terminal.text(*_WAITING[what])
    return (
        f"{said}: {labels.time(when)}" if (when := _time(detail)) else ": ".join(filter(None, (said, detail)))
    )


def _time(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else None


def _sealed(path: Path) -> bytes:
    content = files.read(path, ORDER_MOST)
    if content is None:
        raise mistake(f"an order has at most {ORDER_MOST} bytes", f"quyết định có tối đa {ORDER_MOST} byte")
    return content
