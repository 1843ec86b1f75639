"""`axis-server doctor`: what is wrong, in plain sentences, and what to do about it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import click

from axis_server.operation.diagnosis import Found, Grade, examinations
from axis_server.operation.terminal import CONFIG, Refusal, loaded
from axis_server.settings import Secrets


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@CONFIG
def doctor(as_json: bool, config: Path) -> None:
    """Examines an axis, running or not: configuration, certificates, clock, stores, log, room, backlog.

    Writes nothing but what a store's probe writes and removes. Exit 0: no problem, perhaps warnings; 1:
    problems.
    """
    settings = loaded(config)

    async def examine() -> list[Found]:
        found = []
        async for one in examinations(settings, Secrets(), at=datetime.now(UTC)):
            click.echo(_line(one, as_json))
            found.append(one)
        return found

    found = asyncio.run(examine())
    problems = sum(one.grade is Grade.PROBLEM for one in found)
    if problems:
        raise Refusal(f"{problems} problems; the next step of each stands with it.")
    if not as_json:
        warnings = sum(one.grade is Grade.WARNING for one in found)
        click.echo(f"No problem, {warnings} warnings.")


def _line(found: Found, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            {
                "subject": found.subject,
                "grade": found.grade,
                "sentence": found.sentence,
                "next_step": found.next_step,
            },
            ensure_ascii=False,
        )
    line = f"{found.grade:8} {found.subject}: {found.sentence}."
    return f"{line}\n         next: {found.next_step}." if found.next_step else line
