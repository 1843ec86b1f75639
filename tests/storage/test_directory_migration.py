"""Agencies that an older program registered: they are all there, and a follower finds them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from storage.ledger.registry import Agency, Capabilities
from storage.ledger.sqlite import SqliteLedger
from storage.ledger.sqlite.database import load_migrations, prepare
from tests.storage.records import agency

OLD = [
    agency("G22", "000.00.00.G22", certificates=("a", "b")),
    agency("H05"),
    agency("K01", certificates=("c",)),
]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the schema before units and groups; its directory was changed seven times."""
    path = tmp_path / "ledger.sqlite3"
    with monkeypatch.context() as patch:
        patch.setattr("storage.ledger.sqlite.database.load_migrations", lambda: load_migrations()[:2])
        prepare(path)
    with closing(sqlite3.connect(path)) as rows, rows:
        for one in OLD:
            own = one.agency_id
            rows.execute('INSERT INTO agencies VALUES (?, ?, 1, \'{"cấp":"1"}\')', (own, one.name))
            for number, name in enumerate((own, *one.aliases)):
                rows.execute("INSERT INTO agency_names VALUES (?, ?, ?, ?)", (name, own, number, name))
            for number, kept in enumerate(one.certificates):
                facts = (kept.sha256, own, number, kept.pem, kept.role, kept.may_connect, kept.may_seal)
                rows.execute("INSERT INTO agency_certificates VALUES (?, ?, ?, ?, ?, ?, ?)", facts)
        rows.execute("UPDATE counters SET value = 7 WHERE name = 'directory'")
    return path


async def test_agencies_stay_as_they_were_and_take_every_kind(path: Path) -> None:
    ledger = await SqliteLedger.open(path)
    kept = await ledger.agencies()
    assert list(kept) == OLD
    assert {one.capabilities for one in kept} == {Capabilities()}
    assert await ledger.groups() == ()
    await ledger.aclose()


async def test_a_follower_reads_them_all_and_then_what_changes(path: Path) -> None:
    ledger = await SqliteLedger.open(path)
    whole = await ledger.changed(limit=10)
    assert (list(whole.items), whole.more) == (OLD, False)
    changed = replace(OLD[0], parent_id="H05")
    await ledger.register(changed, replacing=OLD[0])
    await ledger.register(Agency(agency_id="NEW", name=""), replacing=None)
    later = await ledger.changed(after=whole.next, limit=10)
    assert [one.agency_id for one in later.items if isinstance(one, Agency)] == ["G22", "NEW"]
    assert later.next == await ledger.version() == 9
    await ledger.aclose()
