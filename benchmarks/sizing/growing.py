"""What a large ledger costs: filled through the storage contract, its operations timed as it grows."""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from axis_server.archiving.cataloguing import BATCH
from axis_server.ledgers import OpenLedger, opened_catalogue, opened_ledger
from axis_server.settings import load
from benchmarks.sizing import holding
from benchmarks.sizing.engines import Engines
from benchmarks.sizing.offices import SENDER, Country, in_flight, secrets_of
from benchmarks.sizing.plan import Plan
from benchmarks.sizing.site import Figures, serving
from storage.ledger.records import Move, NewDispatch, NewEvent, Recipient, Statement
from storage.ledger.registry import Agency

IN_FLIGHT = 256
MAILBOXES = 10
PAGE = 50
MOVES_A_SAMPLE, MOVES_IN_FLIGHT = 10, 64


async def sample(engines: Engines, country: Country, dispatch_id: str) -> NewDispatch:
    """Reads an accepted dispatch, as it was committed."""
    async with opened_ledger(load(country.config), secrets_of(engines), upgrade=False) as ledger:
        kept = await ledger.kept(dispatch_id)
        history = await ledger.history(dispatch_id, limit=2)
        page = await ledger.deliveries(dispatch_id, limit=1)
    (delivery,) = page.items
    events = tuple(
        NewEvent(kind=one.kind, at=one.at, actor_id=one.actor_id, evidence_id=one.evidence_id)
        for one in history.items
    )
    return NewDispatch(
        entry=kept.entry,
        recipients=(Recipient(agency_id=delivery.recipient_id, mailbox_id=delivery.mailbox_id),),
        handover_by=delivery.handover_by,
        answer_by=delivery.answer_by,
        evidence=kept.evidence,
        events=events,
    )


def copied(model: NewDispatch, number: int) -> NewDispatch:
    """Another dispatch like `model`, to one of several mailboxes."""
    dispatch_id = hashlib.sha256(f"dispatch {number}".encode()).hexdigest()
    mailbox = f"M{number % MAILBOXES:02}"
    named = {one.evidence_id: f"{number}-{place}" for place, one in enumerate(model.evidence)}
    parts = tuple(
        replace(one, sha256=hashlib.sha256(f"part {number}/{one.number}".encode()).hexdigest())
        for one in model.entry.parts
    )
    return replace(
        model,
        entry=replace(
            model.entry,
            dispatch_id=dispatch_id,
            document_id=f"{model.entry.document_id}-{number}",
            code_number=str(number),
            parts=parts,
        ),
        recipients=(Recipient(agency_id=mailbox, mailbox_id=mailbox),),
        evidence=tuple(
            replace(one, evidence_id=named[one.evidence_id], dispatch_id=dispatch_id)
            for one in model.evidence
        ),
        events=tuple(replace(one, evidence_id=named[one.evidence_id]) for one in model.events),
    )


async def grow(plan: Plan, engines: Engines, country: Country, model: NewDispatch) -> Figures:
    """Fills an empty ledger, stops at each size to time it, and starts an axis over it in the end."""
    figures: Figures = {}
    settings, secrets = load(country.config), secrets_of(engines)
    reached, committed, spent = 0, 0, 0.0
    async with opened_ledger(settings, secrets) as ledger:
        await in_flight(partial(_register, ledger), range(plan.units), IN_FLIGHT)
        last = time.perf_counter() + plan.fill_seconds
        for nth, size in enumerate(plan.entries, 1):
            began = time.perf_counter()
            filled = await _fill(ledger, model, reached, size, last)
            spent, committed = spent + time.perf_counter() - began, committed + filled - reached
            if filled == reached:
                break
            timed = await _timed(ledger, model, plan, filled)
            figures |= {f"at_{nth}_{name}": value for name, value in timed.items()}
            reached = filled + plan.samples
            figures[f"at_{nth}_entries"] = filled
            if filled < size:
                break
        moved = await _moved(ledger, model, min(reached, MOVES_A_SAMPLE * plan.samples))
    figures |= {"filled_entries": reached, "filled_per_second": committed / spent}
    figures["moved_per_second"] = moved
    figures["catalogued_per_second"] = await _catalogued(engines, country, plan.catalogue_seconds)
    with serving(plan, engines, country) as (site, took):
        held = (await holding.idle(site))["idle_memory_mib"]
    return figures | {"units": plan.units, "filled_start_seconds": took, "filled_memory_mib": held}


async def _register(ledger: OpenLedger, number: int, _lane: int) -> None:
    unit = Agency(agency_id=f"U{number:05}", name=f"Đơn vị {number}", parent_id=SENDER, category="unit")
    await ledger.register(unit, replacing=None)


async def _catalogued(engines: Engines, country: Country, seconds: float) -> float:
    """Makes the catalogue anew for so long; returns the dispatches a second."""
    began, taken, behind = time.perf_counter(), 0, True
    async with opened_catalogue(load(country.config), secrets_of(engines)) as catalogue:
        while behind and time.perf_counter() - began < seconds:
            followed = await catalogue.follow(limit=BATCH)
            taken, behind = taken + followed.taken, followed.behind
    return taken / (time.perf_counter() - began)


async def _fill(ledger: OpenLedger, model: NewDispatch, start: int, end: int, last: float) -> int:
    """Commits until there are `end`, or the time is over; returns how many there are."""
    while start < end and time.perf_counter() < last:
        share = range(start, min(start + IN_FLIGHT, end))
        await asyncio.gather(*(ledger.commit(copied(model, number)) for number in share))
        start = share.stop
    return start


async def _moved(ledger: OpenLedger, model: NewDispatch, count: int) -> float:
    """Moves a delivery of each of so many dispatches, each with a statement, an evidence and an event;
    returns the moves a second."""
    numbers = iter(range(count))

    async def lane() -> None:
        for number in numbers:
            await ledger.advance([_move(model, number)])

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(MOVES_IN_FLIGHT)))
    return count / (time.perf_counter() - began)


def _move(model: NewDispatch, number: int) -> Move:
    """The recipient accepts, with a statement and an evidence of the size of the model's evidence."""
    dispatch = copied(model, number)
    (recipient,) = dispatch.recipients
    at = model.entry.accepted_at + timedelta(hours=1)
    content = f"{number} ".encode() + model.evidence[0].content
    stated = Statement(
        statement_id=hashlib.sha256(content).hexdigest(),
        dispatch_id=dispatch.entry.dispatch_id,
        agency_id=recipient.agency_id,
        recipient_id=recipient.agency_id,
        status_code="03",
        received_at=at,
        content=content,
    )
    issued = replace(
        dispatch.evidence[0],
        evidence_id=f"{number}-moved",
        event="ConsignmentAcceptance",
        issued_at=at,
        recipient_id=recipient.agency_id,
    )
    event = NewEvent(
        kind=issued.event,
        at=at,
        recipient_id=recipient.agency_id,
        actor_id=recipient.agency_id,
        status_code="03",
        evidence_id=issued.evidence_id,
        statement_id=stated.statement_id,
    )
    return Move(
        dispatch_id=stated.dispatch_id,
        recipient_id=recipient.agency_id,
        expected_version=1,
        state="accepted",
        at=at,
        due=None,
        reason="",
        statement=stated,
        evidence=(issued,),
        events=(event,),
    )


async def _timed(ledger: OpenLedger, model: NewDispatch, plan: Plan, entries: int) -> Figures:
    """Times a commit, an inbox page and a status look-up, one at a time, in milliseconds."""

    async def commit(number: int) -> None:
        await ledger.commit(copied(model, entries + number))

    async def inbox(number: int) -> None:
        await ledger.inbox(f"M{number % MAILBOXES:02}", limit=PAGE, after=entries // 2)

    async def status(number: int) -> None:
        dispatch_id = hashlib.sha256(f"dispatch {number * entries // plan.samples}".encode()).hexdigest()
        await ledger.entry(dispatch_id)
        await ledger.deliveries(dispatch_id, limit=PAGE)

    return {
        "commit_ms": await _median(commit, plan.samples),
        "inbox_ms": await _median(inbox, plan.samples),
        "status_ms": await _median(status, plan.samples),
    }


async def _median(work: Callable[[int], Awaitable[None]], samples: int) -> float:
    took = []
    for number in range(samples):
        began = time.perf_counter()
        await work(number)
        took.append(time.perf_counter() - began)
    return 1000 * statistics.median(took)
