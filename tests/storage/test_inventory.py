"""Who checks a store is given everything that was kept, as it is kept, by every engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from storage.ledger.tree import leaf_hash
from tests.storage.records import accepted, entry, move, refusal


async def test_the_inventory_holds_every_leaf_with_its_content_and_every_dispatch_of_every_sender(
    open_another: Callable[[Path], AbstractAsyncContextManager[Any]], tmp_path: Path
) -> None:
    async with open_another(tmp_path) as ledger:
        new = [accepted(1), accepted(2, entry=entry(2, sender_id="H90"))]
        for one in new:
            await ledger.commit(one)
        moving = move(1)
        await ledger.advance([moving])
        refused = refusal(3)
        await ledger.refuse(refused)

        logged = []
        while page := await ledger.logged(start=len(logged), limit=2):
            logged += page
        assert [one.index for one in logged] == list(range(await ledger.size()))
        assert all(one.hash == leaf_hash(one.content) for one in logged)
        assert moving.statement is not None
        contents = [one.content for made in new for one in made.evidence]
        contents += [one.content for one in moving.evidence]
        contents += [moving.statement.content, refused.evidence.content]
        assert sorted(one.content for one in logged) == sorted(contents)

        entries, after, more = [], 0, True
        while more:
            found = await ledger.entries(after=after, limit=1)
            entries += found.items
            after, more = found.next, found.more
        assert entries == [one.entry for one in new]
