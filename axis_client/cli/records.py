"""`axis status`, `evidence`, `retrieve`, `outbox`, `whoami`, `agency`: what there is to know."""

from __future__ import annotations

from pathlib import Path

import click

from axis_client import files
from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.options import FORCE, PATH, common, profile
from axis_client.cli.receiver import DISPATCH, show_files
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.client import AsyncClient
from axis_client.model import Delivery, OutboxItem, Proof, Record, Statement, Status
from edxml.attachments import distinct_names


@click.command()
@DISPATCH
@profile
@common
@click.pass_obj
def status(terminal: Terminal, dispatch_id: str, profile: Path) -> int:
    """Văn bản đang ở đâu. / Shows where a document stands, and its history."""

    async def act(client: AsyncClient) -> int:
        _show_status(terminal, await client.status(dispatch_id))
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@DISPATCH
@click.option(
    "-o", "--output", type=PATH, metavar="DIR", help="Thư mục. / Where the files go.  [default: only list]"
)
@FORCE
@profile
@common
@click.pass_obj
def evidence(terminal: Terminal, dispatch_id: str, output: Path | None, force: bool, profile: Path) -> int:
    """Chứng cứ có ký số của trục, đã kiểm tra. / Takes the signed evidence, verified.

    Evidence documents are named `.xml`, the agencies' own statements `.edxml`; `axis verify` takes both.
    """

    async def act(client: AsyncClient) -> int:
        record = await client.evidence(dispatch_id)
        if output is not None:
            files.make_directory(output)
        for name, entry in _named(record):
            path = None if output is None else output / name
            if path is not None:
                files.write(path, entry.content, force=force)
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
@click.option(
    "--after", type=click.IntRange(min=0), default=0, metavar="CURSOR", help="Start after this cursor."
)
@profile
@common
@click.pass_obj
def outbox(terminal: Terminal, after: int, profile: Path) -> int:
    """Văn bản đi. / Lists what this agency sent."""

    async def act(client: AsyncClient) -> int:
        items = [item async for item in client.outbox(after)]
        if terminal.as_json:
            for item in items:
                terminal.object(shapes.outbox_item(item))
        else:
            columns = [("Mã gửi", "ID"), ("Loại", "Kind"), ("Số, ký hiệu", "Number")]
            columns += [("Trích yếu", "Subject"), ("Nơi nhận", "To"), ("Gửi lúc", "At")]
            terminal.table(columns, [_outbox_row(terminal, item) for item in items])
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
            terminal.say(f"{me.agency.name} ({me.agency.agency_id}), {me.role}")
            terminal.say(f"{terminal.text('Trục', 'Axis')}: {me.axis_id}")
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@click.argument("agency_id", metavar="ID")
@profile
@common
@click.pass_obj
def agency(terminal: Terminal, agency_id: str, profile: Path) -> int:
    """Tra danh bạ cơ quan. / Finds an agency by any of its identifiers."""

    async def act(client: AsyncClient) -> int:
        found = await client.agency(agency_id)
        if terminal.as_json:
            terminal.object(shapes.agency(found))
        else:
            names = ", ".join((found.agency_id, *found.aliases))
            suspended = "" if found.active else terminal.text(" (tạm ngừng)", " (suspended)")
            terminal.say(f"{found.name}: {names}{suspended}")
        return EXIT_OK

    return with_axis(terminal, profile, act)


def _show_status(terminal: Terminal, status: Status) -> None:
    dispatch = status.dispatch
    if terminal.as_json:
        terminal.object(shapes.status(status))
        return
    kind = labels.kind(terminal, dispatch.kind)
    terminal.say(f"{shapes.number(dispatch)} ({kind}): {dispatch.subject}")
    terminal.say(f"  {terminal.text('Mã định danh', 'DocumentId')}: {dispatch.document_id}")
    terminal.say(f"  {terminal.text('Nơi gửi', 'From')}: {dispatch.sender_name} ({dispatch.sender_id})")
    columns = [("Nơi nhận", "To"), ("Trạng thái", "State"), ("Lúc", "At"), ("Lý do", "Reason")]
    terminal.table(columns, [_delivery_row(terminal, delivery) for delivery in status.deliveries])
    columns = [("Lúc", "At"), ("Việc", "What"), ("Nơi nhận", "To"), ("Lý do", "Reason")]
    rows = [
        (labels.time(e.at), labels.event(terminal, e.kind, e.status_code), e.recipient_id, e.reason)
        for e in status.events
    ]
    terminal.table(columns, rows)


def _delivery_row(terminal: Terminal, delivery: Delivery) -> tuple[str, ...]:
    at = labels.time(delivery.updated_at)
    return delivery.recipient_id, labels.state(terminal, delivery.state), at, delivery.reason


def _outbox_row(terminal: Terminal, item: OutboxItem) -> tuple[str, ...]:
    to = ", ".join(f"{d.recipient_id} ({labels.state(terminal, d.state)})" for d in item.deliveries[:5])
    more = len(item.deliveries) - 5
    dispatch = item.dispatch
    return (
        dispatch.dispatch_id,
        labels.kind(terminal, dispatch.kind),
        shapes.number(dispatch),
        dispatch.subject,
        f"{to} +{more}" if more > 0 else to,
        labels.time(dispatch.accepted_at),
    )


def _named(record: Record) -> list[tuple[str, Proof | Statement]]:
    """Names every file by its place, so that the same record always gets the same names."""
    entries: list[Proof | Statement] = [*record.evidence, *record.statements]
    names = [
        "-".join(filter(None, (f"{place:03d}", proof.event, proof.evidence.recipient_id))) + ".xml"
        for place, proof in enumerate(record.evidence, start=1)
    ]
    names += [f"{s.status_code}-{s.agency_id}-{s.statement_id[:12]}.edxml" for s in record.statements]
    return list(zip(distinct_names(names), entries, strict=True))


def _show_evidence(terminal: Terminal, path: Path | None, entry: Proof | Statement) -> None:
    if terminal.as_json:
        shape = shapes.proof(entry) if isinstance(entry, Proof) else shapes.statement(entry)
        terminal.object({"file": None if path is None else str(path), **shape})
        return
    if isinstance(entry, Proof):
        what, at = labels.proof(terminal, entry), entry.record.at
    else:
        what, at = f"{entry.agency_id}: {entry.status_code}", entry.received_at
    tail = f"  {files.printable(path)}" if path else ""
    terminal.say(f"{labels.time(at)}  {what}{tail}")
