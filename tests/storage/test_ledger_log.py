"""The log over every backend: its tree grows with every commit, and what is said about it is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.log import CompactRange, inclusion_nodes, inclusion_proof, verify_inclusion_proof
from signing.log import leaf_hash as hash_of_leaf
from storage.errors import DocumentIdTaken, NotFound
from storage.ledger.base import Ledger
from storage.ledger.records import SignedCheckpoint, Stamp
from storage.ledger.sqlite import SqliteLedger
from storage.ledger.tree import Edge, edge_nodes, leaf_hash
from tests.storage import whole
from tests.storage.records import accepted, at, entry, move, refusal


def checkpoint(size: int, *, salt: str = "") -> SignedCheckpoint:
    return SignedCheckpoint(size=size, note=f"axis/log\n{size}{salt}\n".encode(), at=at(size))


def stamp(size: int, authority: str = "tsa", *, salt: str = "") -> Stamp:
    return Stamp(size=size, authority=authority, token=f"token {size}{salt}".encode(), at=at(size))


async def root(ledger: Ledger) -> tuple[int, bytes]:
    """The root as the nodes that the ledger keeps have it."""
    size = await ledger.size()
    edge = CompactRange(size, await ledger.nodes(edge_nodes(size)))
    return size, edge.root()


async def test_the_tree_covers_every_evidence_and_statement_at_once(ledger: Ledger) -> None:
    assert await ledger.size() == 0
    for number in range(1, 12):
        await ledger.commit(accepted(number))
        await ledger.refuse(refusal(number))
        if number % 3 == 0:
            await ledger.advance([move(number)])
        leaves = [leaf.hash for leaf in await whole.leaves(ledger)]
        grown, _ = CompactRange().append(leaves)
        assert await root(ledger) == (len(leaves), grown.root())


async def test_every_leaf_is_proved_from_the_nodes_that_are_kept(ledger: Ledger) -> None:
    await asyncio.gather(*(ledger.commit(accepted(number)) for number in range(1, 20)))
    size, head = await root(ledger)
    for leaf in await whole.leaves(ledger):
        wanted = inclusion_nodes(leaf.index, size)
        kept = dict(zip(wanted, await ledger.nodes(wanted), strict=True))
        path = inclusion_proof(leaf.index, size, lambda nodes, kept=kept: [kept[node] for node in nodes])
        verify_inclusion_proof(leaf.hash, leaf.index, size, head, path)


async def test_a_caller_that_fails_among_others_leaves_the_tree_as_the_leaves_say(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    taken = accepted(2, entry=entry(2, document_id=entry(1).document_id))
    outcomes = await asyncio.gather(
        ledger.commit(taken),
        *(ledger.commit(accepted(number)) for number in range(3, 9)),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], DocumentIdTaken)
    grown, _ = CompactRange().append(leaf.hash for leaf in await whole.leaves(ledger))
    assert await root(ledger) == (grown.size, grown.root())


async def test_a_leaf_is_found_by_what_it_is(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    await ledger.advance([move(1)])
    leaves = await whole.leaves(ledger)
    assert {leaf.kind for leaf in leaves} == {"evidence", "statement"}
    for leaf in leaves:
        assert await ledger.leaf(leaf.content_id) == leaf
    with pytest.raises(NotFound):
        await ledger.leaf("nothing")


async def test_a_node_that_is_not_complete_is_not_there(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    size = await ledger.size()
    with pytest.raises(NotFound):
        await ledger.nodes([(0, size)])
    with pytest.raises(NotFound):
        await ledger.nodes([(0, 0), (size.bit_length(), 0)])
    assert await ledger.nodes([]) == ()


async def test_checkpoints_only_grow_and_the_first_of_a_size_stands(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.checkpoint()
    assert await ledger.publish(checkpoint(3)) == checkpoint(3)
    assert await ledger.publish(checkpoint(3, salt=" again")) == checkpoint(3)
    assert await ledger.publish(checkpoint(7)) == checkpoint(7)
    assert await ledger.publish(checkpoint(5)) == checkpoint(7)
    assert await ledger.checkpoint() == checkpoint(7)
    assert [(await ledger.checkpoint(over=over)).size for over in (0, 3, 4, 5, 7)] == [3, 3, 7, 7, 7]
    with pytest.raises(NotFound):
        await ledger.checkpoint(over=8)


async def test_of_many_processes_that_publish_at_once_all_learn_the_newest(ledger: Ledger) -> None:
    shown = await asyncio.gather(*(ledger.publish(checkpoint(size)) for size in (4, 2, 9, 6)))
    assert (await ledger.checkpoint()).size == 9
    assert all(one.size >= size for one, size in zip(shown, (4, 2, 9, 6), strict=True))


async def test_cosignatures_stand_under_their_checkpoint(ledger: Ledger) -> None:
    await ledger.publish(checkpoint(3))
    await ledger.cosign(3, "witness b", b"b 1\n")
    await ledger.cosign(3, "witness a", b"a\n")
    await ledger.cosign(3, "witness b", b"b 2\n")
    kept = await ledger.checkpoint()
    assert kept.cosignatures == (b"a\n", b"b 2\n")
    assert kept.content == checkpoint(3).note + b"a\nb 2\n"
    with pytest.raises(NotFound):
        await ledger.cosign(4, "witness a", b"a\n")
    with pytest.raises(ValueError):
        await ledger.cosign(3, "witness a", b"two\nlines\n")


async def test_the_first_stamp_of_an_authority_stands(ledger: Ledger) -> None:
    assert await ledger.stamped("tsa") is None
    for size in (3, 7, 9):
        await ledger.publish(checkpoint(size))
    await ledger.stamp(stamp(3))
    await ledger.stamp(stamp(3, salt=" again"))
    await ledger.stamp(stamp(3, "another"))
    await ledger.stamp(stamp(9))
    assert await ledger.stamps(3) == (stamp(3, "another"), stamp(3))
    assert await ledger.stamps(7) == ()
    assert await ledger.stamped("tsa") == 9
    assert await ledger.stamped("another") == 3
    assert [await ledger.stamped("tsa", over=over) for over in (0, 3, 4, 9, 10)] == [3, 3, 9, 9, None]
    with pytest.raises(NotFound):
        await ledger.stamp(stamp(4))


async def test_impossible_words_about_the_log_are_not_kept(ledger: Ledger) -> None:
    naive = checkpoint(3).at.replace(tzinfo=None)
    for impossible in (
        SignedCheckpoint(size=-1, note=b"\n", at=at(0)),
        SignedCheckpoint(size=1, note=b"no line end", at=at(0)),
        SignedCheckpoint(size=1, note=b"\n", at=naive),
        SignedCheckpoint(size=1, note=b"\n", at=at(0), cosignatures=(b"a\n",)),
    ):
        with pytest.raises(ValueError):
            await ledger.publish(impossible)
    with pytest.raises(NotFound):
        await ledger.checkpoint()


async def test_another_process_goes_on_with_the_same_tree(tmp_path: Path) -> None:
    one = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    two = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    for number in range(1, 30):
        await (one if number % 3 else two).commit(accepted(number))
    grown, _ = CompactRange().append(leaf.hash for leaf in await whole.leaves(one))
    assert await root(two) == (grown.size, grown.root())
    await one.aclose()
    await two.aclose()


@given(st.lists(st.lists(st.binary(max_size=3), max_size=9), max_size=9))
def test_the_kept_tree_is_the_standards(batches: list[list[bytes]]) -> None:
    edge, standard = Edge(), CompactRange()
    for batch in batches:
        edge, made = edge.append(map(leaf_hash, batch))
        standard, nodes = standard.append(map(hash_of_leaf, batch))
        assert made == [(node, value) for node, value in nodes if node[0]]
        assert (edge.size, edge.hashes) == (standard.size, standard.hashes)
        assert len(edge_nodes(edge.size)) == len(edge.hashes)
