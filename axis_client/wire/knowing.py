"""The calls of `RecordService` and `DirectoryService`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from functools import cached_property

from axis.v1 import directory_pb2, directory_pb2_grpc, records_pb2, records_pb2_grpc
from axis_client import model
from axis_client.wire import convert
from axis_client.wire.link import LARGEST_PAGE, SLOW, TRANSFER, Link, Page


class RecordCalls(Link):
    @cached_property
    def _records(self) -> records_pb2_grpc.RecordServiceAsyncStub:
        return records_pb2_grpc.RecordServiceStub(self._channel)

    async def status(self, dispatch_id: str) -> model.Status:
        request = records_pb2.GetStatusRequest(dispatch_id=dispatch_id)
        return convert.status(await self._ask(self._records.GetStatus, request))

    async def deliveries_page(
        self, dispatch_id: str, after: str, states: Iterable[model.State]
    ) -> Page[model.Delivery]:
        request = records_pb2.ListDeliveriesRequest(
            dispatch_id=dispatch_id,
            after=after,
            page_size=LARGEST_PAGE,
            states=convert.state_numbers(states),
        )
        answer = await self._ask(self._records.ListDeliveries, request)
        return tuple(convert.delivery(item) for item in answer.deliveries), answer.next, answer.more

    async def history_page(self, dispatch_id: str, after: str) -> Page[model.Event]:
        request = records_pb2.ListEventsRequest(dispatch_id=dispatch_id, after=after, page_size=LARGEST_PAGE)
        answer = await self._ask(self._records.ListEvents, request)
        return tuple(convert.event(item) for item in answer.events), answer.next, answer.more

    async def evidence_page(
        self, dispatch_id: str, after: str, events: Iterable[str], recipient_id: str
    ) -> Page[model.Evidence | model.Statement]:
        request = records_pb2.ListEvidenceRequest(
            dispatch_id=dispatch_id,
            after=after,
            page_size=LARGEST_PAGE,
            events=events,
            recipient_id=recipient_id,
        )
        answer = await self._ask(self._records.ListEvidence, request, SLOW)
        records = (convert.record(item) for item in answer.records)
        return tuple(one for one in records if one is not None), answer.next, answer.more

    async def answers(self, dispatch_id: str) -> AsyncGenerator[tuple[str, bytes], None]:
        """Yields the kind (`crl`, `ocsp`) and the DER of each answer about revocation."""
        request = records_pb2.ListAnswersRequest(dispatch_id=dispatch_id)
        content = bytearray()
        async with aclosing(self._follow(self._records.ListAnswers, request, TRANSFER)) as messages:
            async for message in messages:
                content += message.chunk
                if not message.more:
                    yield message.kind, bytes(content)
                    content.clear()

    async def outbox_page(self, after: str, size: int) -> Page[model.OutboxItem]:
        request = records_pb2.ListOutboxRequest(after=after, page_size=size)
        answer = await self._ask(self._records.ListOutbox, request)
        return tuple(convert.outbox_item(item) for item in answer.items), answer.next, answer.more


class DirectoryCalls(Link):
    @cached_property
    def _directory(self) -> directory_pb2_grpc.DirectoryServiceAsyncStub:
        return directory_pb2_grpc.DirectoryServiceStub(self._channel)

    async def whoami(self) -> model.Me:
        return convert.me(await self._ask(self._directory.WhoAmI, directory_pb2.WhoAmIRequest()))

    async def agency(self, agency_id: str) -> model.Agency:
        request = directory_pb2.GetAgencyRequest(agency_id=agency_id)
        return convert.agency((await self._ask(self._directory.GetAgency, request)).agency)

    async def agencies_page(
        self, query: str, category: str, below_id: str, direct: bool, inactive: bool, after: str, size: int
    ) -> Page[model.Agency]:
        request = directory_pb2.SearchAgenciesRequest(
            query=query,
            category=category,
            below_id=below_id,
            direct=direct,
            inactive=inactive,
            after=after,
            page_size=size,
        )
        answer = await self._ask(self._directory.SearchAgencies, request)
        return tuple(map(convert.agency, answer.agencies)), answer.next, answer.more

    async def groups_page(self, after: str) -> Page[model.Group]:
        request = directory_pb2.ListGroupsRequest(after=after, page_size=LARGEST_PAGE)
        answer = await self._ask(self._directory.ListGroups, request)
        return tuple(map(convert.group, answer.groups)), answer.next, answer.more

    async def group_page(self, group_id: str, after: str) -> Page[str]:
        request = directory_pb2.ExpandGroupRequest(group_id=group_id, after=after, page_size=LARGEST_PAGE)
        answer = await self._ask(self._directory.ExpandGroup, request)
        return tuple(answer.agency_ids), answer.next, answer.more

    async def directory_page(self, after: str) -> Page[model.DirectoryEntry]:
        request = directory_pb2.SyncDirectoryRequest(after=after, page_size=LARGEST_PAGE)
        answer = await self._ask(self._directory.SyncDirectory, request)
        entries = (convert.directory_entry(entry) for entry in answer.entries)
        return tuple(one for one in entries if one is not None), answer.next, answer.more
