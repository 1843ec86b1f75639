"""`axis-server limits`: what each agency may take of the axis, and who is being turned away.

Who is turned away is known by the processes that serve: it is read from their metrics (`metrics.listen`).
What an agency may have instead of what everybody has stands in the directory.
"""

from __future__ import annotations

import json
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path

import click
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from axis_server.limits.shares import Limit, own
from axis_server.operation.terminal import CONFIG, Refusal, loaded, on_ledger
from axis_server.reasons import answer
from axis_server.settings import Address, Settings, parse_address
from signing.spelling import VIETNAM
from storage.ledger.registry import Agency

ANSWER_SECONDS = 10.0
MOST_PAGE = 16 << 20
"""Bytes of a page of metrics."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to where one calls what listens everywhere


@dataclass(slots=True, kw_only=True)
class Held:
    """An agency that is being turned away, or was since the processes began."""

    agency_id: str
    reason: str
    seconds: float = 0.0
    """For how long; 0: not any more."""
    calls: int = 0


def _addresses(
    context: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[Address, ...]:
    try:
        return tuple(map(parse_address, value))
    except ValueError as exc:
        raise click.BadParameter(f"{exc}.") from exc


@click.command()
@click.option(
    "--at",
    "places",
    multiple=True,
    callback=_addresses,
    metavar="HOST:PORT",
    help="Where a node shows its metrics; once for each node.  [default: `metrics.listen`]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: who is or was held back.")
@CONFIG
def limits(*, places: tuple[Address, ...], as_json: bool, config: Path) -> None:
    """Shows which agencies are held back by their limits, from what and since when; and who may have more.

    Reads the metrics of the running axis. Nothing is changed. Exit 0, also when somebody is held back.
    """
    settings = loaded(config)
    at = datetime.now(UTC)
    asked = places or _shown_at(settings)
    pages = [tuple(_scraped(place)) for place in asked]
    held = _held([sample for page in pages for sample in page])
    if as_json:
        for one in held:
            click.echo(json.dumps(_facts(one, at), ensure_ascii=False))
        return
    agencies = on_ledger(config, lambda ledger: ledger.agencies())
    for line in (
        *_now(held, at),
        "",
        *_everybody(settings, sum(map(_processes, pages))),
        *_owns(agencies, {one.agency_id for one in held}),
    ):
        click.echo(line)


def _shown_at(settings: Settings) -> tuple[Address, ...]:
    listen = settings.metrics.listen
    if listen is None:
        raise Refusal(
            "`metrics.listen` is empty, so the axis shows nobody who is held back. Set it, or look in the"
            " log: `rpc.finished` with a `reason` that begins with TOO_MANY_ names the `agency`."
        )
    return (Address(ANYWHERE.get(listen.host, listen.host), listen.port),)


def _scraped(place: Address) -> Iterator[Sample]:
    """Yields what a node counts."""
    url = f"http://{place}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as response:
            text = response.read(MOST_PAGE).decode()
        for family in text_string_to_metric_families(text):
            yield from family.samples
    except (OSError, HTTPException, ValueError) as exc:
        raise Refusal(
            f"{url} does not show the metrics of an axis ({exc}). Does the axis run? Is it `metrics.listen`?"
        ) from exc


def _processes(page: Sequence[Sample]) -> int:
    """How many serve at an address: the workers that a supervisor counts, or the one process alone."""
    return int(next((sample.value for sample in page if sample.name == "axis_workers"), 1))


def _held(samples: Sequence[Sample]) -> list[Held]:
    """Adds up the nodes; the longest first."""
    found: dict[tuple[str, str], Held] = {}
    for sample in samples:
        if sample.name not in ("axis_held_back_seconds", "axis_held_back_calls_total"):
            continue
        key = sample.labels["agency"], sample.labels["reason"]
        one = found.setdefault(key, Held(agency_id=key[0], reason=key[1]))
        if sample.name == "axis_held_back_seconds":
            one.seconds = max(one.seconds, sample.value)
        else:
            one.calls += int(sample.value)
    return sorted(found.values(), key=lambda one: (-one.seconds, -one.calls, one.agency_id))


def _now(held: Sequence[Held], at: datetime) -> Iterator[str]:
    lasting = [one for one in held if one.seconds]
    over = [one for one in held if not one.seconds]
    if not lasting:
        yield "Nobody is held back."
    for one in lasting:
        since = (at - timedelta(seconds=one.seconds)).astimezone(VIETNAM)
        lasted = timedelta(seconds=round(one.seconds))
        yield (
            f"{one.agency_id}  {one.reason}  since {since:%Y-%m-%d %H:%M:%S%z} ({lasted}),"
            f" {one.calls} calls turned away"
        )
        yield f"    {answer(one.reason).english}"
    if lasting:
        yield "Give one more, or less: axis-server agency update ID --limits documents=6000"
    for one in over:
        yield f"Not any more: {one.agency_id}  {one.reason}, {one.calls} calls turned away since the start"


def _everybody(settings: Settings, processes: int) -> Iterator[str]:
    """What the settings give."""
    limits, server = settings.limits, settings.server
    yield (
        f"Everybody: {limits.documents_per_minute} documents and {limits.statements_per_minute} statements a"
        f" minute ({limits.documents_burst} and {limits.statements_burst} at once), {limits.bytes_per_day}"
        f" bytes a day, {server.calls_per_agency} calls and {server.watches_per_agency} watches at once,"
        f" {limits.refusals_per_minute} signed refusals a minute, {limits.uploads} uploads of"
        f" {limits.upload_bytes} bytes unfinished."
    )
    if processes > limits.processes:
        yield (
            f"{processes} processes serve and `limits.processes` is {limits.processes}: an agency whose calls"
            f" are spread over all has up to {processes / limits.processes:g} times that."
        )


def _owns(agencies: Sequence[Agency], held: set[str]) -> Iterator[str]:
    """What the directory says instead."""
    said: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for agency in agencies:
        for limit in Limit:
            if (most := own(agency, limit)) is not None:
                said[agency.agency_id][limit.value] = most
    for agency_id, its in sorted(said.items(), key=lambda one: (one[0] not in held, one[0])):
        yield f"{agency_id}: {', '.join(f'{limit}={most}' for limit, most in its.items())}"


def _facts(one: Held, at: datetime) -> dict[str, object]:
    since = (at - timedelta(seconds=one.seconds)).isoformat(timespec="seconds") if one.seconds else None
    return {
        "agency": one.agency_id,
        "reason": one.reason,
        "held_back": bool(one.seconds),
        "since": since,
        "calls": one.calls,
    }
