"""`axis stats`: how many, by whom, on time or late; as a chart, CSV or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click

from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.options import common, profile
from axis_client.cli.query import day
from axis_client.cli.spreadsheet import spreadsheet
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.client import AsyncClient
from axis_client.model import State
from axis_client.model.oversight import Dimension, Side, Statistics, Tally
from signing.spelling import VIETNAM

BAR = 20
"""Characters of the longest bar."""
_PROCESSING = (State.ACCEPTED, State.IN_PROCESS, State.DONE)
_COLUMNS = [
    ("Theo", "By"),
    ("Văn bản", "Documents"),
    ("Lượt gửi", "Deliveries"),
    ("Đã tiếp nhận", "Accepted"),
    ("Từ chối", "Refused"),
    ("Đang xử lý", "In process"),
    ("Đúng hạn", "On time"),
    ("Quá hạn", "Late"),
    ("", ""),
]


@click.command()
@click.option(
    "--side",
    type=click.Choice(["sent", "received"]),
    default="sent",
    show_default=True,
    help="Gửi đi hay nhận về. / What was sent, or received.",
)
@click.option(
    "--from",
    "first",
    metavar="yyyy-MM-dd",
    callback=day,
    help="Từ ngày; mặc định từ đầu tháng của --to. / First day.  [default: the first of the month of --to]",
)
@click.option(
    "--to",
    "last",
    metavar="yyyy-MM-dd",
    callback=day,
    help="Đến hết ngày; mặc định hôm nay. / Last day.  [default: today]",
)
@click.option(
    "--by",
    multiple=True,
    type=click.Choice([str(one) for one in Dimension]),
    default=["day"],
    show_default=True,
    help="Theo ngày, tháng, cơ quan (đơn vị), độ khẩn, loại; lặp lại được. / By what; may be repeated.",
)
@click.option(
    "--agency",
    default="",
    metavar="ID",
    help="Chỉ đơn vị vận hành: số liệu của cơ quan này. / Operators only: of this agency.",
)
@click.option("--csv", "as_csv", is_flag=True, help="CSV, dòng đầu là tiêu đề. / CSV, a heading first.")
@profile
@common
@click.pass_obj
def stats(
    terminal: Terminal,
    side: str,
    first: date | None,
    last: date | None,
    by: tuple[str, ...],
    agency: str,
    as_csv: bool,
    profile: Path,
) -> int:
    """Thống kê gửi, nhận, đúng hạn, quá hạn. / Counts what was sent or received, on time and late."""
    today = datetime.now(VIETNAM).date()
    end = last or today
    begin = first or end.replace(day=1)
    dimensions = [Dimension(one) for one in dict.fromkeys(by)]

    async def act(client: AsyncClient) -> int:
        counted = await client.statistics(Side(side), begin, end, dimensions, agency=agency)
        if terminal.as_json:
            for tally in counted.tallies:
                terminal.object(shapes.tally(tally))
        elif as_csv:
            _write_csv(terminal, counted.tallies)
        else:
            _show(terminal, counted)
        return EXIT_OK

    return with_axis(terminal, profile, act)


def _write_csv(terminal: Terminal, tallies: Sequence[Tally]) -> None:
    for line in spreadsheet([shapes.tally(tally) for tally in tallies]).splitlines():
        terminal.say(line)


def _show(terminal: Terminal, counted: Statistics) -> None:
    sent = counted.side is Side.SENT
    side = terminal.text("Gửi đi", "Sent") if sent else terminal.text("Nhận về", "Received")
    terminal.say(f"{side}, {counted.first} – {counted.last} ({labels.time(counted.counted_at)})")
    if not counted.tallies:
        terminal.say(terminal.text("Không có văn bản nào.", "There are none."))
        return
    most = max((tally.deliveries for tally in counted.tallies), default=0)
    terminal.table(_COLUMNS, [_row(terminal, tally, most) for tally in counted.tallies])


def _row(terminal: Terminal, tally: Tally, most: int) -> tuple[str, ...]:
    accepted = sum(tally.states.get(state, 0) for state in _PROCESSING)
    return (
        _key(terminal, tally),
        f"{tally.dispatches:,}",
        f"{tally.deliveries:,}",
        f"{accepted:,}",
        f"{tally.states.get(State.REFUSED, 0):,}",
        f"{tally.states.get(State.IN_PROCESS, 0):,}",
        f"{tally.on_time:,}",
        f"{tally.late:,}",
        "█" * max(1, round(BAR * tally.deliveries / most)) if most and tally.deliveries else "",
    )


def _key(terminal: Terminal, tally: Tally) -> str:
    parts = [tally.period, tally.agency_id]
    if tally.priority is not None:
        parts.append(labels.priority(terminal, tally.priority))
    if tally.kind is not None:
        parts.append(labels.kind(terminal, tally.kind))
    return ", ".join(part for part in parts if part) or terminal.text("tất cả", "all")
