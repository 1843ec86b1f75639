"""`axis search`: documents that were exchanged, by what people remember of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.options import AFTER, common, profile
from axis_client.cli.query import query, search_options
from axis_client.cli.spreadsheet import spreadsheet
from axis_client.cli.terminal import EXIT_OK, EXIT_REFUSED, Terminal
from axis_client.client import AsyncClient
from axis_client.model.finding import Facets, Found, FoundPage, Query

SHOWN = 50
"""Documents that are shown where no number is asked for."""
SHOWN_MOST = 1_000_000
SENDERS_SHOWN = 10
_COLUMNS = [
    ("Mã gửi", "ID"),
    ("Vào trục", "Accepted"),
    ("Nơi gửi", "From"),
    ("Loại", "Kind"),
    ("Số, ký hiệu", "Number"),
    ("Trích yếu", "Subject"),
    ("Trạng thái", "State"),
]


@click.command()
@search_options
@click.option(
    "-n",
    "most",
    type=click.IntRange(1, SHOWN_MOST),
    default=SHOWN,
    show_default=True,
    help="Số văn bản nhiều nhất. / How many at most.",
)
@click.option("--oldest", is_flag=True, help="Cũ trước. / The oldest first.")
@AFTER
@click.option("--facets", is_flag=True, help="Đếm theo năm, nơi gửi, loại, độ khẩn. / Count what they are.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV, dòng đầu là tiêu đề. / CSV, a heading first.")
@profile
@common
@click.pass_obj
def search(
    terminal: Terminal,
    /,
    most: int,
    oldest: bool,
    after: str,
    facets: bool,
    as_csv: bool,
    profile: Path,
    **asked: Any,
) -> int:
    """Tìm văn bản đã gửi, đã nhận, có dấu hoặc không dấu. / Finds documents that were exchanged.

    Every word of TEXT is the beginning of a word of the subject, the number, the DocumentId or the sender's
    name, with or without diacritics; words quoted together stand side by side. Exit 0: found; 1: nothing.
    """
    wanted = query(asked)

    async def act(client: AsyncClient) -> int:
        pages = await _pages(client, wanted, after=after, oldest=oldest, facets=facets, most=most)
        found = [one for page in pages for one in page.found]
        if terminal.as_json:
            _write_json(terminal, found, pages[0].facets)
        elif as_csv:
            _write_csv(terminal, found)
        else:
            terminal.table(_COLUMNS, [_row(terminal, one) for one in found])
            _tell(terminal, pages)
        return EXIT_OK if found else EXIT_REFUSED

    return with_axis(terminal, profile, act)


async def _pages(
    client: AsyncClient, wanted: Query, *, after: str, oldest: bool, facets: bool, most: int
) -> list[FoundPage]:
    """Asks for pages until there are `most` items; facets with the first."""
    pages: list[FoundPage] = []
    left, more = most, True
    while left > 0 and more:
        asked = {"after": after, "size": min(left, 1000), "oldest_first": oldest}
        page = await client.search_page(wanted, **asked, facets=facets and not pages)  # type: ignore[arg-type]
        more = page.more and page.next != after
        left, after = left - len(page.found), page.next
        pages.append(page)
    return pages


def _write_json(terminal: Terminal, found: Sequence[Found], facets: Facets | None) -> None:
    for one in found:
        terminal.object(shapes.found(one))
    if facets is not None:
        terminal.object({"facets": shapes.facets(facets)})


def _write_csv(terminal: Terminal, found: Sequence[Found]) -> None:
    for line in spreadsheet([_flat(one) for one in found]).splitlines():
        terminal.say(line)


def _flat(one: Found) -> Mapping[str, object]:
    """A row of a spreadsheet."""
    shape = {name: value for name, value in shapes.dispatch(one.dispatch).items() if name != "parts"}
    states = " ".join(f"{state}={count}" for state, count in one.counts.items())
    return {**shape, "sent": one.sent, "states": states}


def _row(terminal: Terminal, one: Found) -> tuple[str, ...]:
    dispatch = one.dispatch
    return (
        dispatch.dispatch_id,
        labels.time(dispatch.accepted_at),
        dispatch.sender_id,
        labels.kind(terminal, dispatch.kind),
        shapes.number(dispatch),
        dispatch.subject,
        _standing(terminal, one),
    )


def _standing(terminal: Terminal, one: Found) -> str:
    counts = labels.counts(terminal, one.counts)
    return f"{counts}, {terminal.text('đã hủy', 'disposed of')}" if one.disposal_id else counts


def _tell(terminal: Terminal, pages: Sequence[FoundPage]) -> None:
    """Says what the table does not: how many there are, and what is not found yet."""
    if (facets := pages[0].facets) is not None:
        _tell_facets(terminal, facets)
    if pages[-1].more:
        terminal.note(terminal.text("Còn nữa: -n, --facets.", "There is more: -n, --facets."))
    at = labels.time(pages[-1].current_to)
    terminal.note(
        terminal.text(f"Đã tìm trong văn bản đến {at}.", f"Searched what the axis took in until {at}.")
    )


def _tell_facets(terminal: Terminal, facets: Facets) -> None:
    least = "" if facets.complete else "≥ "
    terminal.say(f"{terminal.text('Tổng số', 'Total')}: {least}{facets.total:,}")
    kinds = {labels.kind(terminal, kind): count for kind, count in facets.kinds.items()}
    priorities = {labels.priority(terminal, one): count for one, count in facets.priorities.items()}
    senders = dict(list(facets.senders.items())[:SENDERS_SHOWN])
    for heading, counts in (
        (terminal.text("Năm", "Year"), facets.years),
        (terminal.text("Nơi gửi", "From"), senders),
        (terminal.text("Loại", "Kind"), kinds),
        (terminal.text("Độ khẩn", "Priority"), priorities),
    ):
        terminal.say(f"  {heading}: {', '.join(f'{name} {count:,}' for name, count in counts.items())}")
