"""`axis status`, `evidence`, `retrieve`, `outbox`, `whoami`: what there is to know."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click

from axis_client import files
from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.exporting import destroyed_by, export_all, export_one
from axis_client.cli.mistakes import mistake
from axis_client.cli.options import AFTER, FORCE, PATH, common, moment, profile
from axis_client.cli.proving import SUFFIX as PROOF
from axis_client.cli.receiver import DISPATCH, show_files
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.client import AsyncClient
from axis_client.exporting import SUFFIX
from axis_client.model import Delivery, OutboxItem, Proof, Record, Status
from edxml.attachments import distinct_names

T = TypeVar("T")

SHOWN = 100
"""Deliveries, and events, that a person is shown of a dispatch; `--json` writes all."""


@click.command()
@DISPATCH
@profile
@common
@click.pass_obj
def status(terminal: Terminal, dispatch_id: str, profile: Path) -> int:
    """Văn bản đang ở đâu. / Shows where a document stands, and its history."""

    async def act(client: AsyncClient) -> int:
        found = await client.status(dispatch_id)
        if terminal.as_json:
            deliveries = [delivery async for delivery in client.deliveries(dispatch_id)]
            events = [event async for event in client.history(dispatch_id)]
            terminal.object(shapes.status(found, deliveries, events))
        else:
            _show_status(terminal, found)
            await _show_deliveries(terminal, client, found)
            await _show_events(terminal, client, dispatch_id)
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@click.argument("dispatch_id", metavar="[ID]", default="")
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="DIR|FILE.asice",
    help="Thư mục, hoặc một tệp gói chứng cứ. / A folder, or one evidence package.  [default: only list]",
)
@click.option("--order", type=PATH, metavar="FILE", help="Quyết định hủy. / The order that destroyed it.")
@click.option(
    "--approval", "approvals", type=PATH, multiple=True, metavar="FILE", help="Phê duyệt. / What approved it."
)
@click.option(
    "--destruction", type=PATH, metavar="FILE", help="Chứng nhận hủy. / The evidence of its destruction."
)
@click.option("--all", "every", is_flag=True, help="Mỗi văn bản một gói trong DIR. / A package each, in DIR.")
@click.option(
    "--since",
    callback=moment,
    metavar="RFC3339",
    help="Chỉ văn bản từ lúc này; như --all. / Only what was accepted since then; as --all.",
)
@FORCE
@profile
@common
@click.pass_obj
def evidence(
    terminal: Terminal,
    dispatch_id: str,
    output: Path | None,
    every: bool,
    since: datetime | None,
    order: Path | None,
    approvals: tuple[Path, ...],
    destruction: Path | None,
    force: bool,
    profile: Path,
) -> int:
    """Chứng cứ có ký số của trục, đã kiểm tra. / Takes the signed evidence, verified.

    Evidence documents are named `.xml`, the agencies' own statements `.edxml`; `axis verify` takes both.
    Beside each stands its proof from the log (`.tlog-proof`) when the profile names the log. Into FILE.asice
    everything goes that proves the dispatch, the document too. With --all every dispatch of this
    agency becomes DIR/ID.asice; what is there and sound is passed over, so the command can be run again.
    Of a document that was disposed of, FILE.asice has the order and the evidence of destruction in its place.
    """
    many = every or since is not None
    if many == bool(dispatch_id) or (many and output is None):
        raise mistake(
            "give an ID, or --all (or --since) and -o DIR",
            "nêu một mã gửi, hoặc --all (hay --since) cùng -o THƯ-MỤC",
        )
    if many:
        assert output is not None
        return export_all(terminal, output, since, force, profile)
    if output is not None and output.suffix == SUFFIX:
        handed = destroyed_by(order, approvals, destruction)
        return export_one(terminal, dispatch_id, output, handed, force, profile)

    async def act(client: AsyncClient) -> int:
        if output is not None:
            files.make_directory(output)
        place = 0
        async for entry in client.evidence(dispatch_id):
            place += 1
            path = None if output is None else output / _name(place, entry)
            if path is not None:
                files.write(path, entry.content, force=force)
                if entry.logged is not None:
                    files.write(path.with_name(path.name + PROOF), entry.logged.proof, force=True)
            _show_evidence(terminal, path, entry)
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@DISPATCH
@click.option(
    "-o", "--output", type=PATH, required=True, metavar="DIR", help="Thư mục. / Where the files go."
)
@FORCE
@profile
@common
@click.pass_obj
def retrieve(terminal: Terminal, dispatch_id: str, output: Path, force: bool, profile: Path) -> int:
    """Lấy bản gốc đã lưu, nguyên từng byte. / Takes the archived original, byte for byte."""

    async def act(client: AsyncClient) -> int:
        with terminal.progress() as report:
            retrieved = await client.retrieve(dispatch_id, output, force=force, progress=report)
        if terminal.as_json:
            listed = [shapes.file(file) for file in retrieved.files]
            terminal.object({"dispatch_id": dispatch_id, "directory": str(output), "files": listed})
        else:
            show_files(terminal, retrieved.files)
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@AFTER
@profile
@common
@click.pass_obj
def outbox(terminal: Terminal, after: str, profile: Path) -> int:
    """Văn bản đi. / Lists what this agency sent."""

    async def act(client: AsyncClient) -> int:
        items = client.outbox(after)
        if terminal.as_json:
            async for item in items:
                terminal.object(shapes.outbox_item(item))
        else:
            columns = [("Mã gửi", "ID"), ("Loại", "Kind"), ("Số, ký hiệu", "Number")]
            columns += [("Trích yếu", "Subject"), ("Nơi nhận", "To"), ("Gửi lúc", "At")]
            terminal.table(columns, [_outbox_row(terminal, item) async for item in items])
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@profile
@common
@click.pass_obj
def whoami(terminal: Terminal, profile: Path) -> int:
    """Trục nhận ra bạn là ai. / Shows who you are to the axis: the first thing to try."""

    async def act(client: AsyncClient) -> int:
        me = await client.whoami()
        if terminal.as_json:
            terminal.object(shapes.me(me))
        else:
            terminal.say(f"{me.agency.name} ({me.agency.agency_id}), {labels.role(terminal, me.role)}")
            terminal.say(f"{terminal.text('Trục', 'Axis')}: {me.axis_id}")
        return EXIT_OK

    return with_axis(terminal, profile, act)


def _show_status(terminal: Terminal, status: Status) -> None:
    dispatch = status.dispatch
    kind = labels.kind(terminal, dispatch.kind)
    terminal.say(f"{shapes.number(dispatch)} ({kind}): {dispatch.subject}")
    terminal.say(f"  {terminal.text('Mã định danh', 'DocumentId')}: {dispatch.document_id}")
    terminal.say(f"  {terminal.text('Nơi gửi', 'From')}: {dispatch.sender_name} ({dispatch.sender_id})")
    terminal.say(f"  {terminal.text('Nơi nhận', 'To')}: {labels.counts(terminal, status.counts)}")
    if status.disposal_id:
        gone = terminal.text("Đã hủy theo quyết định", "Disposed of by order")
        terminal.say(f"  {gone}: {status.disposal_id}")
    for link in status.links:
        terminal.say(f"  {labels.link(terminal, link)}: {link.dispatch_id}")


async def _show_deliveries(terminal: Terminal, client: AsyncClient, status: Status) -> None:
    shown, _ = await _first(client.deliveries(status.dispatch.dispatch_id))
    columns = [("Nơi nhận", "To"), ("Trạng thái", "State"), ("Lúc", "At"), ("Lý do", "Reason")]
    columns += [("Hạn", "Deadline"), ("Chờ trả lời", "Asked")]
    terminal.table(columns, [_delivery_row(terminal, delivery) for delivery in shown])
    if (rest := sum(status.counts.values()) - len(shown)) > 0:
        terminal.say(terminal.text(f"… và {rest} nơi nhận khác", f"… and {rest} more recipients"))


async def _show_events(terminal: Terminal, client: AsyncClient, dispatch_id: str) -> None:
    shown, more = await _first(client.history(dispatch_id))
    columns = [("Lúc", "At"), ("Việc", "What"), ("Nơi nhận", "To"), ("Lý do", "Reason")]
    rows = [
        (
            labels.time(e.at),
            labels.event(terminal, e.kind, e.status_code),
            e.recipient_id,
            labels.reason(terminal, e.reason),
        )
        for e in shown
    ]
    terminal.table(columns, rows)
    if more:
        terminal.say(terminal.text("… và những việc sau đó: --json", "… and what came later: --json"))


async def _first(items: AsyncGenerator[T, None]) -> tuple[list[T], bool]:
    """Takes what a person looks through, and tells whether there was more."""
    shown: list[T] = []
    async with aclosing(items):
        async for item in items:
            if len(shown) == SHOWN:
                return shown, True
            shown.append(item)
    return shown, False


def _delivery_row(terminal: Terminal, delivery: Delivery) -> tuple[str, ...]:
    at = labels.time(delivery.updated_at)
    deadline = labels.deadline(delivery)
    asked = labels.question(terminal, delivery.question) if delivery.question else ""
    state = labels.state(terminal, delivery.state)
    return delivery.recipient_id, state, at, labels.reason(terminal, delivery.reason), deadline, asked


def _outbox_row(terminal: Terminal, item: OutboxItem) -> tuple[str, ...]:
    dispatch = item.dispatch
    return (
        dispatch.dispatch_id,
        labels.kind(terminal, dispatch.kind),
        shapes.number(dispatch),
        dispatch.subject,
        labels.counts(terminal, item.counts),
        labels.time(dispatch.accepted_at),
    )


def _name(place: int, entry: Record) -> str:
    """Names a file by its place, so that the same record always gets the same name, and they sort as it all
    happened."""
    if isinstance(entry, Proof):
        named, kind = (entry.event, entry.evidence.recipient_id), "xml"
    else:
        named, kind = (entry.status_code, entry.agency_id), "edxml"
    (name,) = distinct_names([f"{'-'.join(filter(None, (f'{place:05d}', *named)))}.{kind}"])
    return name


def _show_evidence(terminal: Terminal, path: Path | None, entry: Record) -> None:
    if terminal.as_json:
        shape = shapes.proof(entry) if isinstance(entry, Proof) else shapes.statement(entry)
        terminal.object({"file": None if path is None else str(path), **shape})
        return
    if isinstance(entry, Proof):
        what, at = labels.proof(terminal, entry), entry.record.at
        about = entry.evidence.recipient_id
    else:
        said = labels.event(terminal, entry.status_code, entry.status_code)
        what, at, about = f"{entry.status_code} {said}", entry.received_at, entry.agency_id
    where = f"  {labels.logged(terminal, entry.logged)}" if entry.logged else ""
    tail = f"  {files.printable(path)}" if path else ""
    whose = f" ({about})" if about else ""
    terminal.say(f"{labels.time(at)}  {what}{whose}{where}{tail}")
