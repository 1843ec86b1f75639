"""The tree, held to published vectors and to the RFC's own recursion.

The leaves, roots and proofs below are the reference data of the Certificate Transparency projects, as in
github.com/transparency-dev/merkle (proof/verify_test.go, rfc6962/rfc6962_test.go).
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.log import (
    EMPTY_ROOT,
    CompactRange,
    NotProven,
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency_proof,
    verify_inclusion_proof,
)
from signing.log.tree import cover
from signing.verdict import Reason
from tests.signing.log import naive

LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(one)
    for one in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
"""By tree size, from 0."""
A, B, C, D, E, F, G, H = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
)
INCLUSION = {
    (0, 1): (),
    (0, 8): (A, B, C),
    (5, 8): (D, E, F),
    (2, 3): (ROOTS[2].hex(),),
    (1, 5): (ROOTS[1].hex(), B, D),
}
"""By index and size."""
CONSISTENCY = {
    (1, 1): (),
    (1, 8): (A, B, C),
    (6, 8): (G, E, F),
    (2, 5): (B, D),
    (6, 7): (G, H, F),
}
"""By old and new size."""


def stored(leaves: list[bytes]) -> naive.Store:
    return naive.Store(CompactRange().append(map(leaf_hash, leaves))[1])


def unhex(hashes: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(map(bytes.fromhex, hashes))


def test_leaves_and_nodes_hash_as_published() -> None:
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == (
        "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    )


def test_an_empty_tree_is_not_a_tree_of_an_empty_leaf() -> None:
    assert CompactRange().root() == EMPTY_ROOT == ROOTS[0]
    assert CompactRange().append([leaf_hash(b"")])[0].root() == ROOTS[1] != EMPTY_ROOT


@pytest.mark.parametrize("size", range(9))
def test_roots_are_as_published(size: int) -> None:
    assert CompactRange().append(map(leaf_hash, LEAVES[:size]))[0].root() == ROOTS[size]


@pytest.mark.parametrize(("place", "proof"), INCLUSION.items())
def test_inclusion_proofs_are_as_published(place: tuple[int, int], proof: tuple[str, ...]) -> None:
    index, size = place
    assert inclusion_proof(index, size, stored(LEAVES)) == unhex(proof)
    verify_inclusion_proof(leaf_hash(LEAVES[index]), index, size, ROOTS[size], unhex(proof))


@pytest.mark.parametrize(("sizes", "proof"), CONSISTENCY.items())
def test_consistency_proofs_are_as_published(sizes: tuple[int, int], proof: tuple[str, ...]) -> None:
    old, new = sizes
    assert consistency_proof(old, new, stored(LEAVES)) == unhex(proof)
    verify_consistency_proof(old, ROOTS[old], new, ROOTS[new], unhex(proof))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 140), st.data())
def test_every_tree_and_proof_is_the_recursions(size: int, data: st.DataObject) -> None:
    leaves = [b"leaf %d" % each for each in range(size)]
    old = data.draw(st.integers(0, size))
    first, before = CompactRange().append(map(leaf_hash, leaves[:old]))
    tree, after = first.append(map(leaf_hash, leaves[old:]))
    store = naive.Store((*before, *after))
    assert tree.root() == naive.tree_hash(leaves)
    assert len(store.nodes) == len(before) + len(after) == 2 * size - size.bit_count(), "each node once"
    assert CompactRange.of(old, store) == first
    if old:
        proof = consistency_proof(old, size, store)
        assert list(proof) == naive.proof(old, leaves)
    else:
        proof = consistency_proof(0, size, store)
        assert proof == ()
    verify_consistency_proof(old, first.root(), size, tree.root(), proof)
    if size:
        index = data.draw(st.integers(0, size - 1))
        path = inclusion_proof(index, size, store)
        assert list(path) == naive.path(index, leaves)
        verify_inclusion_proof(leaf_hash(leaves[index]), index, size, tree.root(), path)


def test_every_small_proof_holds_for_its_place_alone() -> None:
    leaves = [b"%d" % each for each in range(13)]
    store = stored(leaves)
    roots = [naive.tree_hash(leaves[:size]) for size in range(14)]
    for size, index in itertools.product(range(1, 14), range(13)):
        if index >= size:
            continue
        path = inclusion_proof(index, size, store)
        for other_size, other in itertools.product(range(14), range(-1, 15)):
            held = verifies_inclusion(leaf_hash(leaves[index]), other, other_size, roots[other_size], path)
            assert held == ((other_size, other) == (size, index))
    for old, new in itertools.product(range(14), repeat=2):
        if old > new:
            continue
        proof = consistency_proof(old, new, store)
        for first, second in itertools.product(range(14), repeat=2):
            held = connects(first, roots[first], second, roots[second], proof)
            trivial = not proof and (first == second or first == 0)
            assert held == (trivial or ((first, second) == (old, new) and first <= second)), (old, new)


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 70), st.data())
def test_a_proof_with_anything_changed_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = [b"%d" % each for each in range(size)]
    store = stored(leaves)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root, old_root = naive.tree_hash(leaves), naive.tree_hash(leaves[:old])
    leaf = leaf_hash(leaves[index])
    path = inclusion_proof(index, size, store)
    for wrong in changed(path, root, data):
        assert not verifies_inclusion(leaf, index, size, root, wrong)
    assert not verifies_inclusion(flipped(leaf, data), index, size, root, path)
    assert not verifies_inclusion(leaf, index, size, flipped(root, data), path)
    proof = consistency_proof(old, size, store)
    for wrong in changed(proof, root, data):
        assert not connects(old, old_root, size, root, wrong)
    assert not connects(old, flipped(old_root, data), size, root, proof)
    assert not connects(old, old_root, size, flipped(root, data), proof)


def changed(proof: tuple[bytes, ...], root: bytes, data: st.DataObject) -> list[tuple[bytes, ...]]:
    wrong = [(*proof, root), (root, *proof), (*proof, b""), (b"", *proof)]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        wrong += [
            proof[:-1],
            proof[1:],
            (*proof[:place], flipped(proof[place], data), *proof[place + 1 :]),
            (*proof[:place], proof[place][:-1], *proof[place + 1 :]),
        ]
    return wrong


def flipped(value: bytes, data: st.DataObject) -> bytes:
    at = data.draw(st.integers(0, 255))
    return (int.from_bytes(value) ^ 1 << at).to_bytes(32)


def verifies_inclusion(leaf: bytes, index: int, size: int, root: bytes, path: tuple[bytes, ...]) -> bool:
    try:
        verify_inclusion_proof(leaf, index, size, root, path)
    except NotProven:
        return False
    return True


def connects(old: int, old_root: bytes, new: int, root: bytes, proof: tuple[bytes, ...]) -> bool:
    try:
        verify_consistency_proof(old, old_root, new, root, proof)
    except NotProven:
        return False
    return True


SOME = bytes.fromhex("00" * 31 + "17")


@pytest.mark.parametrize(
    ("leaf", "index", "size", "root", "reason"),
    [
        (SOME, 0, 0, EMPTY_ROOT, Reason.LOG_WRONG_SIZE),
        (leaf_hash(b""), 0, 0, EMPTY_ROOT, Reason.LOG_WRONG_SIZE),
        (SOME, 1, 1, SOME, Reason.LOG_WRONG_SIZE),
        (SOME, -1, 1, SOME, Reason.LOG_WRONG_SIZE),
        (SOME, 0, 2, SOME, Reason.LOG_WRONG_SIZE),
        (SOME, 0, 1 << 63, SOME, Reason.LOG_WRONG_SIZE),
        (b"", 0, 1, b"", Reason.LOG_NOT_INCLUDED),
        (EMPTY_ROOT, 0, 1, leaf_hash(b""), Reason.LOG_NOT_INCLUDED),
    ],
)
def test_the_edges_of_inclusion_are_refused(
    leaf: bytes, index: int, size: int, root: bytes, reason: Reason
) -> None:
    with pytest.raises(NotProven) as error:
        verify_inclusion_proof(leaf, index, size, root, ())
    assert error.value.reason is reason


@pytest.mark.parametrize(
    ("old", "old_root", "size", "root", "proof", "reason"),
    [
        (0, EMPTY_ROOT, 0, EMPTY_ROOT, (), None),
        (0, EMPTY_ROOT, 1, SOME, (), None),
        (1, SOME, 1, SOME, (), None),
        (0, SOME, 0, SOME, (), Reason.LOG_SPLIT_VIEW),
        (0, SOME, 1, SOME, (), Reason.LOG_SPLIT_VIEW),
        (0, EMPTY_ROOT, 0, EMPTY_ROOT, (SOME,), Reason.LOG_SPLIT_VIEW),
        (0, EMPTY_ROOT, 1, SOME, (SOME,), Reason.LOG_SPLIT_VIEW),
        (1, SOME, 1, SOME, (SOME,), Reason.LOG_SPLIT_VIEW),
        (1, SOME, 1, EMPTY_ROOT, (), Reason.LOG_SPLIT_VIEW),
        (1, SOME, 2, SOME, (), Reason.LOG_SPLIT_VIEW),
        (1, b"", 1, b"", (), Reason.LOG_SPLIT_VIEW),
        (1, SOME, 0, EMPTY_ROOT, (), Reason.LOG_ROLLBACK),
        (2, SOME, 1, SOME, (), Reason.LOG_ROLLBACK),
        (-1, EMPTY_ROOT, 1, SOME, (), Reason.LOG_WRONG_SIZE),
        (1, SOME, 1 << 63, SOME, (), Reason.LOG_WRONG_SIZE),
    ],
)
def test_the_edges_of_consistency_are_told_apart(
    old: int, old_root: bytes, size: int, root: bytes, proof: tuple[bytes, ...], reason: Reason | None
) -> None:
    if reason is None:
        verify_consistency_proof(old, old_root, size, root, proof)
        return
    with pytest.raises(NotProven) as error:
        verify_consistency_proof(old, old_root, size, root, proof)
    assert error.value.reason is reason


def test_what_cannot_be_proven_is_not_asked_of_the_store() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 3)):
        with pytest.raises(ValueError, match="has no leaf"):
            inclusion_nodes(index, size)
    for old, new in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="does not begin"):
            consistency_nodes(old, new)


def test_a_proof_takes_one_fetch_of_few_nodes() -> None:
    store = stored([b"%d" % each for each in range(1000)])
    inclusion_proof(123, 1000, store)
    consistency_proof(123, 1000, store)
    assert [list(asked) for asked in store.fetches] == [
        list(inclusion_nodes(123, 1000)),
        list(consistency_nodes(123, 1000)),
    ]
    assert all(len(asked) <= 2 * 10 for asked in store.fetches)


def test_a_huge_trees_proofs_need_few_nodes() -> None:
    size = (1 << 63) - 1
    assert len(cover(0, size)) == 63
    assert len(inclusion_nodes(size - 1, size)) == 62
    assert len(inclusion_nodes(0, size)) <= 2 * 63
    assert len(consistency_nodes(size - 1, size)) <= 2 * 63


@pytest.mark.parametrize("answer", [[], [b""], [b"\0" * 31], [b"\0" * 32] * 3])
def test_a_store_that_answers_amiss_is_not_believed(answer: list[bytes]) -> None:
    with pytest.raises(ValueError, match="are needed"):
        inclusion_proof(0, 2, lambda _: answer)
    with pytest.raises(ValueError, match="are needed"):
        CompactRange.of(2, lambda _: answer)


def test_a_range_holds_one_hash_for_every_bit_of_its_size() -> None:
    for size, hashes in ((0, (SOME,)), (3, (SOME,)), (1, (b"short",)), (-1, ()), (1 << 63, (SOME,))):
        with pytest.raises(ValueError, match=r"needed|cannot have"):
            CompactRange(size, hashes)
    with pytest.raises(ValueError, match="needed"):
        CompactRange().append([b"a leaf that nobody hashed", SOME])


def test_appending_leaves_the_old_range_as_it_was() -> None:
    first, _ = CompactRange().append([leaf_hash(b"a")])
    second, nodes = first.append([leaf_hash(b"b")])
    assert (first.size, first.root()) == (1, leaf_hash(b"a"))
    assert nodes == (((0, 1), leaf_hash(b"b")), ((1, 0), node_hash(leaf_hash(b"a"), leaf_hash(b"b"))))
    assert second.append([]) == (second, ())
