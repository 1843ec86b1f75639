"""`axis agency`, `agencies`, `groups`: who is there."""

from __future__ import annotations

from pathlib import Path

import click

from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.options import common, profile
from axis_client.cli.terminal import EXIT_OK, EXIT_REFUSED, Terminal
from axis_client.client import AsyncClient
from axis_client.model import Agency

NAMED = 100
"""Members of a group that are shown by name: each is asked for."""
ALL_KINDS = frozenset(range(4))
"""New, revoke, update, replace: what a system takes unless the directory says otherwise."""
_COLUMNS = [("Mã", "ID"), ("Tên", "Name"), ("Thuộc", "Part of"), ("Loại", "Category"), ("Ghi chú", "Note")]


@click.command()
@click.argument("agency_id", metavar="ID")
@profile
@common
@click.pass_obj
def agency(terminal: Terminal, agency_id: str, profile: Path) -> int:
    """Tra một cơ quan theo mã. / Finds an agency by any of its identifiers."""

    async def act(client: AsyncClient) -> int:
        found = await client.agency(agency_id)
        if terminal.as_json:
            terminal.object(shapes.agency(found))
        else:
            names = ", ".join((found.agency_id, *found.aliases))
            note = _note(terminal, found)
            terminal.say(f"{found.name}: {names}{f' ({note})' if note else ''}")
            if found.parent_id:
                terminal.say(f"  {terminal.text('Thuộc', 'Part of')}: {found.parent_id}")
            if found.category:
                terminal.say(f"  {terminal.text('Loại', 'Category')}: {found.category}")
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@click.argument("words", metavar="[QUERY]...", nargs=-1)
@click.option("--category", default="", metavar="NAME", help="Loại, ví dụ: province. / Only this category.")
@click.option(
    "--below", default="", metavar="ID", help="Đơn vị thuộc cơ quan này. / Units below this agency."
)
@click.option("--direct", is_flag=True, help="Chỉ đơn vị trực thuộc. / Only those right below.")
@click.option(
    "--inactive",
    is_flag=True,
    help="Cả cơ quan tạm ngừng, chưa bắt đầu, đã kết thúc. / Suspended, future and ended ones too.",
)
@profile
@common
@click.pass_obj
def agencies(
    terminal: Terminal,
    words: tuple[str, ...],
    category: str,
    below: str,
    direct: bool,
    inactive: bool,
    profile: Path,
) -> int:
    """Tìm cơ quan, đơn vị theo tên (có dấu hoặc không dấu) hoặc mã. / Searches agencies and units by name
    (with or without diacritics) or the beginning of an identifier."""

    async def act(client: AsyncClient) -> int:
        query = " ".join(words)
        found = client.agencies(query, category=category, below=below, direct=direct, inactive=inactive)
        if terminal.as_json:
            any_found = False
            async for one in found:
                any_found = True
                terminal.object(shapes.agency(one))
            return EXIT_OK if any_found else EXIT_REFUSED
        rows = [
            (one.agency_id, one.name, one.parent_id, one.category, _note(terminal, one))
            async for one in found
        ]
        if not rows:
            terminal.note(terminal.text("Không tìm thấy cơ quan nào.", "No agency matches."))
            return EXIT_REFUSED
        terminal.table(_COLUMNS, rows)
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@click.argument("group_id", metavar="[ID]", default="")
@profile
@common
@click.pass_obj
def groups(terminal: Terminal, group_id: str, profile: Path) -> int:
    """Nhóm nơi nhận; với ID: nhóm gồm những ai. / Lists groups; with ID, whom it reaches now."""

    async def act(client: AsyncClient) -> int:
        if group_id:
            if terminal.as_json:
                async for agency_id in client.group(group_id):
                    terminal.object({"agency_id": agency_id})
            else:
                await _show_members(terminal, client, group_id)
            return EXIT_OK
        if terminal.as_json:
            async for group in client.groups():
                terminal.object(shapes.group(group))
        else:
            columns = [("Mã", "ID"), ("Tên", "Name"), ("Của", "Owner")]
            everyone = terminal.text("dùng chung", "everybody")
            rows = [(one.group_id, one.name, one.owner_id or everyone) async for one in client.groups()]
            if not rows:
                terminal.note(terminal.text("Chưa có nhóm nơi nhận nào.", "There are no groups."))
            terminal.table(columns, rows)
        return EXIT_OK

    return with_axis(terminal, profile, act)


async def _show_members(terminal: Terminal, client: AsyncClient, group_id: str) -> None:
    """Shows whom a group reaches; the first ones by name."""
    rows: list[tuple[str, str]] = []
    async for agency_id in client.group(group_id):
        name = (await client.agency(agency_id)).name if len(rows) < NAMED else ""
        rows.append((agency_id, name))
    terminal.table(_COLUMNS[:2], rows)


def _note(terminal: Terminal, agency: Agency) -> str:
    """What somebody who wants to write to it should know."""
    notes = []
    if not agency.active:
        notes.append(terminal.text("tạm ngừng", "suspended"))
    if agency.since is not None:
        notes.append(f"{terminal.text('từ', 'from')} {labels.time(agency.since)}")
    if agency.until is not None:
        notes.append(f"{terminal.text('đến', 'until')} {labels.time(agency.until)}")
    if agency.mailbox_id not in ("", agency.agency_id):
        notes.append(f"{terminal.text('nhận qua', 'received by')} {agency.mailbox_id}")
    if agency.capabilities.attachment_bytes:
        size = f"{agency.capabilities.attachment_bytes:,}"
        notes.append(terminal.text(f"tệp đến {size} byte", f"files up to {size} bytes"))
    if not ALL_KINDS.issubset(agency.capabilities.kinds):
        kinds = "/".join(labels.kind(terminal, kind) for kind in agency.capabilities.kinds)
        notes.append(terminal.text(f"chỉ nhận gói tin: {kinds}", f"takes only: {kinds}"))
    return ", ".join(notes)
