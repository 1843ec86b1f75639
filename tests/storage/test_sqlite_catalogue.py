"""The catalogue's file: nothing is lost with it, and nothing waits for it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from storage.errors import Unavailable
from storage.ledger.catalogue import Sought
from storage.ledger.sqlite import SqliteCatalogue, SqliteLedger
from storage.ledger.sqlite.database import load_queries
from storage.ledger.sqlite.indexing import catalogue_path, expression
from tests.storage.records import SENDER, accepted, entry, recipients


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteCatalogue]:
    catalogue = await SqliteCatalogue.open(path)
    yield catalogue
    await catalogue.aclose()


async def everything(catalogue: SqliteCatalogue) -> list[str]:
    while (await catalogue.follow(limit=7)).behind:
        pass
    found = await catalogue.search(Sought(viewer=SENDER), newest=False, limit=100)
    return [hit.entry.dispatch_id for hit in found.items]


def names(count: int) -> list[str]:
    return [f"dispatch-{number}" for number in range(1, count + 1)]


@pytest.fixture
async def filled(path: Path, sqlite: SqliteLedger) -> Path:
    """A ledger from before there was a catalogue."""
    for number in range(1, 6):
        await sqlite.commit(accepted(number))
    return path


async def test_a_ledger_from_before_there_was_a_catalogue_is_taken_in_from_the_beginning(
    filled: Path,
) -> None:
    async with opened(filled) as catalogue:
        assert await everything(catalogue) == names(5)


async def test_it_goes_on_where_it_was_left(filled: Path) -> None:
    async with opened(filled) as catalogue:
        assert (await catalogue.follow(limit=6)).taken == 2
    async with opened(filled) as catalogue:
        assert (await catalogue.follow(limit=100)).taken == 3
        assert await everything(catalogue) == names(5)


@pytest.mark.parametrize("cut", ["emptied", "garbage", "another form", "removed", "half"])
async def test_a_file_that_cannot_be_used_is_filled_anew(filled: Path, cut: str) -> None:
    async with opened(filled) as catalogue:
        await everything(catalogue)
    file = catalogue_path(filled)
    match cut:
        case "emptied":
            file.write_bytes(b"")
        case "garbage":
            file.write_bytes(b"no database at all, whatever it is called" * 200)
        case "another form":
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("PRAGMA user_version = 99")
        case "removed":
            file.unlink()
        case "half":
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    async with opened(filled) as catalogue:
        try:
            assert await everything(catalogue) == names(5)
        except Unavailable:
            assert cut == "half"


async def test_the_catalogue_of_another_ledger_is_thrown_away(filled: Path, tmp_path: Path) -> None:
    async with opened(filled) as catalogue:
        await everything(catalogue)
    other = await SqliteLedger.open(tmp_path / "other.sqlite3")
    for number in range(11, 19):
        await other.commit(accepted(number))
    catalogue_path(filled).rename(catalogue_path(tmp_path / "other.sqlite3"))
    async with opened(tmp_path / "other.sqlite3") as catalogue:
        assert await everything(catalogue) == [f"dispatch-{number}" for number in range(11, 19)]
    await other.aclose()


async def test_a_ledger_that_was_put_back_to_an_earlier_time_is_taken_in_anew(
    path: Path, tmp_path: Path
) -> None:
    ledger = await SqliteLedger.open(path)
    await ledger.commit(accepted(1))
    await ledger.aclose()
    earlier = path.read_bytes()
    ledger = await SqliteLedger.open(path)
    await ledger.commit(accepted(2))
    async with opened(path) as catalogue:
        assert await everything(catalogue) == names(2)
    await ledger.aclose()
    for leftover in path.parent.glob(f"{path.name}-[ws]*"):
        leftover.unlink()
    path.write_bytes(earlier)
    ledger = await SqliteLedger.open(path)
    await ledger.commit(accepted(3))
    async with opened(path) as catalogue:
        assert await everything(catalogue) == ["dispatch-1", "dispatch-3"]
    await ledger.aclose()


async def test_many_follow_at_once_and_take_each_in_once(filled: Path, sqlite: SqliteLedger) -> None:
    async with opened(filled) as one, opened(filled) as other:
        taken, behind = 0, True
        while behind:
            took = await asyncio.gather(*(each.follow(limit=3) for each in [one, other] * 3))
            taken += sum(each.taken for each in took)
            behind = any(each.behind for each in took)
        assert taken == 5
        assert await everything(other) == names(5)


async def test_a_locked_catalogue_hinders_no_commit(
    filled: Path, sqlite: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.ledger.sqlite.indexing.BUSY_SECONDS", 0.2)
    async with opened(filled) as catalogue:
        with closing(sqlite3.connect(catalogue_path(filled), isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            await sqlite.commit(accepted(6))
            with pytest.raises(Unavailable):
                await catalogue.follow(limit=100)
            holder.execute("ROLLBACK")
        assert await everything(catalogue) == names(6)


async def test_what_the_catalogue_says_of_parties_is_not_believed(filled: Path) -> None:
    """Somebody who writes into the catalogue shows nobody what is not theirs."""
    async with opened(filled) as catalogue:
        await everything(catalogue)
    with closing(sqlite3.connect(catalogue_path(filled), isolation_level=None)) as tamper:
        ours = expression(Sought(viewer="K99")).split('"')
        marks = [one for one in ours if one.startswith("¦")]
        tamper.execute("UPDATE documents SET marks = marks || ?", (" " + " ".join(marks),))
    async with opened(filled) as catalogue:
        found = await catalogue.search(Sought(viewer="K99"), limit=100)
        assert (found.items, found.more) == ((), False)


async def test_it_is_readable_by_its_owner_alone(filled: Path) -> None:
    async with opened(filled):
        assert stat.S_IMODE(os.stat(catalogue_path(filled)).st_mode) == 0o600


async def test_candidates_are_found_by_the_index_and_dispatches_by_their_key(filled: Path) -> None:
    async with opened(filled):
        for name in ("search", "search_facets"):
            with closing(sqlite3.connect(filled)) as connection:
                connection.execute("ATTACH ? AS catalogue", (str(catalogue_path(filled)),))
                values = {"most": 1, "bound": 1, "newest": 1, "match": '"a"', "viewer": "x", "sent": 1}
                values |= dict.fromkeys(("received", "since", "until", "states"), 1)
                values |= dict.fromkeys(("first", "last", "recipient_id"), "x")
                query = f"EXPLAIN QUERY PLAN {load_queries()[name]}"
                steps = [row[3] for row in connection.execute(query, values)]
        assert not [step for step in steps if step.startswith(("SCAN d", "SCAN l"))], steps


async def test_no_word_is_an_operator() -> None:
    sought = Sought(viewer="x", phrases=(("or",), ("near", "not")), files=(("and",),))
    assert '"or" *' in expression(sought)
    assert '"near not" *' in expression(sought)


async def test_five_thousand_recipients_are_one_row(sqlite: SqliteLedger, path: Path) -> None:
    many = recipients(*(f"X{number}" for number in range(5000)))
    await sqlite.commit(accepted(1, recipients=many, entry=entry(1, subject="gửi tất cả")))
    async with opened(path) as catalogue:
        while (await catalogue.follow(limit=1000)).behind:
            pass
        (hit,) = (await catalogue.search(Sought(viewer="X4999"), limit=10)).items
        assert hit.counts == {"consigned": 1}
        (hit,) = (await catalogue.search(Sought(viewer=SENDER), limit=10)).items
        assert hit.counts == {"consigned": 5000}
