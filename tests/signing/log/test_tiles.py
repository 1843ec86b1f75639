"""Tiles: paths as published, content as the tree has it, nothing believed that does not lead to the root."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from signing.log import (
    Checkpoint,
    CompactRange,
    EntryBundle,
    NotProven,
    Tile,
    bundle_content,
    check_entries,
    consistency_nodes,
    consistency_proof,
    full_tiles,
    inclusion_proof,
    leaf_hash,
    needed_tiles,
    parse_path,
    partial_tiles,
    read_bundle,
    read_tile,
    tile_content,
    tile_reader,
)
from signing.verdict import Reason
from tests.signing.log import naive
from tests.signing.log.world import ORIGIN


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("tile/0/000", Tile(level=0, index=0)),
        ("tile/0/x001/067.p/5", Tile(level=0, index=1067, width=5)),
        ("tile/3/x001/x234/067", Tile(level=3, index=1234067)),
        ("tile/63/999.p/255", Tile(level=63, index=999, width=255)),
        ("tile/entries/x001/x234/067", EntryBundle(index=1234067)),
        ("tile/entries/000.p/1", EntryBundle(index=0, width=1)),
    ],
)
def test_paths_are_as_the_specification_writes_them(path: str, place: Tile | EntryBundle) -> None:
    assert place.path == path
    assert parse_path(path) == place


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/1",
        "tile/0/0001",
        "tile/0/123/456/078",
        "tile/0/x123/x456/x078",
        "tile/0/x000/001",
        "tile/-1/001",
        "tile/64/001",
        "tile/00/001",
        "tile/data/001",
        "tile/0/001.p/0",
        "tile/0/001.p/05",
        "tile/0/001.p/256",
        "tile/0/001.p/999",
        "tile/0/001.p/",
        "tile/0/٠٠١",
        "tile/0/001\n",
        "/tile/0/001",
        "tile/0/../001",
        "tile/0/" + "x999/" * 7 + "999",
        "tile/0/" + "x999/" * 5000 + "999",
        "",
    ],
)
def test_no_other_path_names_a_tile(path: str) -> None:
    with pytest.raises(ValueError):
        parse_path(path)


def test_the_specifications_tree_of_seventy_thousand_has_its_tiles() -> None:
    full = full_tiles(0, 70_000)
    assert [sum(tile.level == level for tile in full) for level in range(3)] == [273, 1, 0]
    assert partial_tiles(70_000) == (
        Tile(level=0, index=273, width=112),
        Tile(level=1, index=1, width=17),
        Tile(level=2, index=0, width=1),
    )
    assert (full_tiles(0, 256), partial_tiles(256)) == (
        (Tile(level=0, index=0),),
        (Tile(level=1, index=0, width=1),),
    )


def test_a_tree_that_is_empty_or_did_not_grow_has_no_new_tiles() -> None:
    assert (full_tiles(0, 0), partial_tiles(0), full_tiles(70_000, 70_000)) == ((), (), ())
    assert full_tiles(0, 255) == ()
    assert full_tiles(65_535, 65_536) == (Tile(level=0, index=255), Tile(level=1, index=0))


@given(st.lists(st.integers(0, 200_000), min_size=3, max_size=3).map(sorted))
def test_tiles_become_full_once_however_the_tree_grows(sizes: list[int]) -> None:
    first, second, third = sizes
    grown = (*full_tiles(first, second), *full_tiles(second, third))
    assert sorted(grown, key=place) == sorted(full_tiles(first, third), key=place)


def place(tile: Tile) -> tuple[int, int]:
    return tile.level, tile.index


class Served:
    """A log of `size` leaves that serves its tiles, and what was asked of it."""

    def __init__(self, size: int) -> None:
        self.leaves = [b"entry %d" % each for each in range(size)]
        tree, nodes = CompactRange().append(map(leaf_hash, self.leaves))
        self.store = naive.Store(nodes)
        self.head = Checkpoint(origin=ORIGIN, size=size, root=tree.root())
        self.asked: list[Sequence[Tile]] = []

    def __call__(self, tiles: Sequence[Tile]) -> list[bytes]:
        self.asked.append(tiles)
        return [tile_content(tile, self.store) for tile in tiles]


LOG = Served(66_000)


def test_tiles_hold_the_hashes_that_the_specification_names() -> None:
    low = read_tile(Tile(level=0, index=3), tile_content(Tile(level=0, index=3), LOG.store))
    assert low == tuple(map(leaf_hash, LOG.leaves[768:1024]))
    high = read_tile(Tile(level=1, index=0), tile_content(Tile(level=1, index=0), LOG.store))
    assert high[3] == naive.tree_hash(LOG.leaves[768:1024])
    top = read_tile(Tile(level=2, index=0, width=1), tile_content(Tile(level=2, index=0, width=1), LOG.store))
    assert top == (naive.tree_hash(LOG.leaves[:65_536]),)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 66_000), st.data())
@example(1, None)
@example(255, None)
@example(256, None)
@example(257, None)
@example(65_536, None)
@example(65_792, None)
def test_proofs_made_from_tiles_are_those_made_from_the_store(size: int, data: st.DataObject | None) -> None:
    index = data.draw(st.integers(0, size - 1)) if data else size - 1
    old = data.draw(st.integers(0, size)) if data else size // 2
    head = Checkpoint(origin=ORIGIN, size=size, root=CompactRange.of(size, LOG.store).root())
    asked: list[Sequence[Tile]] = []

    def source(tiles: Sequence[Tile]) -> list[bytes]:
        asked.append(tiles)
        return [tile_content(tile, LOG.store) for tile in tiles]

    fetch = tile_reader(head, source)
    assert inclusion_proof(index, size, fetch) == inclusion_proof(index, size, LOG.store)
    assert consistency_proof(old, size, fetch) == consistency_proof(old, size, LOG.store)
    if size > 1:
        assert fetch([(0, index)]) == (leaf_hash(LOG.leaves[index]),)
    for tiles in asked:
        assert len(tiles) == len(set(tiles)) <= 9
        assert all(parse_path(tile.path) == tile for tile in tiles)


SMALL = Served(600)
SMALL_TILES = (
    Tile(level=0, index=0),
    Tile(level=0, index=1),
    Tile(level=0, index=2, width=88),
    Tile(level=1, index=0, width=2),
)


def reading(change: Callable[[Tile, bytes], bytes]) -> Reason | None:
    """Reads all of the small log through tiles that were changed on the way."""
    fetch = tile_reader(
        SMALL.head,
        lambda tiles: [change(tile, tile_content(tile, SMALL.store)) for tile in tiles],
    )
    try:
        found = fetch([(0, 0), (0, 256), (0, 599)])
    except NotProven as error:
        return error.reason
    assert list(found) == [leaf_hash(SMALL.leaves[each]) for each in (0, 256, 599)]
    return None


def test_the_tiles_that_it_takes_are_named_beforehand() -> None:
    assert set(needed_tiles([(0, 0), (0, 256), (0, 599)], 600)) == set(SMALL_TILES)
    assert needed_tiles([], 0) == ()
    assert reading(lambda _, content: content) is None


@pytest.mark.parametrize("tile", SMALL_TILES, ids=lambda tile: tile.path)
def test_a_tile_with_any_hash_altered_is_refused(tile: Tile) -> None:
    for at in range(tile.width):
        byte = at * 32 + at % 32

        def altered(one: Tile, content: bytes, byte: int = byte) -> bytes:
            if one != tile:
                return content
            return content[:byte] + bytes((content[byte] ^ 1 << byte % 8,)) + content[byte + 1 :]

        assert reading(altered) is Reason.LOG_TILE_ALTERED


@pytest.mark.parametrize("tile", SMALL_TILES, ids=lambda tile: tile.path)
def test_a_tile_of_another_length_is_refused(tile: Tile) -> None:
    for change in (
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:-32],
        lambda content: content + b"\0",
        lambda content: content + content[:32],
    ):
        assert reading(lambda one, content, change=change: change(content) if one == tile else content) is (
            Reason.LOG_TILE_MALFORMED
        )


def test_another_logs_tiles_are_refused() -> None:
    other = naive.Store(CompactRange().append(leaf_hash(b"%d" % each) for each in range(600))[1])
    assert reading(lambda tile, _: tile_content(tile, other)) is Reason.LOG_TILE_ALTERED


def test_as_many_tiles_must_come_as_were_asked_for() -> None:
    for wrong in ([], [b""] * 9):
        with pytest.raises(NotProven) as error:
            tile_reader(SMALL.head, lambda _, wrong=wrong: wrong)([(0, 0)])
        assert error.value.reason is Reason.LOG_TILE_MALFORMED


@pytest.mark.parametrize("node", [(0, 600), (10, 0), (9, 1), (1, 300), (-1, 0), (0, -1)])
def test_a_node_that_the_tree_has_not_is_asked_of_nobody(node: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="has no node"):
        needed_tiles([node], 600)


def test_the_largest_trees_tiles_are_few_and_have_paths() -> None:
    size = (1 << 63) - 1
    tiles = needed_tiles(consistency_nodes(size // 3, size), size)
    assert len(tiles) <= 24
    assert all(parse_path(tile.path) == tile for tile in tiles)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_holds_its_entries(entries: list[bytes]) -> None:
    bundle = EntryBundle(index=0, width=len(entries))
    content = bundle_content(entries)
    assert read_bundle(bundle, content) == tuple(entries)
    assert check_entries(bundle, content, [leaf_hash(one) for one in entries]) == tuple(entries)


def test_a_bundle_cut_lengthened_or_altered_is_refused() -> None:
    entries = [b"", b"one", b"x" * 300]
    bundle, content = EntryBundle(index=7, width=3), bundle_content(entries)
    leaves = [leaf_hash(one) for one in entries]
    wrong = [content[:cut] for cut in range(len(content))]
    wrong += [content + b"\0", content + b"\0\0", content * 2]
    wrong += [content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :] for at in range(len(content))]
    for each in wrong:
        with pytest.raises(NotProven) as error:
            check_entries(bundle, each, leaves)
        assert error.value.reason in (Reason.LOG_TILE_MALFORMED, Reason.LOG_TILE_ALTERED)


def test_an_entry_beyond_what_the_format_holds_fits_no_bundle() -> None:
    assert len(bundle_content([b"x" * 0xFFFF])) == 0x10001
    with pytest.raises(ValueError, match="fits no bundle"):
        bundle_content([b"x" * 0x10000])


@pytest.mark.parametrize("wrong", [{"level": 64}, {"level": -1}, {"index": -1}, {"width": 0}, {"width": 257}])
def test_a_tile_that_cannot_be_is_not_made(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="tile"):
        Tile(**{"level": 0, "index": 0, **wrong})
