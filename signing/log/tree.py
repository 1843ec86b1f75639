"""The log's tree (RFC 6962, section 2.1): hashing, and growing it without its leaves.

    grown, nodes = CompactRange().append([leaf_hash(b"first"), leaf_hash(b"second")])
    grown.root()        # the tree hash of both
    nodes               # what a store keeps: ((0, 0), …), ((0, 1), …), ((1, 0), …)

A node is named by `(level, index)`: the root of the complete subtree over the leaves
`index << level` up to, not including, `(index + 1) << level`. Once it is there it never changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from signing.log.fields import HASH_SIZE, LARGEST

Node = tuple[int, int]
"""Level, from 0 at the leaves, and index within the level."""
Fetch = Callable[[Sequence[Node]], Sequence[bytes]]
"""Returns the hashes of the nodes asked for, in that order. Called once for all that are needed; whatever it
raises passes through."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The tree hash of no leaves. Not the hash of an empty leaf, which is `leaf_hash(b"")`."""


def leaf_hash(content: bytes) -> bytes:
    """Returns the hash of a leaf: SHA-256 over `0x00 || content`."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Returns the hash of an interior node: SHA-256 over `0x01 || left || right`."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class CompactRange:
    """All that is needed of a tree to append to it and to know its root: one hash for every bit of its size.

    Raises `ValueError` when the number of hashes does not fit the size.
    """

    size: int = 0
    """Leaves, at most 2**63 - 1."""
    hashes: tuple[bytes, ...] = ()
    """The roots of the complete subtrees that make up the tree, the largest and leftmost first."""

    def __post_init__(self) -> None:
        if not 0 <= self.size <= LARGEST:
            raise ValueError(f"a tree cannot have {self.size} leaves")
        _check_hashes(self.hashes, self.size.bit_count())

    @classmethod
    def of(cls, size: int, fetch: Fetch) -> CompactRange:
        """Reads the range of a tree of `size` leaves back from its stored nodes."""
        return cls(size, fetched(fetch, cover(0, size)))

    def append(self, leaves: Iterable[bytes]) -> tuple[CompactRange, tuple[tuple[Node, bytes], ...]]:
        """Returns the tree with these leaf hashes at its end, and every node that it made, children before
        parents. A leaf costs one hash on average and never more than the tree is high. Raises `ValueError`
        when one is no hash."""
        size, stack = self.size, list(self.hashes)
        made: list[tuple[Node, bytes]] = []
        for leaf in leaves:
            _check_hashes((leaf,), 1)
            level, index, value = 0, size, leaf
            made.append(((level, index), value))
            while index & 1:
                level, index, value = level + 1, index >> 1, node_hash(stack.pop(), value)
                made.append(((level, index), value))
            stack.append(value)
            size += 1
        return CompactRange(size, tuple(stack)), tuple(made)

    def root(self) -> bytes:
        """Returns the tree hash, `EMPTY_ROOT` when there are no leaves."""
        return fold(self.hashes) if self.hashes else EMPTY_ROOT


def cover(start: int, end: int) -> tuple[Node, ...]:
    """Returns the complete subtrees that make up the leaves from `start` to `end` (not included), left to
    right; each as large as alignment and length allow."""
    nodes: list[Node] = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        nodes.append((level, start >> level))
        start += 1 << level
    return tuple(nodes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """Returns the hash over neighbouring subtrees, the largest and leftmost first; at least one."""
    *left, value = hashes
    for one in reversed(left):
        value = node_hash(one, value)
    return value


def fetched(fetch: Fetch, nodes: Sequence[Node]) -> tuple[bytes, ...]:
    """Fetches `nodes`, in one call and none when there are none. Raises `ValueError` when the store
    answers with anything but one hash for each."""
    hashes = tuple(fetch(nodes)) if nodes else ()
    _check_hashes(hashes, len(nodes))
    return hashes


def _check_hashes(hashes: Sequence[bytes], count: int) -> None:
    if len(hashes) != count or any(len(one) != HASH_SIZE for one in hashes):
        raise ValueError(f"{count} hashes of {HASH_SIZE} bytes are needed")
