"""Whether a store holds all that it says, proved from the log down to the last file.

    found = await examine(ledger, inventory, archive, policy=policy)
    found.problems      # sentences; none: it is complete

1. each leaf          what was logged is there and hashes to its leaf
2. each checkpoint    the leaves are those that were signed: the newest one kept, and any given from outside
3. each dispatch      every file that it names is in the archive and hashes to its name; of one that was
                      disposed of, the order is a leaf of the log and names it

Nothing is believed that was not computed here; nothing is changed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from axis_server.archiving.disposed import VouchingLedger, rightly_disposed
from signing.log import Checkpoint, CompactRange, LogPolicy, leaf_hash, open_checkpoint
from signing.verdict import Refused
from storage.archive.base import Archive
from storage.errors import Corrupt, NotFound
from storage.ledger.base import Log
from storage.ledger.inventory import Inventory
from storage.ledger.records import Entry

LEAVES = 64
"""Read at once; one evidence may speak of thousands of recipients."""
ENTRIES = 100


@dataclass(slots=True, kw_only=True)
class Soundness:
    """What was looked at, and each thing that is wrong, in a sentence."""

    leaves: int = 0
    signed: int = 0
    """Leaves under the newest checkpoint."""
    dispatches: int = 0
    disposed: int = 0
    """Of these, those whose files went by an order that the log has."""
    files: int = 0
    bytes: int = 0
    problems: list[str] = field(default_factory=list)


async def examine(
    ledger: VouchingLedger,
    inventory: Inventory,
    archive: Archive,
    *,
    policy: LogPolicy,
    witnessed: Iterable[bytes] = (),
) -> Soundness:
    """Examines all of a store. `policy` names the log's keys; `witnessed` are checkpoints that were kept
    elsewhere, each of which must be one of this log's. Raises `Unavailable`."""
    found = Soundness()
    heads = _heads((*await _kept(ledger), *witnessed), policy, found)
    found.signed = max((head.size for head in heads), default=0)
    await _leaves(inventory, heads, found)
    async for entries in _entries(inventory):
        disposed = await rightly_disposed(ledger, entries)
        for entry in entries:
            found.dispatches += 1
            if entry.dispatch_id not in disposed:
                await _files(entry, archive, found)
        found.disposed += len(disposed)
    return found


async def _kept(ledger: Log) -> tuple[bytes, ...]:
    try:
        return ((await ledger.checkpoint()).content,)
    except NotFound:
        return ()


def _heads(notes: Iterable[bytes], policy: LogPolicy, found: Soundness) -> list[Checkpoint]:
    heads = []
    for note in notes:
        opened = open_checkpoint(note, policy)
        if isinstance(opened, Refused):
            found.problems.append(f"a checkpoint does not hold ({opened.reason}): {opened.detail}")
        else:
            heads.append(opened.checkpoint)
    return heads


async def _leaves(inventory: Inventory, heads: Iterable[Checkpoint], found: Soundness) -> None:
    waiting = sorted(heads, key=lambda head: head.size)
    tree = CompactRange()
    while page := await inventory.logged(start=tree.size, limit=LEAVES):
        for one in page:
            waiting = _compared(tree, waiting, found)
            if one.index != tree.size:
                found.problems.append(f"leaf {tree.size} is missing: the log goes on at {one.index}")
                found.leaves = tree.size
                return
            if one.content is None:
                found.problems.append(f"leaf {one.index}: the evidence or statement itself is gone")
            elif leaf_hash(one.content) != one.hash:
                found.problems.append(f"leaf {one.index}: the evidence or statement was changed")
            tree, _ = tree.append([one.hash])
    found.leaves = tree.size
    for head in _compared(tree, waiting, found):
        found.problems.append(
            f"{head.size} leaves were signed and the ledger has {tree.size}: what came after is not in it"
        )


def _compared(tree: CompactRange, waiting: list[Checkpoint], found: Soundness) -> list[Checkpoint]:
    """Compares the checkpoints of this very size, and returns those that are further on."""
    while waiting and waiting[0].size == tree.size:
        head, *waiting = waiting
        if tree.root() != head.root:
            found.problems.append(f"the first {head.size} leaves are not those that were signed")
    return waiting


async def _entries(inventory: Inventory) -> AsyncIterator[tuple[Entry, ...]]:
    after, more = 0, True
    while more:
        page = await inventory.entries(after=after, limit=ENTRIES)
        yield page.items
        after, more = page.next, page.more


async def _files(entry: Entry, archive: Archive, found: Soundness) -> None:
    for part in entry.parts:
        if part.inline:
            continue
        where = f"dispatch {entry.dispatch_id}, part {part.number}: the file {part.sha256}"
        size = 0
        try:
            async for chunk in archive.get(part.sha256):
                size += len(chunk)
        except NotFound:
            found.problems.append(f"{where} is not in the archive")
        except Corrupt:
            found.problems.append(f"{where} is damaged")
        else:
            if size != part.size:
                found.problems.append(f"{where} has {size} bytes, and {part.size} were accepted")
            found.files += 1
            found.bytes += size
