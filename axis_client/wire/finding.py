"""The calls of `ArchiveService`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property

from axis.v1 import archive_pb2, archive_pb2_grpc
from axis_client.model.finding import Facets, Found, FoundPage, Query
from axis_client.wire import convert
from axis_client.wire.link import SLOW, Link


class ArchiveCalls(Link):
    @cached_property
    def _archive(self) -> archive_pb2_grpc.ArchiveServiceAsyncStub:
        return archive_pb2_grpc.ArchiveServiceStub(self._channel)

    async def found_page(
        self, query: Query, after: str, size: int, *, oldest_first: bool, facets: bool
    ) -> FoundPage:
        request = archive_pb2.SearchDispatchesRequest(
            query=_query(query), after=after, page_size=size, oldest_first=oldest_first, facets=facets
        )
        answer = await self._ask(self._archive.SearchDispatches, request, SLOW)
        return FoundPage(
            found=tuple(map(_found, answer.found)),
            next=answer.next,
            more=answer.more,
            facets=_facets(answer.facets) if answer.HasField("facets") else None,
            current_to=convert.time(answer.current_to),
        )


def _query(query: Query) -> archive_pb2.DispatchQuery:
    return archive_pb2.DispatchQuery(
        text=query.text,
        file_name=query.file_name,
        code_number=query.number,
        code_notation=query.notation,
        document_id=query.document_id,
        sender_id=query.sender,
        recipient_id=query.recipient,
        promulgated_from=_day(query.promulgated_from),
        promulgated_to=_day(query.promulgated_to),
        accepted_from=_day(query.accepted_from),
        accepted_to=_day(query.accepted_to),
        kinds=query.kinds,
        priorities=query.priorities,
        states=convert.state_numbers(query.states),
        sha256=query.sha256,
    )


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _found(message: archive_pb2.FoundDispatch) -> Found:
    return Found(
        cursor=message.cursor,
        dispatch=convert.dispatch(message.dispatch),
        counts=convert.counts(message.counts),
        sent=message.sent,
        disposal_id=message.disposal_id,
    )


def _facets(message: archive_pb2.Facets) -> Facets:
    return Facets(
        total=message.total,
        complete=message.complete,
        years=_counted(message.years),
        senders=_counted(message.senders),
        kinds=_by_number(message.kinds),
        priorities=_by_number(message.priorities),
    )


def _counted(counts: Iterable[archive_pb2.FacetCount]) -> dict[str, int]:
    return {one.value: one.count for one in counts}


def _by_number(counts: Iterable[archive_pb2.FacetCount]) -> dict[int, int]:
    """Leaves out what is no number: only a later version could know it."""
    return {int(one.value): one.count for one in counts if one.value.isdecimal()}
