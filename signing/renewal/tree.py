"""Hash trees of RFC 4998 (section 4.2): each parent is the hash of its children, sorted and joined.

    row = [group("sha256", hashes) for hashes in groups]      # None where a group has nothing left
    top = root("sha256", row)
    reduced = ((*sorted(groups[7]),), *path("sha256", row, 7))

Trees are binary, and a node without a sibling moves up as it is. A list of one hash stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from signing.algorithms import digest_of


def group(digest: str, hashes: Iterable[bytes]) -> bytes | None:
    """Returns the hash over a list of hashes: of data objects that belong together, or of a node's
    children. None for an empty one."""
    found = sorted(hashes)
    if len(found) < 2:
        return found[0] if found else None
    return digest_of(digest, b"".join(found))


def root(digest: str, row: Sequence[bytes | None]) -> bytes | None:
    """Returns the root over `row`; None when nothing is in it."""
    level = list(row)
    while len(level) > 1:
        level = _above(digest, level)
    return level[0] if level else None


def path(digest: str, row: Sequence[bytes | None], index: int) -> tuple[tuple[bytes, ...], ...]:
    """Returns what stands beside the way from `row[index]` to the root, a list for each step that has
    something: the reduced hash tree without its first list."""
    lists, level = [], list(row)
    while len(level) > 1:
        beside = index ^ 1
        sibling = level[beside] if beside < len(level) else None
        if sibling is not None:
            lists.append((sibling,))
        level, index = _above(digest, level), index >> 1
    return tuple(lists)


def led(digest: str, tree: Sequence[Sequence[bytes]]) -> bytes:
    """Returns the root that a reduced hash tree, of at least one list, leads to (section 4.3)."""
    value: bytes | None = None
    for hashes in tree:
        value = group(digest, hashes if value is None else (*hashes, value))
    assert value is not None
    return value


def _above(digest: str, level: Sequence[bytes | None]) -> list[bytes | None]:
    pairs = (level[start : start + 2] for start in range(0, len(level), 2))
    return [group(digest, [one for one in pair if one is not None]) for pair in pairs]
