"""`DirectoryService`: who is there, and how the axis sees the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from axis.v1 import directory_pb2, directory_pb2_grpc
from axis_server.addressing.lookup import Lookup, Sought
from axis_server.boundary import translate
from axis_server.boundary.identity import Context, current_caller
from axis_server.cursors import Cursors
from storage.ledger.registry import Agency, Group, Registered

AGENCIES, GROUPS, MEMBERS, CHANGES = "agencies", "groups", "members", "directory"
"""The lists that cursors belong to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisFacts:
    """What an axis says of itself."""

    axis_id: str
    certificates: Callable[[], tuple[str, ...]]
    """PEM, with which it signs evidence, did, or will."""
    max_message_bytes: int
    max_attachment_bytes: int


class DirectoryServicer(directory_pb2_grpc.DirectoryServiceServicer):
    """Translates; `Lookup` answers."""

    def __init__(self, *, lookup: Lookup, facts: AxisFacts, cursors: Cursors) -> None:
        self._lookup = lookup
        self._facts = facts
        self._cursors = cursors

    async def WhoAmI(
        self, request: directory_pb2.WhoAmIRequest, context: Context
    ) -> directory_pb2.WhoAmIResponse:
        caller = current_caller()
        return directory_pb2.WhoAmIResponse(
            agency=self._agency(caller.agency),
            role=translate.ROLES[caller.role],
            certificate_sha256=caller.certificate.sha256,
            axis_certificates=self._facts.certificates(),
            axis_id=self._facts.axis_id,
            max_message_bytes=self._facts.max_message_bytes,
            max_attachment_bytes=self._facts.max_attachment_bytes,
        )

    async def GetAgency(
        self, request: directory_pb2.GetAgencyRequest, context: Context
    ) -> directory_pb2.GetAgencyResponse:
        return directory_pb2.GetAgencyResponse(agency=self._agency(self._lookup.agency(request.agency_id)))

    async def SearchAgencies(
        self, request: directory_pb2.SearchAgenciesRequest, context: Context
    ) -> directory_pb2.SearchAgenciesResponse:
        caller = current_caller()
        sought = Sought(
            query=request.query,
            category=request.category,
            below_id=request.below_id,
            direct=request.direct,
            inactive=request.inactive,
        )
        flags = f"{sought.direct:d}{sought.inactive:d}"
        scope = (AGENCIES, caller.agency_id, sought.query, sought.category, sought.below_id, flags)
        after = self._cursors.place(request.after, *scope)
        page = await self._lookup.search(caller, sought, after, request.page_size)
        return directory_pb2.SearchAgenciesResponse(
            agencies=[self._agency(one) for one in page.items],
            next=self._cursors.token(page.next, *scope),
            more=page.more,
        )

    async def ListGroups(
        self, request: directory_pb2.ListGroupsRequest, context: Context
    ) -> directory_pb2.ListGroupsResponse:
        caller = current_caller()
        scope = (GROUPS, caller.agency_id)
        after = self._cursors.place(request.after, *scope)
        page = self._lookup.groups(caller, after, request.page_size)
        return directory_pb2.ListGroupsResponse(
            groups=[_group(one) for one in page.items],
            next=self._cursors.token(page.next, *scope),
            more=page.more,
        )

    async def ExpandGroup(
        self, request: directory_pb2.ExpandGroupRequest, context: Context
    ) -> directory_pb2.ExpandGroupResponse:
        caller = current_caller()
        scope = (MEMBERS, caller.agency_id, request.group_id)
        after = self._cursors.place(request.after, *scope)
        page = await self._lookup.expand(caller, request.group_id, after, request.page_size)
        return directory_pb2.ExpandGroupResponse(
            agency_ids=page.items, next=self._cursors.token(page.next, *scope), more=page.more
        )

    async def SyncDirectory(
        self, request: directory_pb2.SyncDirectoryRequest, context: Context
    ) -> directory_pb2.SyncDirectoryResponse:
        caller = current_caller()
        scope = (CHANGES, caller.agency_id)
        after = self._cursors.place(request.after, *scope)
        page = await self._lookup.changed(caller, after, request.page_size)
        return directory_pb2.SyncDirectoryResponse(
            entries=[_entry(one) for one in page.items],
            next=self._cursors.token(page.next, *scope),
            more=page.more,
        )

    def _agency(self, record: Agency) -> directory_pb2.Agency:
        message = _agency(record)
        message.mailbox_id = self._lookup.mailbox(record)
        return message


def _entry(record: Registered) -> directory_pb2.DirectoryEntry:
    """Makes an entry without a mailbox, which other entries and the time decide; a suspended group is
    gone."""
    if isinstance(record, Agency):
        return directory_pb2.DirectoryEntry(agency=_agency(record))
    if record.active:
        return directory_pb2.DirectoryEntry(group=_group(record))
    return directory_pb2.DirectoryEntry(gone_group_id=record.group_id)


def _agency(record: Agency) -> directory_pb2.Agency:
    return directory_pb2.Agency(
        agency_id=record.agency_id,
        name=record.name,
        aliases=record.aliases,
        active=record.active,
        parent_id=record.parent_id,
        category=record.category,
        capabilities=directory_pb2.Capabilities(
            attachment_bytes=record.capabilities.attachment_bytes, kinds=sorted(record.capabilities.kinds)
        ),
        since=translate.time(record.since) if record.since is not None else None,
        until=translate.time(record.until) if record.until is not None else None,
    )


def _group(record: Group) -> directory_pb2.Group:
    return directory_pb2.Group(
        group_id=record.group_id,
        name=record.name,
        owner_id=record.owner_id,
        members=record.members,
        categories=record.categories,
        active=record.active,
    )
