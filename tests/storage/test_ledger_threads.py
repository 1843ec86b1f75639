"""Dispatches that are about earlier ones, over every backend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.errors import DocumentIdTaken, NotFound
from storage.ledger.base import Ledger
from storage.ledger.records import Link
from tests.storage import whole
from tests.storage.records import SENDER, accepted, asking, entry, joining, recipients


async def test_links_are_read_both_ways_in_the_order_of_commit(ledger: Ledger) -> None:
    for number in (5, 3):
        await ledger.commit(accepted(number))
    later = {8: (3, 2), 7: (1, 1), 9: (2, 3)}
    for number, (kind, _) in later.items():
        about = ("dispatch-3",) if number != 9 else ("dispatch-3", "dispatch-5", "dispatch-8")
        await ledger.commit(accepted(number, entry=entry(number, kind=kind), about=about))
    assert await ledger.links("dispatch-3") == (
        Link(dispatch_id="dispatch-8", kind=3, later=True),
        Link(dispatch_id="dispatch-7", kind=1, later=True),
        Link(dispatch_id="dispatch-9", kind=2, later=True),
    )
    assert await ledger.links("dispatch-9") == (
        Link(dispatch_id="dispatch-5", kind=0, later=False),
        Link(dispatch_id="dispatch-3", kind=0, later=False),
        Link(dispatch_id="dispatch-8", kind=3, later=False),
    )
    assert await ledger.links("dispatch-8") == (
        Link(dispatch_id="dispatch-3", kind=0, later=False),
        Link(dispatch_id="dispatch-9", kind=2, later=True),
    )
    assert await ledger.links("nothing") == ()


async def test_all_that_a_dispatch_is_about_and_the_last_hundred_about_it_are_linked(ledger: Ledger) -> None:
    names = [f"dispatch-{number}" for number in range(104)]
    for number in range(104):
        await ledger.commit(accepted(number, recipients=(), about=tuple(names[: min(number, 1)])))
    with pytest.raises(ValueError, match="hundred"):
        await ledger.commit(accepted(200, recipients=(), about=tuple(names[:101])))
    await ledger.commit(accepted(200, recipients=(), about=tuple(reversed(names[:100]))))
    of_first = await ledger.links(names[0])
    assert [one.dispatch_id for one in of_first] == [*names[5:], "dispatch-200"]
    assert {one.later for one in of_first} == {True}
    of_last = await ledger.links("dispatch-200")
    assert [(one.dispatch_id, one.later) for one in of_last] == [(name, False) for name in names[:100]]


async def test_a_thread_is_every_dispatch_that_used_a_document_id(ledger: Ledger) -> None:
    shared = "G22.01,2026/03/02,one"
    for number, kind in enumerate((0, 2, 1, 3)):
        await ledger.commit(accepted(number, entry=entry(number, document_id=shared, kind=kind)))
    await ledger.commit(accepted(8))
    await ledger.commit(accepted(9, entry=entry(9, document_id=shared, sender_id="G01")))
    found = await ledger.thread(SENDER, shared)
    assert [one.dispatch_id for one in found] == [f"dispatch-{number}" for number in range(4)]
    assert found[1] == entry(1, document_id=shared, kind=2, parts=())
    assert await ledger.thread("nobody", shared) == ()


async def test_an_empty_document_id_is_no_thread(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, entry=entry(1, document_id="")))
    assert await ledger.thread(SENDER, "") == ()


async def test_a_thread_shows_its_last_hundred_dispatches(ledger: Ledger) -> None:
    for number in range(103):
        await ledger.commit(accepted(number, entry=entry(number, document_id="one", kind=2)))
    found = await ledger.thread(SENDER, "one")
    assert [one.dispatch_id for one in found] == [f"dispatch-{number}" for number in range(3, 103)]


async def test_documents_of_one_number_and_notation_are_alike(ledger: Ledger) -> None:
    same = {"code_number": "7", "code_notation": "BTTTT-VP"}
    for number in range(12):
        await ledger.commit(accepted(number, entry=entry(number, **same)))
    for number, changes in enumerate(
        ({"kind": 2}, {"sender_id": "G01"}, {"code_number": "07"}, {"code_notation": "bttTT-VP"}), start=20
    ):
        await ledger.commit(accepted(number, entry=entry(number, **same | changes)))
    found = await ledger.alike(SENDER, "7", "BTTTT-VP")
    assert found == tuple(f"dispatch-{number}" for number in range(11, 1, -1))
    assert await ledger.alike(SENDER, "7", "") == ()


async def test_a_document_without_number_and_notation_is_like_no_other(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, entry=entry(1, code_number="", code_notation="")))
    await ledger.commit(accepted(2, entry=entry(2, code_number="", code_notation="CV")))
    assert await ledger.alike(SENDER, "", "") == ()
    assert await ledger.alike(SENDER, "", "CV") == ("dispatch-2",)


@pytest.mark.parametrize(
    "unknown",
    [
        {"about": ("dispatch-1", "nothing")},
        {"asks": (asking(2, 1), asking(2, 99))},
        {"joins": (joining(2, 1, *recipients("H99")), joining(2, 99, *recipients("H99")))},
    ],
    ids=["about", "asks", "joins"],
)
async def test_what_speaks_of_an_unknown_dispatch_is_not_found_and_leaves_nothing(
    ledger: Ledger, unknown: dict[str, object]
) -> None:
    await ledger.commit(accepted(1))
    before = (await whole.deliveries(ledger, "dispatch-1"), await whole.leaves(ledger))
    with pytest.raises(NotFound):
        await ledger.commit(accepted(2, **unknown))
    with pytest.raises(NotFound):
        await ledger.entry("dispatch-2")
    assert (await whole.deliveries(ledger, "dispatch-1"), await whole.leaves(ledger)) == before
    assert await ledger.links("dispatch-1") == ()
    assert await whole.stream(ledger, SENDER) != ()
    assert len(await whole.stream(ledger, SENDER)) == 2


async def test_a_taken_document_id_is_told_before_what_is_not_found(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    taken = entry(2, document_id=entry(1).document_id)
    with pytest.raises(DocumentIdTaken):
        await ledger.commit(accepted(2, entry=taken, about=("nothing",)))


async def test_a_retry_neither_asks_nor_joins_nor_links_again(ledger: Ledger) -> None:
    for number in (1, 2):
        await ledger.commit(accepted(number))
    package = accepted(3, about=("dispatch-1",), asks=(asking(3, 1),))
    kept = await ledger.commit(package)
    leaves, events = await whole.leaves(ledger), await whole.stream(ledger, SENDER)
    again = replace(
        package,
        about=("dispatch-2", "nothing"),
        asks=(asking(3, 2),),
        joins=(joining(3, 2, *recipients("H99")),),
    )
    assert await ledger.commit(again) == kept
    assert (await whole.leaves(ledger), await whole.stream(ledger, SENDER)) == (leaves, events)
    assert [one.version for one in await whole.deliveries(ledger, "dispatch-2")] == [1, 1, 1]
    assert await ledger.links("dispatch-2") == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"about": ("dispatch-2",)},
        {"about": ("dispatch-1", "dispatch-1")},
        {"asks": (asking(2, 2),)},
        {"asks": (asking(2, 1, "G01", "G01"),)},
        {"asks": (asking(2, 1, "lone \udc00"),)},
        {"joins": (joining(2, 2, *recipients("H99")),)},
        {"joins": (joining(2, 1, *recipients("H99", "H99")),)},
        {"joins": (joining(2, 1, *recipients("")),)},
        {"joins": (replace(joining(2, 1, *recipients("H99")), evidence=accepted(2).evidence),)},
    ],
)
async def test_a_dispatch_that_speaks_of_others_as_it_cannot_is_refused(
    ledger: Ledger, changes: dict[str, object]
) -> None:
    await ledger.commit(accepted(1))
    with pytest.raises(ValueError):
        await ledger.commit(accepted(2, **changes))
    assert len(await whole.leaves(ledger)) == 2
