"""Reading a log from its tiles, believing none of them before it leads to a signed root.

    fetch = tile_reader(verified.checkpoint, source)
    inclusion_proof(index, verified.checkpoint.size, fetch)     # made from tiles that anybody served

The partial tiles at the right edge make up the checkpoint's root; every full tile is one hash in the tile
above it. So a tile is either proven or refused, and nothing has to be taken on trust between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from signing.log.checkpoint import Checkpoint
from signing.log.refusal import NotProven
from signing.log.tiles import (
    HEIGHT,
    WIDTH,
    EntryBundle,
    Tile,
    partial_tiles,
    read_bundle,
    read_tile,
    tile_holding,
    tiles_holding,
)
from signing.log.tree import CompactRange, Fetch, Node, cover, leaf_hash, node_hash
from signing.reasons import Reason

TileSource = Callable[[Sequence[Tile]], Sequence[bytes]]
"""Returns the bytes of the tiles asked for, in that order and exactly as wide: a log that no longer has a
partial tile has the full one, of which the source gives the beginning. Asked once for all that are needed."""


def tile_reader(checkpoint: Checkpoint, source: TileSource) -> Fetch:
    """Returns a `Fetch` that has its nodes from tiles and proves each against `checkpoint`, which the caller
    has verified.

    The reader raises `NotProven`: `LOG_TILE_MALFORMED` for a tile of another length, `LOG_TILE_ALTERED` for
    one that does not lead to the checkpoint's root; `ValueError` when asked for a node that the tree has not.
    """

    def fetch(nodes: Sequence[Node]) -> Sequence[bytes]:
        tiles = needed_tiles(nodes, checkpoint.size)
        contents = source(tiles)
        if len(contents) != len(tiles):
            raise NotProven(Reason.LOG_TILE_MALFORMED, f"{len(contents)} tiles came instead of {len(tiles)}")
        hashes = {tile: read_tile(tile, content) for tile, content in zip(tiles, contents, strict=True)}
        _prove(checkpoint, hashes)
        return tuple(_node(node, checkpoint.size, hashes) for node in nodes)

    return fetch


def needed_tiles(nodes: Sequence[Node], size: int) -> tuple[Tile, ...]:
    """Returns the tiles that it takes to have `nodes` and to prove them: theirs, those above, and the right
    edge. Raises `ValueError` when a tree of `size` leaves has not got a node."""
    tiles = dict.fromkeys(partial_tiles(size))
    for tile in tiles_holding(nodes, size):
        one = tile
        while one not in tiles:
            tiles[one] = None
            one = tile_holding(_root_of(one), size)
    return tuple(tiles)


def check_entries(bundle: EntryBundle, content: bytes, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """Returns the bundle's entries when each hashes to its leaf. `leaves` are the proven hashes of the tile
    with the same index and width. Raises `NotProven`: `LOG_TILE_MALFORMED`, `LOG_TILE_ALTERED`."""
    entries = read_bundle(bundle, content)
    if tuple(map(leaf_hash, entries)) != tuple(leaves):
        raise NotProven(Reason.LOG_TILE_ALTERED, f"{bundle.path} holds an entry that is not the log's")
    return entries


def _prove(checkpoint: Checkpoint, hashes: Mapping[Tile, Sequence[bytes]]) -> None:
    """Holds every tile to the checkpoint's root: the right edge first, then the full ones from the top."""
    size = checkpoint.size
    edge = tuple(_node(node, size, hashes) for node in cover(0, size))
    if CompactRange(size, edge).root() != checkpoint.root:
        raise NotProven(Reason.LOG_TILE_ALTERED, "the tiles at the right edge do not make up the log's root")
    for tile in sorted(hashes, key=lambda one: -one.level):
        if tile.width == WIDTH and _fold(hashes[tile]) != _node(_root_of(tile), size, hashes):
            raise NotProven(Reason.LOG_TILE_ALTERED, f"{tile.path} does not lead to the log's root")


def _node(node: Node, size: int, hashes: Mapping[Tile, Sequence[bytes]]) -> bytes:
    level, index = node
    span = 1 << level % HEIGHT
    start = index * span % WIDTH
    return _fold(hashes[tile_holding(node, size)][start : start + span])


def _root_of(tile: Tile) -> Node:
    """The node that a full tile's hashes make up."""
    return (tile.level + 1) * HEIGHT, tile.index


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of neighbouring nodes."""
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]
