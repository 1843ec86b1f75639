"""`axis-server agency delegate` and `undelegate`: leave to act in another agency's name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from axis_server.operation import registry
from axis_server.operation.particulars import parse_moment, span
from axis_server.operation.terminal import CONFIG, acting, on_directory
from storage.ledger.registry import Delegation


def _moment(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    try:
        return parse_moment(value or "")
    except ValueError as exc:
        raise click.BadParameter(f"{exc}.") from exc


@click.command()
@click.argument("agency_id", metavar="ID")
@click.argument("actor_id", metavar="TO")
@click.option("--send-only", is_flag=True, help="TO may send for ID, not receive.")
@click.option("--receive-only", is_flag=True, help="TO may receive for ID, not send.")
@click.option("--since", callback=_moment, metavar="TIME", help="From when.  [default: now]")
@click.option("--until", callback=_moment, metavar="TIME", help="To when, exclusive.  [default: for ever]")
@acting
@CONFIG
def delegate(
    *,
    agency_id: str,
    actor_id: str,
    send_only: bool,
    receive_only: bool,
    since: datetime | None,
    until: datetime | None,
    config: Path,
) -> None:
    """Lets the agency TO (a unit, a provider) act in the name of the agency ID with its own certificates.

    What TO was allowed before is replaced. An agency needs no leave for its units without systems.
    """
    if send_only and receive_only:
        raise click.UsageError("--send-only and --receive-only exclude each other.")
    since = since or datetime.now(UTC)
    if until is not None and until <= since:
        raise click.UsageError("--until must come after --since.")
    leave = Delegation(
        agency_id=actor_id, may_send=not receive_only, may_receive=not send_only, since=since, until=until
    )
    changed = on_directory(config, lambda directory: registry.delegate(directory, agency_id, leave))
    may = "send" if send_only else "receive" if receive_only else "send and receive"
    actor = changed.delegations[-1].agency_id
    click.echo(f"{actor} may {may} for {changed.agency_id} ({changed.name}), {span(since, until)}.")


@click.command()
@click.argument("agency_id", metavar="ID")
@click.argument("actor_id", metavar="TO")
@acting
@CONFIG
def undelegate(*, agency_id: str, actor_id: str, config: Path) -> None:
    """Takes the leave back that the agency ID gave the agency TO."""
    changed = on_directory(config, lambda directory: registry.undelegate(directory, agency_id, actor_id))
    click.echo(f"{actor_id} acts for {changed.agency_id} ({changed.name}) no more.")
