"""What is hashed for each step of an archive record's life (RFC 4998 sections 4.2 and 5.2).

initial      the tree over the data objects' own hashes
time-stamp   a new time-stamp over the last one, in the same chain, by the same algorithm
hash tree    a new chain: by a stronger algorithm, over the data objects once more and all chains so far
"""

from __future__ import annotations

from collections.abc import Sequence

from signing.algorithms import digest_of
from signing.renewal.record import ArchiveTimeStamp, Chain, write_sequence
from signing.timestamps.request import Imprint


def imprint_of(root: bytes, digest: str) -> Imprint:
    """What is sent to the authority for a tree. Raises `ValueError` for a root of another algorithm."""
    return Imprint(digest=digest, value=root)


def imprint_over(last: ArchiveTimeStamp) -> Imprint:
    """What is sent to the authority to renew a time-stamp: the one before, by its chain's algorithm."""
    return Imprint(digest=last.digest, value=digest_of(last.digest, last.token))


def time_stamp_renewed(chain: Chain, token: bytes) -> Chain:
    """Adds the time-stamp over the last one, which needs no tree."""
    return (*chain, ArchiveTimeStamp(digest=chain[0].digest, tree=(), token=token))


def rehashed(digest: str, objects: Sequence[bytes], before: Sequence[Chain]) -> tuple[bytes, ...]:
    """Returns what a hash-tree renewal puts into the tree for a group: for each data object the hash of its
    new hash, of `objects`, and the new hash of all chains `before`. Without any, `objects` itself."""
    if not before:
        return tuple(objects)
    sequence = digest_of(digest, write_sequence(before))
    return tuple(digest_of(digest, one + sequence) for one in objects)
