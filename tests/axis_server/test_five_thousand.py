"""One document to five thousand agencies, each of which took it: every read stays small and is soon there."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from axis_server.caller import Caller
from axis_server.knowing.records import Records
from storage.ledger.pages import PAGE_BYTES
from storage.ledger.records import Evidence, Move, NewEvent, Statement
from storage.ledger.registry import Agency, Certificate
from storage.ledger.sqlite import SqliteLedger
from tests.storage.records import SENDER, accepted, at, recipients

RECIPIENTS = tuple(f"H{number:04d}" for number in range(5000))
OF_ALL_BYTES, HANDOVER_BYTES, STATEMENT_BYTES = 1_500_000, 12_000, 8_000
"""As measured: evidence that names all recipients, a ContentHandover, and a statement 01."""
NAME = "dispatch-1"
SECONDS = 60.0
"""A hundred times what all the reads together take; to read everything for every page takes longer."""


def caller(agency_id: str) -> Caller:
    certificate = Certificate(sha256="", pem="", role="system", may_connect=True, may_seal=True)
    return Caller(agency=Agency(agency_id=agency_id, name=agency_id), certificate=certificate)


def handed_over(recipient: str) -> Move:
    content = f"<status 01 by {recipient}/>".encode().ljust(STATEMENT_BYTES)
    stated = Statement(
        statement_id=hashlib.sha256(content).hexdigest(),
        dispatch_id=NAME,
        agency_id=recipient,
        recipient_id=recipient,
        status_code="01",
        received_at=at(60),
        content=content,
    )
    issued = Evidence(
        evidence_id=f"handover-{recipient}",
        dispatch_id=NAME,
        event="ContentHandover",
        issued_at=at(60),
        content=recipient.encode().ljust(HANDOVER_BYTES),
        recipient_id=recipient,
    )
    noted = NewEvent(
        kind="ContentHandover",
        at=at(60),
        recipient_id=recipient,
        actor_id=recipient,
        status_code="01",
        evidence_id=issued.evidence_id,
        statement_id=stated.statement_id,
    )
    return Move(
        dispatch_id=NAME,
        recipient_id=recipient,
        expected_version=1,
        state="handed_over",
        at=at(60),
        due=None,
        statement=stated,
        evidence=(issued,),
        events=(noted,),
    )


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    new = accepted(1, recipients=recipients(*RECIPIENTS))
    of_all = tuple(replace(one, content=one.content.ljust(OF_ALL_BYTES)) for one in new.evidence)
    await ledger.commit(replace(new, evidence=of_all))
    await asyncio.gather(*(ledger.advance([handed_over(recipient)]) for recipient in RECIPIENTS))
    yield ledger
    await ledger.aclose()


async def test_five_thousand_hand_overs_are_read_in_small_pages(ledger: SqliteLedger) -> None:
    async with asyncio.timeout(SECONDS):
        await read_all(ledger)


async def read_all(ledger: SqliteLedger) -> None:
    records, sender, recipient = Records(ledger=ledger), caller(SENDER), caller("H4321")
    kinds: list[str] = []
    after, more = 0, True
    while more:
        page = await records.evidence(sender, NAME, after, 1000)
        assert page.items
        size = sum(len(one.content) for one in page.items)
        assert len(page.items) == 1 or size <= PAGE_BYTES
        kinds += [one.event if isinstance(one, Evidence) else one.status_code for one in page.items]
        after, more = page.next, page.more
    assert kinds[2:] == ["01", "ContentHandover"] * 5000
    assert len(kinds) == 10_002

    status = await records.status(sender, NAME)
    assert status.counts == {"handed_over": 5000}
    own = await records.evidence(recipient, NAME, 0, 1000)
    rest = await records.evidence(recipient, NAME, own.next, 1000)
    seen = [one.content[:5] for one in (*own.items, *rest.items)]
    assert (len(seen), seen[-1], rest.more) == (4, b"H4321", False)
    history = await records.events(recipient, NAME, 0, 1000)
    assert [event.sequence for event in history.items] == [1, 2, 3]
    commits = await records.evidence(sender, NAME, 0, 1000, events=["SubmissionAcceptance"])
    assert commits.items[0].content.startswith(b"<evidence 1 submission")
    (item,) = (await ledger.outbox(SENDER, limit=100)).items
    assert item.counts == {"handed_over": 5000}
