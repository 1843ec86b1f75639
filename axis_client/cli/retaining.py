"""`axis retention`, `axis hold`: how long documents are kept, for archivists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import click

from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.options import common, profile
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.client import AsyncClient
from axis_client.model.retention import Decision, Disposal, Due, Term

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
            shown = {
                "term": term_shape(found.term),
                "disposal_id": found.disposal_id,
                "original": found.original,
            }
            lists = {"holds": found.holds, "decisions": found.decisions}
            term = {"term": term_shape(found.term)}
            terminal.object({**term, **shown, **{name: [*map(flat, some)] for name, some in lists.items()}})
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
            terminal.object({"dispatch_id": dispatch_id, "term": term_shape(term)})
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
            terminal.object(flat(one))
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


def term_shape(term: Term) -> dict[str, object]:
    return {**asdict(term), "due": term.due.isoformat() if term.due else ""}


def flat(one: Decision | Disposal | Due) -> dict[str, object]:
    return {name: _plain(value) for name, value in asdict(one).items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return shapes.time(value)
    return value.isoformat() if isinstance(value, date) else value
