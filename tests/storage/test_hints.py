"""Who watches in one process hears soon of what another process committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

from storage.errors import Unavailable
from storage.ledger.sqlite import SqliteLedger, hints
from storage.ledger.sqlite.database import load_queries
from storage.ledger.sqlite.reads import Readers
from tests.storage.records import RECIPIENTS, SENDER, accepted, move, recipients

T = TypeVar("T")

PATIENCE = 30.0


async def heard(news: AsyncIterator[frozenset[str] | None]) -> frozenset[str] | None:
    return await asyncio.wait_for(anext(news), PATIENCE)


async def test_the_sender_and_every_mailbox_are_named_when_another_process_commits(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        ledgers = [await SqliteLedger.open(tmp_path / "ledger.sqlite3") for _ in range(2)]
        for one in ledgers:
            stack.push_async_callback(one.aclose)
        here, there = ledgers
        news = here.news()
        assert await heard(news) is None
        await there.commit(accepted(1))
        assert await heard(news) == {SENDER, *RECIPIENTS}


async def test_a_move_of_one_delivery_names_its_mailbox_and_the_sender_and_nobody_else(
    tmp_path: Path,
) -> None:
    ledger, other = [await SqliteLedger.open(tmp_path / "ledger.sqlite3") for _ in range(2)]
    await ledger.commit(accepted(1))
    news = other.news()
    assert await heard(news) is None
    await ledger.advance([move(1)])
    assert await heard(news) == {SENDER, RECIPIENTS[0]}
    await ledger.aclose()
    await other.aclose()


async def test_a_process_is_told_what_others_committed_and_not_what_it_did_itself(
    tmp_path: Path,
) -> None:
    here, there = [await SqliteLedger.open(tmp_path / "ledger.sqlite3") for _ in range(2)]
    news = here.news()
    assert await heard(news) is None
    await here.commit(accepted(1))
    await here.advance([move(1)])
    coming = asyncio.ensure_future(anext(news))
    done, _ = await asyncio.wait({coming}, timeout=3 * hints.LOOK_SECONDS)
    assert not done
    await there.commit(accepted(2, recipients=recipients("K01")))
    await here.commit(accepted(3, recipients=recipients("K02")))
    await there.commit(accepted(4, recipients=recipients("K03")))
    told = set(await asyncio.wait_for(coming, PATIENCE) or ())
    while not {"K01", "K03"} <= told:
        told |= await heard(news) or set()
    assert not told & set(RECIPIENTS)
    await here.aclose()
    await there.aclose()


class Fickle(Readers):
    """The readers of a real ledger that now and then do not answer."""

    answers = True

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if not self.answers:
            raise Unavailable("the disk is gone")
        return await super()._in_thread(work)


async def test_what_was_committed_while_the_store_did_not_answer_is_told_once_it_does(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    ledger = await SqliteLedger.open(path)
    readers = Fickle(path, load_queries())
    news = hints.news(readers)
    assert await heard(news) is None
    readers.answers = False
    coming = asyncio.ensure_future(anext(news))
    await ledger.commit(accepted(1))
    done, _ = await asyncio.wait({coming}, timeout=2 * hints.LOOK_SECONDS)
    assert not done
    readers.answers = True
    assert await asyncio.wait_for(coming, PATIENCE) == {SENDER, *RECIPIENTS}
    await readers.aclose()
    await ledger.aclose()
