"""Tiles (https://c2sp.org/tlog-tiles): the tree in files of 256 hashes, named by their place.

    for tile in full_tiles(old_size, size):
        write(tile.path, tile_content(tile, fetch))     # tile/0/x001/067, never to change again

`signing.log.reading` reads and checks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from signing.log.fields import HASH_SIZE, LARGEST
from signing.log.refusal import NotProven
from signing.log.tree import Fetch, Node, fetched
from signing.reasons import Reason

HEIGHT = 8
"""Levels of the tree in one tile."""
WIDTH = 1 << HEIGHT
"""Hashes of a full tile, and entries of a full bundle."""
LONGEST_ENTRY = 0xFFFF
"""Bytes of one entry in a bundle: its length is written in two."""
HIGHEST = 7
"""The highest level of tiles that a tree of `LARGEST` leaves has."""

_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """`width` neighbouring nodes of one level: of level 0 the leaves, of level 1 the roots of full tiles of
    level 0, and so on. Raises `ValueError` when there can be no such tile."""

    level: int
    index: int
    width: int = WIDTH
    """256, or fewer at the right edge of a tree."""

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 63:
            raise ValueError("a tile's level is 0 to 63")
        _check_place(self.index, self.width)

    @property
    def path(self) -> str:
        """Such as `tile/0/x001/067.p/5`."""
        return _path(str(self.level), self.index, self.width)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Those whose hashes the tile holds, in order."""
        first = self.index * WIDTH
        return tuple((self.level * HEIGHT, first + place) for place in range(self.width))


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryBundle:
    """The entries whose hashes the tile of level 0 with the same index holds."""

    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        _check_place(self.index, self.width)

    @property
    def path(self) -> str:
        """Such as `tile/entries/x001/067.p/5`."""
        return _path("entries", self.index, self.width)


def parse_path(path: str) -> Tile | EntryBundle:
    """Reads a tile's or a bundle's path in its one spelling. Raises `ValueError`."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise ValueError("no path of a tile")
    level, places, partial = found.groups()
    index, width = int(places.replace("x", "").replace("/", "")), int(partial or WIDTH)
    if partial and width == WIDTH:
        raise ValueError("a full tile has no width in its path")
    read = (
        EntryBundle(index=index, width=width)
        if level == "entries"
        else Tile(level=int(level), index=index, width=width)
    )
    if read.path != path:
        raise ValueError("a tile's path in another spelling than its one")
    return read


def full_tiles(old_size: int, size: int) -> tuple[Tile, ...]:
    """Returns the tiles that become full when a tree grows from `old_size` to `size` leaves, lower levels
    first. None of them ever changes again."""
    return tuple(
        Tile(level=level, index=index)
        for level in range(HIGHEST)
        for index in range(old_size >> HEIGHT * (level + 1), size >> HEIGHT * (level + 1))
    )


def partial_tiles(size: int) -> tuple[Tile, ...]:
    """Returns the tiles at the right edge of a tree of `size` leaves that are not full, at most eight."""
    edges = ((level, size >> HEIGHT * level) for level in range(HIGHEST + 1))
    return tuple(
        Tile(level=level, index=nodes // WIDTH, width=nodes % WIDTH)
        for level, nodes in edges
        if nodes % WIDTH
    )


def tile_holding(node: Node, size: int) -> Tile:
    """Returns the tile from which `node` is had, as wide as a tree of `size` leaves makes it.

    Raises `ValueError` when that tree does not have the node complete.
    """
    level, index = node
    if level < 0 or index < 0 or index + 1 > size >> level:
        raise ValueError(f"a tree of {size} leaves has no node {node}")
    tile_level, inner = divmod(level, HEIGHT)
    place = (index << inner) // WIDTH
    return Tile(
        level=tile_level, index=place, width=min(WIDTH, (size >> HEIGHT * tile_level) - place * WIDTH)
    )


def tiles_holding(nodes: Sequence[Node], size: int) -> tuple[Tile, ...]:
    """Returns the tiles from which `nodes` are had, each once, in order of first use."""
    return tuple(dict.fromkeys(tile_holding(node, size) for node in nodes))


def tile_content(tile: Tile, fetch: Fetch) -> bytes:
    """Returns a tile's bytes, from stored nodes."""
    return b"".join(fetched(fetch, tile.nodes))


def read_tile(tile: Tile, content: bytes) -> tuple[bytes, ...]:
    """Returns a tile's hashes. Raises `NotProven` with `LOG_TILE_MALFORMED` unless it holds exactly as many
    as its width; whether they are the log's, only `signing.log.reading` says."""
    if len(content) != tile.width * HASH_SIZE:
        raise NotProven(
            Reason.LOG_TILE_MALFORMED,
            f"{tile.path} has {len(content)} bytes instead of {tile.width * HASH_SIZE}",
        )
    return tuple(content[at : at + HASH_SIZE] for at in range(0, len(content), HASH_SIZE))


def bundle_content(entries: Iterable[bytes]) -> bytes:
    """Returns a bundle's bytes: each entry after its length. Raises `ValueError` when one has more than
    65,535 bytes, which the format cannot hold."""
    entries = tuple(entries)
    if any(len(entry) > LONGEST_ENTRY for entry in entries):
        raise ValueError(f"an entry of more than {LONGEST_ENTRY} bytes fits no bundle")
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def read_bundle(bundle: EntryBundle, content: bytes) -> tuple[bytes, ...]:
    """Returns a bundle's entries, not checked against the tree. Raises `NotProven` with
    `LOG_TILE_MALFORMED`."""
    entries: list[bytes] = []
    at = 0
    while at < len(content) and len(entries) <= bundle.width:
        length = int.from_bytes(content[at : at + 2])
        entries.append(content[at + 2 : at + 2 + length])
        at += 2 + length
    if at != len(content) or len(entries) != bundle.width:
        raise NotProven(Reason.LOG_TILE_MALFORMED, f"{bundle.path} does not hold {bundle.width} entries")
    return tuple(entries)


def _path(level: str, index: int, width: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    *upper, last = (digits[at : at + 3] for at in range(0, len(digits), 3))
    places = "/".join((*(f"x{place}" for place in upper), last))
    return f"tile/{level}/{places}{'' if width == WIDTH else f'.p/{width}'}"


def _check_place(index: int, width: int) -> None:
    if not 0 <= index <= LARGEST or not 1 <= width <= WIDTH:
        raise ValueError("a tile's index is not negative, its width 1 to 256")
