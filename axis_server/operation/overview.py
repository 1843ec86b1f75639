"""`axis-server attention` and `axis-server stats`: what the operator looks after, read from the ledger.

They work while the axis runs or not, change nothing, and show of documents what the operator may see:
identifiers, times and states.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from axis_server.errors import Declined
from axis_server.knowing.attention import Window, bare
from axis_server.knowing.events import Side
from axis_server.knowing.statistics import DIMENSIONS, Asked, Counted, Span
from axis_server.operation import registry
from axis_server.operation.terminal import CONFIG, OperatorLedger, Refusal, on_ledger
from signing.spelling import VIETNAM
from storage.ledger.oversight import Concern, Concerns, Tally

PIPED_WIDTH = 200
"""Columns where nobody says how wide the terminal is."""
PRIORITIES = ("normal", "urgent", "very urgent", "express", "express timed")
WHYS = {
    "due_soon": "due soon",
    "question_open": "question open",
    "set_aside": "set aside",
    "refused": "refused",
    "expired": "expired",
    "question_refused": "not given back",
}
SHOWN = ("why", "priority", "sender_id", "recipient_id", "state", "due", "updated_at", "dispatch_id")
"""Columns of the table of concerns."""


def _forms(command: Any) -> Any:
    """Adds the options that choose how rows are written."""
    command = click.option("--csv", "as_csv", is_flag=True, help="CSV, a heading first.")(command)
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")(command)


@click.command()
@click.option("--soon", type=click.IntRange(0), default=0, metavar="HOURS", help="[default: 24]")
@click.option("--past", type=click.IntRange(0), default=0, metavar="DAYS", help="[default: 30]")
@click.option(
    "--most", type=click.IntRange(0), default=0, help="Rows shown; all are counted.  [default: 100]"
)
@_forms
@CONFIG
def attention(*, soon: int, past: int, most: int, as_json: bool, as_csv: bool, config: Path) -> None:
    """Shows what needs attention at any agency: deadlines within HOURS, endings of the last DAYS."""
    window = Window(soon_hours=soon, past_days=past, shown=most)

    async def look(ledger: OperatorLedger) -> Concerns:
        return bare(await window.look(ledger, None, datetime.now(VIETNAM)))

    found = on_ledger(config, look)
    rows = [_concern(one) for one in found.items]
    if as_json or as_csv:
        _write(rows, as_csv=as_csv)
        return
    counts = [f"{found.counts[why]} {name}" for why, name in WHYS.items() if why in found.counts]
    click.echo(", ".join(counts) or "Nothing needs attention.")
    if rows:
        _table(SHOWN, [tuple(row[name] for name in SHOWN) for row in rows])
    if (hidden := sum(found.counts.values()) - len(rows)) > 0:
        click.echo(f"{hidden} more; see --most.")


@click.command()
@click.option("--agency", "agency_id", default="", metavar="ID", help="Of this agency.  [default: of all]")
@click.option(
    "--side",
    type=click.Choice([str(side) for side in Side]),
    default=str(Side.SENT),
    show_default=True,
    help="What the agency sent or received; of all, whom `--by agency` names: recipients or senders.",
)
@click.option("--from", "first", metavar="yyyy-MM-dd", help="[default: the first of this month]")
@click.option("--to", "last", metavar="yyyy-MM-dd", help="[default: today]")
@click.option("--by", multiple=True, type=click.Choice(sorted(DIMENSIONS)), help="May be repeated.")
@_forms
@CONFIG
def stats(
    *,
    agency_id: str,
    side: str,
    first: str | None,
    last: str | None,
    by: tuple[str, ...],
    as_json: bool,
    as_csv: bool,
    config: Path,
) -> None:
    """Counts what was exchanged, by day or month, agency, priority, kind; days are those of Viet Nam."""
    at = datetime.now(VIETNAM)
    asked = _asked(side, by, first or at.date().replace(day=1).isoformat(), last or at.date().isoformat())

    async def count(ledger: OperatorLedger) -> Counted:
        agency = await registry.find(ledger, agency_id) if agency_id else None
        return await asked.count(ledger, agency.agency_id if agency else None, at)

    try:
        counted = on_ledger(config, count)
    except Declined as declined:
        raise Refusal(f"{declined.detail}.") from declined
    rows = [_tally(one) for one in counted.tallies]
    if as_json or as_csv:
        _write(rows, as_csv=as_csv)
        return
    click.echo(f"{asked.span.first} to {asked.span.last}, counted {_time(counted.at)}")
    keys = [one for one in ("period", "agency_id", "priority", "kind") if any(row[one] != "" for row in rows)]
    numbers = ("dispatches", "deliveries", "on_time", "late", "done_on_time", "done_late")
    states = sorted({name for one in counted.tallies for name in one.states})
    heading = (*keys, *numbers, *states)
    cells = [
        tuple(row[name] for name in (*keys, *numbers)) + tuple(one.states.get(name, 0) for name in states)
        for row, one in zip(rows, counted.tallies, strict=True)
    ]
    _table(heading, cells, numbers_from=len(keys))


def _asked(side: str, by: Sequence[str], first: str, last: str) -> Asked:
    try:
        return Asked(side=Side(side), span=Span.read(first, last), by=tuple(dict.fromkeys(by)))
    except Declined as declined:
        raise click.UsageError(f"{declined.detail}.") from declined


def _concern(concern: Concern) -> dict[str, Any]:
    entry, delivery = concern.entry, concern.delivery
    return {
        "why": WHYS[concern.why],
        "dispatch_id": entry.dispatch_id,
        "sender_id": entry.sender_id,
        "recipient_id": delivery.recipient_id,
        "mailbox_id": delivery.mailbox_id,
        "state": delivery.state,
        "priority": _priority(entry.priority),
        "kind": entry.kind,
        "accepted_at": _time(entry.accepted_at),
        "due": _time(delivery.due) if delivery.due is not None else "",
        "updated_at": _time(delivery.updated_at),
        "question": delivery.question.kind if delivery.question is not None else "",
    }


def _tally(tally: Tally) -> dict[str, Any]:
    key = tally.key
    return {
        "period": key.period,
        "agency_id": key.agency_id,
        "priority": _priority(key.priority) if key.priority >= 0 else "",
        "kind": key.kind if key.kind >= 0 else "",
        "dispatches": tally.dispatches,
        "deliveries": tally.deliveries,
        "states": tally.states,
        "on_time": tally.on_time,
        "late": tally.late,
        "done_on_time": tally.done_on_time,
        "done_late": tally.done_late,
    }


def _priority(number: int) -> str:
    return PRIORITIES[number] if number < len(PRIORITIES) else str(number)


def _time(at: datetime) -> str:
    return at.astimezone(VIETNAM).isoformat(sep=" ", timespec="minutes")


def _write(rows: Sequence[Mapping[str, Any]], *, as_csv: bool) -> None:
    if not as_csv:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    flat = [_flat(row) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, restval=0, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    click.echo(written.getvalue(), nl=False)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Gives each state a column of its own."""
    states: Mapping[str, int] = row.get("states", {})
    return {name: value for name, value in row.items() if name != "states"} | dict(sorted(states.items()))


def _table(
    heading: Sequence[str], rows: Sequence[Sequence[object]], *, numbers_from: int | None = None
) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    table = Table(box=SIMPLE_HEAD)
    for place, name in enumerate(heading):
        is_number = numbers_from is not None and place >= numbers_from
        table.add_column(name.replace("_", " "), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print(table)
