"""`axis-server agency import`: many agencies at once, from a CSV file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from axis_server.acts.acting import Registrar
from axis_server.operation.registry import RegistryError, snapshot
from axis_server.operation.rollcall import COLUMNS, Plan, plan
from axis_server.operation.terminal import CONFIG, Refusal, acting, on_directory, on_ledger
from storage.errors import Changed
from storage.ledger.directory import Directory

AT_ONCE = 256
"""Registrations that are one act, and one transaction."""
PROBLEMS_SHOWN = 20
FILE_BYTES = 256 << 20


@click.command(
    "import",
    help=f"""Registers or updates the agencies and units of FILE, a CSV file in UTF-8.

    The first line names columns: {", ".join(COLUMNS)}; only id and name must be there. Certificates,
    delegations and suspensions stay as they are. Nothing is written unless every line is right.
    """,
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--check", is_flag=True, help="Only say what would be done.")
@acting
@CONFIG
def import_agencies(*, file: Path, check: bool, config: Path) -> None:
    lines = _read(file)

    async def planned(directory: Directory) -> Plan:
        made = plan(lines, await snapshot(directory))
        if made.problems:
            raise RegistryError("\n".join(_shown(made.problems)))
        return made

    async def act(directory: Registrar) -> Plan:
        made = await planned(directory)
        total = sum(map(len, made.waves))
        with click.progressbar(length=total, label="Registering", file=sys.stderr) as bar:
            await _register(directory, made, bar.update)
        return made

    made = on_ledger(config, planned) if check else on_directory(config, act)
    each = [one for wave in made.waves for one in wave]
    new = sum(one.kept is None for one in each)
    would = "would be " if check else ""
    click.echo(f"{new} {would}new, {len(each) - new} {would}changed, {made.unchanged} as they were.")


async def _register(directory: Registrar, made: Plan, tell: Callable[[int], None]) -> None:
    """Registers wave after wave. Cut short it leaves whole agencies, and the same file does the rest.

    Raises `RegistryError` when someone else changed one of them meanwhile.
    """
    for wave in made.waves:
        for start in range(0, len(wave), AT_ONCE):
            some = wave[start : start + AT_ONCE]
            try:
                await directory.register_all([(one.agency, one.kept) for one in some])
            except (Changed, ValueError) as exc:
                raise RegistryError(f"the directory changed meanwhile ({exc}); run the same again.") from exc
            tell(len(some))


def _read(file: Path) -> list[str]:
    if file.stat().st_size > FILE_BYTES:
        raise Refusal(f"{file} has more than {FILE_BYTES >> 20} MiB; split it.")
    try:
        return file.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as exc:
        raise Refusal(f"{file} is not in UTF-8 (byte {exc.start}); save it as CSV UTF-8.") from exc
    except OSError as exc:
        raise Refusal(f"{file} cannot be read: {exc.strerror}.") from exc


def _shown(problems: tuple[str, ...]) -> list[str]:
    rest = len(problems) - PROBLEMS_SHOWN
    more = [f"and {rest} more."] if rest > 0 else []
    return [*problems[:PROBLEMS_SHOWN], *more, "Nothing was registered."]
