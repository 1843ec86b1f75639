"""Two archives as one: what is acknowledged is in both, what can be read is read."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from storage.archive.base import CHUNK_BYTES
from storage.archive.memory import MemoryArchive
from storage.archive.replicated import Repaired, ReplicatedArchive
from storage.errors import Corrupt, NotFound, Unavailable
from storage.faults import Faults, FaultyArchive, When
from tests.storage.blobs import content_of, digest_of, read, stream

CONTENT = content_of(2 * CHUNK_BYTES + 5)
DIGEST = digest_of(CONTENT)
ALICE = "G22.01"
WRONG = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])


@dataclass
class Pair:
    primary: MemoryArchive
    replica: MemoryArchive
    archive: ReplicatedArchive


@pytest.fixture
def pair() -> Pair:
    primary, replica = MemoryArchive(), MemoryArchive()
    return Pair(primary, replica, ReplicatedArchive(primary, replica))


def away(pair: Pair, side: str, number: int = 0) -> ReplicatedArchive:
    """The pair with one side whose call `number` goes unanswered."""
    faults = Faults(number, When.BEFORE)
    if side == "primary":
        return ReplicatedArchive(FaultyArchive(pair.primary, faults), pair.replica)  # type: ignore[arg-type]
    return ReplicatedArchive(pair.primary, FaultyArchive(pair.replica, faults))  # type: ignore[arg-type]


async def test_what_is_acknowledged_is_in_both(pair: Pair) -> None:
    small = b"small"
    await pair.archive.put(digest_of(small), stream(small))
    await pair.archive.append(ALICE, DIGEST, 0, stream(CONTENT))
    assert pair.replica.blobs.keys() == {digest_of(small)}
    await pair.archive.finish(ALICE, DIGEST)
    assert pair.primary.blobs == pair.replica.blobs == {digest_of(small): small, DIGEST: CONTENT}


@pytest.mark.parametrize("number", [0, 1])
async def test_a_replica_that_is_away_leaves_nothing_acknowledged_and_the_same_call_completes_the_pair(
    pair: Pair, number: int
) -> None:
    with pytest.raises(Unavailable):
        await away(pair, "replica", number).put(DIGEST, stream(CONTENT))
    assert DIGEST not in pair.replica.blobs
    assert await pair.archive.put(DIGEST, stream(CONTENT)) == len(CONTENT)
    assert pair.replica.blobs[DIGEST] == CONTENT
    other = content_of(10)
    await pair.archive.append(ALICE, digest_of(other), 0, stream(other))
    with pytest.raises(Unavailable):
        await away(pair, "replica", number).finish(ALICE, digest_of(other))
    assert await pair.archive.finish(ALICE, digest_of(other)) == 10
    assert pair.replica.blobs[digest_of(other)] == other


async def test_either_can_be_lost_or_away_and_everything_is_still_read(pair: Pair) -> None:
    await pair.archive.put(DIGEST, stream(CONTENT))
    assert await read(away(pair, "primary"), DIGEST, 7) == CONTENT[7:]
    assert await away(pair, "primary").size(DIGEST) == len(CONTENT)
    pair.primary.blobs.clear()
    assert await read(pair.archive, DIGEST) == CONTENT
    assert await pair.archive.size(DIGEST) == len(CONTENT)


async def test_a_damaged_blob_is_never_mixed_with_a_sound_one_and_then_read_from_the_replica(
    pair: Pair,
) -> None:
    await pair.archive.put(DIGEST, stream(CONTENT))
    pair.primary.blobs[DIGEST] = WRONG
    with pytest.raises(Corrupt):
        await read(pair.archive, DIGEST)
    assert await read(pair.archive, DIGEST) == CONTENT
    small = b"in one chunk"
    await pair.archive.put(digest_of(small), stream(small))
    pair.primary.blobs[digest_of(small)] = b"in one chunk?"
    assert await read(pair.archive, digest_of(small)) == small


async def test_when_both_fail_the_graver_failure_is_told(pair: Pair) -> None:
    with pytest.raises(NotFound):
        await read(pair.archive, DIGEST)
    for side in ("primary", "replica"):
        with pytest.raises(Unavailable):
            await read(away(pair, side), DIGEST)
        with pytest.raises(Unavailable):
            await away(pair, side).size(DIGEST)
    pair.primary.blobs[digest_of(b"x")] = b"y"
    with pytest.raises(Corrupt):
        await read(pair.archive, digest_of(b"x"))


async def test_a_repair_copies_to_the_side_that_lacks_the_blob(pair: Pair) -> None:
    with pytest.raises(NotFound):
        await pair.archive.repair(DIGEST)
    await pair.archive.put(DIGEST, stream(CONTENT))
    assert await pair.archive.repair(DIGEST) is Repaired.SOUND
    for side, name in ((pair.primary, Repaired.PRIMARY), (pair.replica, Repaired.REPLICA)):
        del side.blobs[DIGEST]
        assert await pair.archive.repair(DIGEST) is name
        assert side.blobs[DIGEST] == CONTENT


@pytest.mark.parametrize("side", ["primary", "replica"])
async def test_a_repair_names_the_damaged_side_and_touches_nothing(pair: Pair, side: str) -> None:
    await pair.archive.put(DIGEST, stream(CONTENT))
    damaged = pair.primary if side == "primary" else pair.replica
    damaged.blobs[DIGEST] = WRONG
    with pytest.raises(Corrupt, match=f"damaged in the {side}: remove it there"):
        await pair.archive.repair(DIGEST)
    assert damaged.blobs[DIGEST] == WRONG
    del damaged.blobs[DIGEST]
    await pair.archive.repair(DIGEST)
    assert await read(pair.archive, DIGEST) == CONTENT


async def test_a_pair_that_differs_in_size_is_an_alarm(pair: Pair) -> None:
    await pair.archive.put(DIGEST, stream(CONTENT))
    pair.replica.blobs[DIGEST] = CONTENT[:-1]
    with pytest.raises(Corrupt, match="in the primary and"):
        await pair.archive.put(DIGEST, stream(CONTENT))
