"""A ledger written by the first schema goes on under the newest: nothing is lost, and nothing is missing."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.ledger.records import Evidence
from storage.ledger.relational.rows import dispatch_row, microseconds, part_row
from storage.ledger.sqlite import SqliteLedger, look
from storage.ledger.sqlite.database import load_migrations, prepare
from tests.storage import whole
from tests.storage.records import (
    RECIPIENTS,
    SENDER,
    accepted,
    asking,
    at,
    entry,
    evidence,
    joining,
    move,
    recipients,
    statement,
)

FIRST, SECOND, THIRD = RECIPIENTS
RECENT = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
ACCEPTED_AT = {1: at(1), 2: RECENT}


class Old:
    """Writes rows of the first schema."""

    def __init__(self, path: Path) -> None:
        self.rows = sqlite3.connect(path)
        self.rows.execute("PRAGMA foreign_keys = ON")
        self.leaf, self.cursor = -1, 0

    def dispatch(self, position: int) -> None:
        given = entry(position, accepted_at=ACCEPTED_AT[position])
        self.add("dispatches", *dispatch_row(position, given))
        for part in given.parts:
            self.add("parts", *part_row(position, part))
        for one in accepted(position).evidence:
            self.evidence(position, one)
        for sequence in (1, 2):
            self.event(position, sequence, "consigned")

    def delivery(self, position: int, ordinal: int, recipient: str, state: str, version: int) -> None:
        updated = microseconds(at(9))
        self.add("deliveries", recipient, position, ordinal, state, version, updated, "vì sao")

    def evidence(self, position: int, one: Evidence, *move: object) -> None:
        leaf = self.hashed("evidence", one.content)
        moved = move or (None, None)
        issued = microseconds(one.issued_at)
        self.add(
            "evidence",
            leaf,
            one.evidence_id,
            position,
            one.recipient_id,
            one.event,
            issued,
            *moved,
            one.content,
        )

    def event(self, position: int, sequence: int, kind: str, recipient: str = "") -> None:
        self.cursor += 1
        told = (recipient, recipient, "", "", "", "")
        self.add("events", self.cursor, position, sequence, kind, microseconds(at(sequence)), *told)

    def statement(self, position: int, *moved: tuple[str, int]) -> None:
        one = statement(position, agency_id=moved[0][0])
        leaf = self.hashed("statement", one.content)
        code, received = one.status_code, microseconds(one.received_at)
        self.add("statements", leaf, one.statement_id, position, one.agency_id, code, received, one.content)
        for recipient, version in moved:
            self.add("moves", leaf, recipient, position, version)

    def hashed(self, kind: str, content: bytes) -> int:
        self.leaf += 1
        self.add("leaves", self.leaf, kind, hashlib.sha256(b"\0" + content).digest())
        return self.leaf

    def add(self, table: str, *values: object) -> None:
        self.rows.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def handed(number: int, recipient: str) -> Evidence:
    return replace(evidence(number, "handover", recipient_id=recipient), event="ContentHandover")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two dispatches: one of long ago where each delivery stands elsewhere, one of these days."""
    path = tmp_path / "ledger.sqlite3"
    with monkeypatch.context() as patch:
        patch.setattr("storage.ledger.sqlite.database.load_migrations", lambda: load_migrations()[:1])
        prepare(path)
        assert look(path).found == 1
    old = Old(path)
    with closing(old.rows), old.rows:
        old.dispatch(1)
        old.dispatch(2)
        old.delivery(2, 0, SECOND, "consigned", 1)
        for ordinal, (name, state, version) in enumerate(
            [(FIRST, "handed_over", 2), (SECOND, "refused", 2), (THIRD, "consigned", 1)]
        ):
            old.delivery(1, ordinal, name, state, version)
        old.statement(1, (FIRST, 2))
        old.evidence(1, handed(1, FIRST), FIRST, 2)
        old.event(1, 3, "ContentHandover", FIRST)
        old.statement(1, (SECOND, 2))
        old.evidence(1, handed(1, SECOND), SECOND, 2)
        old.event(1, 4, "ConsignmentRejection", SECOND)
    return path


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = await SqliteLedger.open(path)
    yield ledger
    await ledger.aclose()


async def test_the_file_is_brought_to_the_newest_schema_and_is_sound(
    path: Path, ledger: SqliteLedger
) -> None:
    assert look(path).found == look(path).known == len(load_migrations())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_each_delivery_stands_as_it_stood_in_a_mailbox_of_its_own(ledger: SqliteLedger) -> None:
    stands = await whole.deliveries(ledger, "dispatch-1")
    assert [(one.recipient_id, one.mailbox_id, one.state, one.version) for one in stands] == [
        (FIRST, FIRST, "handed_over", 2),
        (SECOND, SECOND, "refused", 2),
        (THIRD, THIRD, "consigned", 1),
    ]
    assert {(one.updated_at, one.reason, one.question) for one in stands} == {(at(9), "vì sao", None)}
    assert await ledger.counts("dispatch-1") == {"handed_over": 1, "refused": 1, "consigned": 1}


async def test_what_is_old_has_seven_days_more_and_what_is_recent_thirty(ledger: SqliteLedger) -> None:
    soon = datetime.now(UTC) + timedelta(days=7)
    for one in await whole.deliveries(ledger, "dispatch-1"):
        assert one.handover_by == one.answer_by
        assert soon - timedelta(minutes=10) < one.answer_by <= soon
        assert one.due == (None if one.state == "refused" else one.answer_by)
    recent = await ledger.delivery("dispatch-2", SECOND)
    assert recent.answer_by == recent.due == RECENT + timedelta(days=30)
    due = await ledger.due(at=RECENT + timedelta(days=99), limit=9)
    assert [(one.dispatch_id, one.recipient_id) for one in due] == [
        ("dispatch-1", FIRST),
        ("dispatch-1", THIRD),
        ("dispatch-2", SECOND),
    ]


async def test_histories_and_streams_tell_what_happened(ledger: SqliteLedger) -> None:
    assert [one.sequence for one in await whole.history(ledger, "dispatch-1")] == [1, 2, 3, 4]
    for agency, kinds in {
        SENDER: ["consigned"] * 4 + ["ContentHandover", "ConsignmentRejection"],
        FIRST: ["consigned"] * 2 + ["ContentHandover"],
        SECOND: ["consigned"] * 4 + ["ConsignmentRejection"],
        THIRD: ["consigned"] * 2,
    }.items():
        streamed = [item.event for item in await whole.stream(ledger, agency)]
        assert [event.kind for event in streamed] == kinds
        viewer = None if agency == SENDER else agency
        history = (await ledger.history("dispatch-1", viewer=viewer, limit=9)).items
        assert tuple(event for event in streamed if event.dispatch_id == "dispatch-1") == history
    refused = (await whole.stream(ledger, SECOND))[-1].event
    assert (refused.sequence, refused.recipient_id) == (3, SECOND)


async def test_records_and_moves_are_found_again(ledger: SqliteLedger) -> None:
    assert (await ledger.kept("dispatch-1")).evidence == accepted(1).evidence
    assert await whole.evidence(ledger, "dispatch-1") == (
        *accepted(1).evidence,
        handed(1, FIRST),
        handed(1, SECOND),
    )
    mine = (await ledger.records("dispatch-1", viewer=FIRST, limit=9)).items
    assert mine == (*accepted(1).evidence, statement(1), handed(1, FIRST))
    assert (await ledger.records("dispatch-1", recipient_id=FIRST, limit=9)).items == mine
    moved = await ledger.moved(statement(1).statement_id)
    assert moved is not None
    assert (moved.delivery.recipient_id, moved.evidence) == (FIRST, (handed(1, FIRST),))
    assert await ledger.advance([move(1)]) == moved


async def test_an_inbox_cursor_of_before_misses_nothing(ledger: SqliteLedger) -> None:
    """It was the position of a dispatch; a delivery's place is never before that."""
    items = await whole.inbox(ledger, SECOND)
    assert [item.entry.dispatch_id for item in items] == ["dispatch-1", "dispatch-2"]
    for position in (1, 2):
        rest = await ledger.inbox(SECOND, after=position, limit=9)
        unread = {f"dispatch-{number}" for number in range(position + 1, 3)}
        assert {item.entry.dispatch_id for item in rest.items} >= unread


async def test_life_goes_on(ledger: SqliteLedger) -> None:
    package = accepted(
        3,
        about=("dispatch-1",),
        asks=(asking(3, 1, states=frozenset({"handed_over", "consigned"})),),
        joins=(joining(3, 1, *recipients("NEW")),),
    )
    await ledger.commit(package)
    await ledger.advance([move(1, expected_version=3, statement=statement(1, "16"), evidence=())])
    history = (await ledger.history("dispatch-1", viewer=FIRST, limit=9)).items
    assert [event.sequence for event in history] == [1, 2, 3, 4, 5]
    assert len(await whole.history(ledger, "dispatch-1")) == 4 + 2 + 1 + 1
    assert [one.recipient_id for one in await whole.deliveries(ledger, "dispatch-1")] == [*RECIPIENTS, "NEW"]
    leaves = await whole.leaves(ledger)
    assert [leaf.index for leaf in leaves] == list(range(len(leaves)))


async def test_two_processes_that_upgrade_at_once_do_it_once(path: Path) -> None:
    ledgers = await asyncio.gather(*(SqliteLedger.open(path) for _ in range(4)))
    for ledger in ledgers:
        assert len(await whole.stream(ledger, SENDER)) == 6
        await ledger.aclose()
