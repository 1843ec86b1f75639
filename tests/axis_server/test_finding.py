"""Finding documents, as the use case and as callers over the wire find it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from axis.v1 import archive_pb2, archive_pb2_grpc, submission_pb2, submission_pb2_grpc, types_pb2
from axis_server.errors import Declined
from axis_server.knowing.finding import Finding, Found, Query, phrases
from axis_server.limits.turns import Turns
from edxml.model import Code
from storage.ledger.memory import MemoryLedger
from storage.ledger.memory.catalogue import MemoryCatalogue
from tests.axis_server.served import Office, Served, served, told
from tests.axis_server.world import World


async def looked_for(world: World, caller: Any, **asked: Any) -> Found:
    """Searches with the catalogue caught up."""
    assert isinstance(world.ledger, MemoryLedger)
    catalogue = MemoryCatalogue(world.ledger)
    while (await catalogue.follow(limit=100)).behind:
        pass
    finding = Finding(
        keeping=world.ledger,
        catalogue=catalogue,
        directory=lambda: world.view,
        clock=lambda: world.now,
        turns=Turns(1),
    )
    paging = {name: asked.pop(name) for name in ("newest", "after", "limit", "facets") if name in asked}
    return await finding.search(caller, Query(**asked), **paging)


def ids(found: Found) -> list[str]:
    return [hit.entry.dispatch_id for hit in found.hits.items]


def test_a_text_is_taken_apart_into_words_and_phrases() -> None:
    assert phrases('chuyển "đổi số" 12/QĐ-TTg') == (("chuyen",), ("doi", "so"), ("12", "qd", "ttg"))
    assert phrases('"mở ra') == (("mo", "ra"),)
    assert phrases('"" (OR* NEAR/2)') == (("or",), ("near", "2"))
    assert phrases("  ") == ()


@pytest.mark.parametrize("text", ["***", '"-"', "x" * 501, "a " * 31, "́"])
async def test_a_text_without_a_word_or_with_too_many_is_refused(world: World, text: str) -> None:
    with pytest.raises(Declined, match="INVALID_ARGUMENT"):
        await looked_for(world, world.ministry.caller(), text=text)


@pytest.mark.parametrize(
    "asked",
    [
        {"sha256": "A" * 64},
        {"sha256": "12"},
        {"accepted_from": "02/03/2026"},
        {"accepted_to": "9999-12-31"},
        {"promulgated_to": "2026-02-30"},
        {"promulgated_from": "２０２６-03-02"},
        {"states": ("lost",)},
        {"kinds": tuple(range(21))},
        {"document_id": "x" * 501},
        {"limit": -1},
    ],
)
async def test_what_makes_no_sense_is_refused(world: World, asked: dict[str, Any]) -> None:
    with pytest.raises(Declined, match="INVALID_ARGUMENT"):
        await looked_for(world, world.ministry.caller(), **asked)


async def test_sender_and_recipient_find_it_with_their_archivists_and_nobody_else(world: World) -> None:
    entry = await world.sent(world.province)
    for house in (world.ministry, world.province):
        for role in ("system", "clerk", "archivist"):
            found = await looked_for(world, house.caller(role), text="chuan bi so lieu")
            assert ids(found) == [entry.dispatch_id]
    assert ids(await looked_for(world, world.department.caller(), text="chuan")) == []
    with pytest.raises(Declined, match="ROLE_FORBIDDEN"):
        await looked_for(world, world.ministry.caller("operator"))


async def test_a_delegate_finds_what_it_has_leave_for(world: World) -> None:
    entry = await world.sent(world.province)
    caller = world.ministry.caller()
    assert ids(await looked_for(world, replace(caller, may_receive=False))) == [entry.dispatch_id]
    assert ids(await looked_for(world, replace(caller, may_send=False))) == []


async def test_agencies_are_named_by_any_of_their_identifiers(world: World) -> None:
    entry = await world.sent(world.province)
    for alias in (world.province.id, *world.province.agency.aliases):
        assert ids(await looked_for(world, world.ministry.caller(), recipient_id=alias)) == [
            entry.dispatch_id
        ]
    assert ids(await looked_for(world, world.ministry.caller(), sender_id="nobody")) == []


async def test_days_are_those_of_viet_nam_and_both_ends_are_in(world: World) -> None:
    entry = await world.sent(world.province)
    today = (world.now + timedelta(hours=7)).date()
    caller = world.ministry.caller()
    for first, last, found in ((0, 0, True), (-1, 0, True), (1, 1, False), (-1, -1, False)):
        days = [(today + timedelta(days=shift)).isoformat() for shift in (first, last)]
        asked = {"accepted_from": days[0], "accepted_to": days[1]}
        assert bool(ids(await looked_for(world, caller, **asked))) == found, (first, last)
    assert ids(await looked_for(world, caller, promulgated_from=entry.promulgation_date)) == [
        entry.dispatch_id
    ]


async def test_it_says_up_to_when_everything_is_found(world: World) -> None:
    await world.sent(world.province)
    assert isinstance(world.ledger, MemoryLedger)
    catalogue = MemoryCatalogue(world.ledger)
    finding = Finding(
        keeping=world.ledger,
        catalogue=catalogue,
        directory=lambda: world.view,
        clock=lambda: world.now,
        turns=Turns(1),
    )
    behind = await finding.search(world.ministry.caller(), Query())
    await catalogue.follow(limit=100)
    current = await finding.search(world.ministry.caller(), Query())
    assert behind.current_to < current.current_to == world.now


# Over the wire.


@asynccontextmanager
async def archive_of(office: Office, axis: Served) -> AsyncIterator[Any]:
    async with office.channel(axis.address) as channel:
        yield archive_pb2_grpc.ArchiveServiceStub(channel)


async def exchanged(axis: Served, count: int) -> list[str]:
    async with axis.ministry.channel(axis.address) as channel:
        submission: Any = submission_pb2_grpc.SubmissionServiceStub(channel)
        sent = []
        for number in range(1, count + 1):
            code = Code(number=str(number), notation="QĐ-BM")
            package = axis.ministry.letter("H90", number=number, code=code, subject=f"Đề án số {number}")
            answer = await submission.Submit(submission_pb2.SubmitRequest(package=package))
            sent.append(answer.dispatch.dispatch_id)
    return sent


async def until_found(archive: Any, count: int) -> Any:
    """Searching stands a moment behind; a lamp says when it is not."""
    while True:
        answer = await archive.SearchDispatches(archive_pb2.SearchDispatchesRequest(facets=True))
        if len(answer.found) == count:
            return answer
        await asyncio.sleep(0.05)


async def test_a_served_axis_finds_what_it_accepted_page_by_page(tmp_path: Path) -> None:
    async with served(tmp_path) as axis, archive_of(axis.province, axis) as archive:
        sent = await exchanged(axis, 3)
        async with asyncio.timeout(30):
            everything = await until_found(archive, 3)
        assert [one.dispatch.dispatch_id for one in everything.found] == sent[::-1]
        assert everything.facets.total == 3
        assert [(one.value, one.count) for one in everything.facets.senders] == [("G22", 3)]
        first = everything.found[0]
        assert (first.sent, first.counts[0].state, first.counts[0].count) == (
            False,
            types_pb2.DELIVERY_STATE_CONSIGNED,
            1,
        )
        names, request, more = [], archive_pb2.SearchDispatchesRequest(page_size=1, oldest_first=True), True
        while more:
            page = await archive.SearchDispatches(request)
            names += [one.dispatch.dispatch_id for one in page.found]
            request.after, more = page.next, page.more
        assert names == sent
        query = archive_pb2.DispatchQuery(text="de an", code_number="2", code_notation="qd")
        (found,) = (await archive.SearchDispatches(archive_pb2.SearchDispatchesRequest(query=query))).found
        assert found.dispatch.dispatch_id == sent[1]
        assert not found.dispatch.parts
        # A cursor is good for its agency and its order alone.
        for wrong in (
            archive_pb2.SearchDispatchesRequest(after=first.cursor, oldest_first=True),
            archive_pb2.SearchDispatchesRequest(after="x"),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await archive.SearchDispatches(wrong)
            assert told(refused.value).reason == "INVALID_ARGUMENT"
        async with archive_of(axis.neighbour, axis) as others:
            assert not (await others.SearchDispatches(archive_pb2.SearchDispatchesRequest())).found
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await others.SearchDispatches(archive_pb2.SearchDispatchesRequest(after=first.cursor))
            assert told(refused.value).reason == "INVALID_ARGUMENT"


HOSTILE = [
    '" OR marks:*',
    "NEAR(a b)",
    "a AND NOT b",
    "text : a",
    "{a} : b",
    "^a",
    "a*",
    "a'; DROP TABLE documents; --",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_an_engine_would_read_as_syntax_is_words(world: World, text: str) -> None:
    await world.sent(world.province)
    assert ids(await looked_for(world, world.ministry.caller(), text=text)) == []
