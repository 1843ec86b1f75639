"""Proofs that a leaf is in a tree, and that one tree begins with another (RFC 6962, sections 2.1.1, 2.1.2).

    path = inclusion_proof(index, size, fetch)
    verify_inclusion_proof(leaf_hash(content), index, size, root, path)
    verify_consistency_proof(old_size, old_root, size, root, consistency_proof(old_size, size, fetch))

Making and checking a proof walk the same road: `_path` and `_subproof` say over which leaves each of its
hashes stands. Index and sizes alone decide that, so a proof of any other length is wrong before a hash is
computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from signing.log.fields import HASH_SIZE, LARGEST
from signing.log.refusal import NotProven
from signing.log.tree import EMPTY_ROOT, Fetch, Node, cover, fetched, fold, node_hash
from signing.reasons import Reason

_Span = tuple[int, int]
"""Leaves from, up to and not including."""


def inclusion_nodes(index: int, size: int) -> tuple[Node, ...]:
    """Returns the stored nodes that `inclusion_proof` asks for. Raises `ValueError` when the tree has no such
    leaf."""
    return _nodes(_path(index, size))


def inclusion_proof(index: int, size: int, fetch: Fetch) -> tuple[bytes, ...]:
    """Returns the proof that leaf `index` is in the tree of the first `size` leaves, from the leaf's sibling
    up. Raises `ValueError` when that tree has no such leaf."""
    return _folded(_path(index, size), fetch)


def consistency_nodes(old_size: int, size: int) -> tuple[Node, ...]:
    """Returns the stored nodes that `consistency_proof` asks for. Raises `ValueError` when the old tree is
    the larger."""
    return _nodes(_subproof(old_size, size))


def consistency_proof(old_size: int, size: int, fetch: Fetch) -> tuple[bytes, ...]:
    """Returns the proof that the tree of `size` leaves begins with that of `old_size`; empty when the old
    tree is empty or both are one. Raises `ValueError` when the old tree is the larger."""
    return _folded(_subproof(old_size, size), fetch)


def verify_inclusion_proof(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Checks that the leaf hash `leaf` stands at `index` in the tree of `size` leaves and hash `root`.

    Raises `NotProven`: `LOG_WRONG_SIZE` when that tree has no such leaf or its proof has another length,
    `LOG_NOT_INCLUDED` when the proof leads elsewhere.
    """
    try:
        spans = _path(index, size)
    except ValueError as exc:
        raise NotProven(Reason.LOG_WRONG_SIZE, str(exc)) from exc
    if len(proof) != len(spans):
        raise NotProven(
            Reason.LOG_WRONG_SIZE,
            f"leaf {index} of {size} needs {len(spans)} hashes, the proof has {len(proof)}",
        )
    if not _are_hashes(leaf, root, *proof):
        raise NotProven(Reason.LOG_NOT_INCLUDED, "a hash has another length than SHA-256")
    value = leaf
    for (start, _), sibling in zip(spans, proof, strict=True):
        value = node_hash(value, sibling) if start > index else node_hash(sibling, value)
    if value != root:
        raise NotProven(
            Reason.LOG_NOT_INCLUDED, f"the proof for leaf {index} of {size} does not lead to the root"
        )


def verify_consistency_proof(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Checks that the tree of `size` leaves and hash `root` begins with that of `old_size` and `old_root`.

    Raises `NotProven`: `LOG_ROLLBACK` when the old tree is the larger, `LOG_WRONG_SIZE` when a size cannot
    be, `LOG_SPLIT_VIEW` when the proof does not connect the two, whatever is wrong with it.
    """
    if not (0 <= old_size <= LARGEST and 0 <= size <= LARGEST):
        raise NotProven(Reason.LOG_WRONG_SIZE, f"no tree has {max(old_size, size, key=abs)} leaves")
    if old_size > size:
        raise NotProven(Reason.LOG_ROLLBACK, f"the tree had {old_size} leaves and now has {size}")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise NotProven(Reason.LOG_SPLIT_VIEW, "the root of an empty tree is not the hash of nothing")
    if old_size == size and old_root != root:
        raise NotProven(Reason.LOG_SPLIT_VIEW, f"two trees of {size} leaves have different roots")
    spans = _subproof(old_size, size)
    if len(proof) != len(spans) or not _are_hashes(old_root, root, *proof):
        raise NotProven(
            Reason.LOG_SPLIT_VIEW,
            f"from {old_size} to {size} leaves needs {len(spans)} hashes, the proof has {len(proof)}"
            " or one of another length",
        )
    if spans and _joined(old_size, old_root, spans, proof) != (old_root, root):
        raise NotProven(Reason.LOG_SPLIT_VIEW, f"the proof does not connect {old_size} leaves with {size}")


def _joined(
    old_size: int, old_root: bytes, spans: Sequence[_Span], proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Returns the old and the new root that a consistency proof leads to."""
    steps = zip(spans, proof, strict=True)
    # The first hash is the right end of the old tree, left out where that is the whole old tree itself.
    seed = next(islice(steps, 1))[1] if spans[0][1] == old_size else old_root
    old = new = seed
    for (start, _), value in steps:
        if start >= old_size:
            new = node_hash(new, value)
        else:
            old, new = node_hash(value, old), node_hash(value, new)
    return old, new


def _path(index: int, size: int) -> list[_Span]:
    """Over which leaves each hash of an inclusion proof stands, the leaf's sibling first (PATH)."""
    if not 0 <= index < size <= LARGEST:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    spans: list[_Span] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def _subproof(old_size: int, size: int) -> list[_Span]:
    """Over which leaves each hash of a consistency proof stands, the deepest first (SUBPROOF)."""
    if not 0 <= old_size <= size <= LARGEST:
        raise ValueError(f"a tree of {size} leaves does not begin with one of {old_size}")
    if old_size in (0, size):
        return []
    spans: list[_Span] = []
    start, end = 0, size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    if start:
        spans.append((start, end))
    return spans[::-1]


def _split(leaves: int) -> int:
    """The largest power of two smaller than `leaves`, which are more than one."""
    return 1 << (leaves - 1).bit_length() - 1


def _nodes(spans: Sequence[_Span]) -> tuple[Node, ...]:
    return tuple(node for span in spans for node in cover(*span))


def _folded(spans: Sequence[_Span], fetch: Fetch) -> tuple[bytes, ...]:
    hashes = iter(fetched(fetch, _nodes(spans)))
    return tuple(fold(tuple(islice(hashes, len(cover(*span))))) for span in spans)


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_SIZE for value in values)
