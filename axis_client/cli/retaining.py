"""`axis retention`, `axis hold`, `axis disposal`: how long documents are kept, and how they go, for
archivists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import click

from axis_client import files
from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.options import FORCE, PATH, common, profile
from axis_client.cli.terminal import EXIT_OK, EXIT_REFUSED, Terminal
from axis_client.client import AsyncClient
from axis_client.errors import LocalError, TryLater, explain
from axis_client.model.retention import Decision, Disposal, Due, Term

ORDER_MOST = 2 << 20
_ID = click.argument("dispatch_id", metavar="ID")
_REASON = click.option("--reason", required=True, metavar="TEXT", help="Lý do. / Why.")
_KINDS = {
    "term": ("thời hạn", "term"),
    "hold": ("phong tỏa", "hold"),
    "lift": ("gỡ phong tỏa", "lifted"),
}


@click.group()
def retention() -> None:
    """Thời hạn lưu trữ. / How long documents are kept."""


@retention.command("show")
@_ID
@profile
@common
@click.pass_obj
def show_retention(terminal: Terminal, dispatch_id: str, profile: Path) -> int:
    """Thời hạn của một văn bản, và vì sao. / How long a document is kept, and why."""

    async def act(client: AsyncClient) -> int:
        found = await client.retention(dispatch_id)
        if terminal.as_json:
            shown = {"term": _term(found.term), "disposal_id": found.disposal_id, "original": found.original}
            lists = {"holds": found.holds, "decisions": found.decisions}
            terminal.object({**shown, **{name: [*map(_flat, some)] for name, some in lists.items()}})
            return EXIT_OK
        _say_term(terminal, found.term)
        if found.disposal_id:
            gone = terminal.text("Đã hủy theo quyết định", "Disposed of by order")
            terminal.say(f"{gone} {found.disposal_id}")
        _table(terminal, found.decisions)
        return EXIT_OK

    return with_axis(terminal, profile, act)


@retention.command("set")
@_ID
@click.option(
    "--class", "class_code", required=True, metavar="CODE", help="Mã thời hạn, như 20. / The class."
)
@click.option(
    "--ended",
    type=click.IntRange(1900, 3000),
    metavar="YEAR",
    help="Năm kết thúc công việc. / The year in which the work ended. [default: of acceptance]",
)
@click.option("--record", default="", metavar="NAME", help="Hồ sơ chứa văn bản. / The record it belongs to.")
@click.option("--reason", default="", metavar="TEXT", help="Căn cứ. / Why.")
@profile
@common
@click.pass_obj
def set_retention(
    terminal: Terminal,
    dispatch_id: str,
    class_code: str,
    ended: int | None,
    record: str,
    reason: str,
    profile: Path,
) -> int:
    """Đặt thời hạn lưu trữ cho một văn bản. / Says how long this agency needs a document.

    What counts is the longest: of the sender, of recipients who keep it longer, of all documents of a record.
    """

    async def act(client: AsyncClient) -> int:
        term = await client.set_retention(
            dispatch_id, class_code, ended=ended or 0, record=record, reason=reason
        )
        if terminal.as_json:
            terminal.object({"dispatch_id": dispatch_id, "term": _term(term)})
        else:
            _say_term(terminal, term)
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.group()
def hold() -> None:
    """Phong tỏa văn bản, không cho hủy. / Legal holds: nothing held is ever disposed of."""


@hold.command("put")
@_ID
@_REASON
@profile
@common
@click.pass_obj
def put_hold(terminal: Terminal, dispatch_id: str, reason: str, profile: Path) -> int:
    """Phong tỏa một văn bản. / Holds a document."""

    async def act(client: AsyncClient) -> int:
        _show(terminal, [await client.put_hold(dispatch_id, reason)])
        return EXIT_OK

    return with_axis(terminal, profile, act)


@hold.command("lift")
@_ID
@click.argument("hold_id", metavar="HOLD")
@_REASON
@profile
@common
@click.pass_obj
def lift_hold(terminal: Terminal, dispatch_id: str, hold_id: str, reason: str, profile: Path) -> int:
    """Gỡ phong tỏa. / Lifts a hold of this agency; HOLD is what `put` and `list` show."""

    async def act(client: AsyncClient) -> int:
        _show(terminal, [await client.lift_hold(dispatch_id, hold_id, reason)])
        return EXIT_OK

    return with_axis(terminal, profile, act)


@hold.command("list")
@profile
@common
@click.pass_obj
def list_holds(terminal: Terminal, profile: Path) -> int:
    """Các văn bản đang bị phong tỏa. / The holds in force."""

    async def act(client: AsyncClient) -> int:
        _show(terminal, [one async for one in client.holds()])
        return EXIT_OK

    return with_axis(terminal, profile, act)


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
    output: Path,
    force: bool,
    profile: Path,
) -> int:
    """Lập và ký quyết định hủy. / Makes and seals an order; nothing is disposed of until it is submitted."""
    if everything == bool(dispatch_ids):
        raise explain(LocalError, "USAGE", "name documents, or --all")

    async def act(client: AsyncClient) -> int:
        wanted = set(dispatch_ids)
        due = [one async for one in client.due() if everything or one.dispatch_id in wanted]
        if missing := wanted - {one.dispatch_id for one in due}:
            raise explain(LocalError, "NOTHING_DUE", ", ".join(sorted(missing)[:3]))
        order = await client.disposal_order(due, number=number, legal_basis=legal_basis)
        files.write(output, order, force=force)
        terminal.note(
            terminal.text(
                f"{len(due)} văn bản, đã ký: {output}. Chưa hủy gì: axis disposal submit {output}",
                f"{len(due)} documents, sealed: {output}. Nothing is disposed of yet: axis disposal submit"
                f" {output}",
            )
        )
        return EXIT_OK

    return with_axis(terminal, profile, act)


@disposal.command("submit")
@click.argument("order", type=PATH)
@profile
@common
@click.pass_obj
def submit_order(terminal: Terminal, order: Path, profile: Path) -> int:
    """Gửi quyết định hủy để thực hiện. / Has an order carried out: all that it names, or nothing."""
    content = files.read(order, ORDER_MOST)
    if content is None:
        raise explain(LocalError, "USAGE", f"an order has at most {ORDER_MOST} bytes")

    async def act(client: AsyncClient) -> int:
        _show_disposals(terminal, [await client.submit_disposal(content)])
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


def _say_term(terminal: Terminal, term: Term) -> None:
    kept = terminal.text("Thời hạn", "Kept")
    due = term.due.isoformat() if term.due else terminal.text("vĩnh viễn", "for ever")
    until = terminal.text("được hủy từ", "due on")
    by = term.agency_id or terminal.text("cấu hình của trục", "the axis's settings")
    record = f", {terminal.text('hồ sơ', 'record')} {term.record}" if term.record else ""
    terminal.say(
        f"{kept}: {term.class_code} ({term.class_name}), {term.ended}; {until}: {due} ({by}{record})"
    )


def _show(terminal: Terminal, decisions: Sequence[Decision]) -> None:
    if terminal.as_json:
        for one in decisions:
            terminal.object(_flat(one))
    else:
        _table(terminal, decisions)


def _table(terminal: Terminal, decisions: Sequence[Decision]) -> None:
    columns = [("Lúc", "At"), ("Việc", "What"), ("Mã gửi", "ID"), ("Cơ quan", "Agency")]
    columns += [("Thời hạn", "Class"), ("Lý do", "Reason"), ("Mã", "Named")]
    terminal.table(columns, [_row(terminal, one) for one in decisions])


def _row(terminal: Terminal, one: Decision) -> tuple[str, ...]:
    what = terminal.text(*_KINDS.get(one.kind, (one.kind, one.kind)))
    term = " ".join(filter(None, (one.class_code, str(one.ended or ""), one.record)))
    said = (labels.time(one.at), what, one.dispatch_id, one.agency_id, term, one.reason)
    return (*said, one.hold_id or one.evidence_id)


def _show_disposals(terminal: Terminal, disposals: Sequence[Disposal]) -> None:
    if terminal.as_json:
        for one in disposals:
            terminal.object(_flat(one))
        return
    columns = [("Quyết định", "Order"), ("Nhận lúc", "Accepted"), ("Văn bản", "Documents")]
    columns += [("Hủy xong", "Destroyed"), ("Chứng nhận", "Evidence")]
    terminal.table(columns, [_disposal_row(one) for one in disposals])


def _disposal_row(one: Disposal) -> tuple[str, ...]:
    ended = labels.time(one.ended_at) if one.ended_at else one.waiting or "…"
    count = str(len(one.dispatch_ids))
    return one.order_id, labels.time(one.accepted_at), count, ended, one.evidence_id


def _due_row(one: Due) -> tuple[str, ...]:
    number = "/".join(filter(None, (one.code_number, one.code_notation)))
    due = one.term.due.isoformat() if one.term.due else ""
    accepted = labels.time(one.accepted_at)
    return one.dispatch_id, one.sender_id, number, accepted, one.term.class_code, due


def _term(term: Term) -> dict[str, object]:
    return {**asdict(term), "due": term.due.isoformat() if term.due else ""}


def _due(one: Due) -> dict[str, object]:
    return {**_flat(one), "term": _term(one.term)}


def _flat(one: Decision | Disposal | Due) -> dict[str, object]:
    return {name: _plain(value) for name, value in asdict(one).items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return shapes.time(value)
    return value.isoformat() if isinstance(value, date) else value
