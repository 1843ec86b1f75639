"""`DirectoryService` over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from axis.v1 import directory_pb2, directory_pb2_grpc
from axis_server.ledgers import opened_ledger
from axis_server.operation import grouping, registry
from storage.ledger.registry import Agency, Capabilities, Group
from tests.axis_server.served import Served, Told, served, told

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
UNIT = Agency(
    agency_id="H90.01",
    name="Sở Nội vụ",
    aliases=("000.01.00.H90",),
    parent_id="H90",
    category="department",
    capabilities=Capabilities(attachment_bytes=5_000_000, kinds=frozenset({0, 3})),
    since=SINCE,
)


@asynccontextmanager
async def desks(directory: Path) -> AsyncIterator[tuple[Served, Any, Any]]:
    """An axis with a unit and three groups; the desks of the province (which owns one) and its neighbour."""
    async with served(directory) as axis:
        async with opened_ledger(axis.settings) as ledger:
            await registry.add(ledger, UNIT)
            await registry.add(ledger, Agency(agency_id="H90.02", name="Sở Tài chính", parent_id="H90"))
            await grouping.add(ledger, Group(group_id="ALL", name="Tất cả", members=("H90.01", "G22")))
            await grouping.add(ledger, Group(group_id="MINE", name="Riêng", owner_id="H90", members=("ALL",)))
            await grouping.add(ledger, Group(group_id="OLD", name="Cũ"))
            await grouping.change(ledger, "OLD", lambda group: replace(group, active=False))
        async with axis.province.channel(axis.address) as own, axis.neighbour.channel(axis.address) as other:
            stub = directory_pb2_grpc.DirectoryServiceStub(own)
            while not (await stub.ListGroups(directory_pb2.ListGroupsRequest())).groups:
                await asyncio.sleep(0.05)
            yield axis, stub, directory_pb2_grpc.DirectoryServiceStub(other)


async def every(call: Any, request: Any, name: str) -> list[Any]:
    """All items, one a page."""
    found, request.page_size, more = [], 1, True
    while more:
        answer = await call(request)
        found += getattr(answer, name)
        request.after, more = answer.next, answer.more
    return found


async def refused(call: Any) -> Told:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return told(caught.value)


async def test_an_agency_is_shown_with_all_that_a_sender_needs(tmp_path: Path) -> None:
    async with desks(tmp_path) as (_, stub, _):
        answer = await stub.GetAgency(directory_pb2.GetAgencyRequest(agency_id="000.01.00.h90"))
        assert answer.agency == directory_pb2.Agency(
            agency_id="H90.01",
            name="Sở Nội vụ",
            aliases=["000.01.00.H90"],
            active=True,
            parent_id="H90",
            category="department",
            capabilities=directory_pb2.Capabilities(attachment_bytes=5_000_000, kinds=[0, 3]),
            since=SINCE,
            mailbox_id="H90",
        )


async def test_a_search_goes_on_behind_its_cursor_and_no_other_search_does(tmp_path: Path) -> None:
    async with desks(tmp_path) as (_, stub, other):
        request = directory_pb2.SearchAgenciesRequest(query="so", below_id="H90")
        found = await every(stub.SearchAgencies, request, "agencies")
        assert [(one.agency_id, one.mailbox_id) for one in found] == [("H90.01", "H90"), ("H90.02", "H90")]
        first = await stub.SearchAgencies(directory_pb2.SearchAgenciesRequest(query="so", page_size=1))
        assert first.more
        for stranger, changed in (
            (other, {"query": "so"}),
            (stub, {"query": "s"}),
            (stub, {"query": "so", "direct": True}),
        ):
            call = stranger.SearchAgencies(directory_pb2.SearchAgenciesRequest(after=first.next, **changed))
            assert (await refused(call)).reason == "INVALID_ARGUMENT"
        long = stub.SearchAgencies(directory_pb2.SearchAgenciesRequest(query="x" * 201))
        assert (await refused(long)).reason == "INVALID_ARGUMENT"


async def test_groups_are_shown_to_those_who_may_address_them(tmp_path: Path) -> None:
    async with desks(tmp_path) as (_, stub, other):
        own = await every(stub.ListGroups, directory_pb2.ListGroupsRequest(), "groups")
        assert [(one.group_id, one.owner_id, list(one.members)) for one in own] == [
            ("ALL", "", ["H90.01", "G22"]),
            ("MINE", "H90", ["ALL"]),
        ]
        others = await every(other.ListGroups, directory_pb2.ListGroupsRequest(), "groups")
        assert [one.group_id for one in others] == ["ALL"]
        request = directory_pb2.ExpandGroupRequest(group_id="mine")
        assert await every(stub.ExpandGroup, request, "agency_ids") == ["H90.01", "G22"]


async def test_a_group_of_another_agency_is_answered_as_one_that_is_not_there(tmp_path: Path) -> None:
    async with desks(tmp_path) as (_, _, other):
        answers = [
            await refused(other.ExpandGroup(directory_pb2.ExpandGroupRequest(group_id=name)))
            for name in ("MINE", "NONE")
        ]
        assert answers[0].code == grpc.StatusCode.NOT_FOUND
        assert len({(one.reason, str(one.facts), str(one.sentences), one.size) for one in answers}) == 1
        assert (await refused(other.GetAgency(directory_pb2.GetAgencyRequest(agency_id="MINE")))).reason == (
            "NOT_FOUND"
        )


async def test_a_sync_tells_each_what_it_may_see_and_stands_still_when_others_change(tmp_path: Path) -> None:
    async with desks(tmp_path) as (axis, stub, other):
        told_to = []
        for one in (stub, other):
            entries = await every(one.SyncDirectory, directory_pb2.SyncDirectoryRequest(), "entries")
            told_to.append(
                {
                    entry.agency.agency_id or entry.group.group_id or f"gone {entry.gone_group_id}"
                    for entry in entries
                }
            )
            assert {entry.agency.mailbox_id for entry in entries} == {""}
        everybodys = {"G22", "H90", "K99", "H90.01", "H90.02", "ALL", "gone OLD"}
        assert told_to == [everybodys | {"MINE"}, everybodys]

        end = (await other.SyncDirectory(directory_pb2.SyncDirectoryRequest())).next
        assert (await refused(stub.SyncDirectory(directory_pb2.SyncDirectoryRequest(after=end)))).reason == (
            "INVALID_ARGUMENT"
        )
        async with opened_ledger(axis.settings) as ledger:
            await grouping.change(ledger, "MINE", lambda group: replace(group, active=False))
            still = await other.SyncDirectory(directory_pb2.SyncDirectoryRequest(after=end))
            assert still == directory_pb2.SyncDirectoryResponse(next=end)
            await registry.suspend(ledger, "H90.02")
        changed = await other.SyncDirectory(directory_pb2.SyncDirectoryRequest(after=end))
        assert [(one.agency.agency_id, one.agency.active) for one in changed.entries] == [("H90.02", False)]
        mine = await stub.SyncDirectory(directory_pb2.SyncDirectoryRequest())
        assert [one.gone_group_id for one in mine.entries if one.gone_group_id] == ["OLD", "MINE"]
