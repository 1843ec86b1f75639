"""`ArchiveService`: finding dispatches; `retention` has the rest of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from axis.v1 import archive_pb2
from axis_server.archiving.deciding import Deciding
from axis_server.archiving.disposal import Disposing
from axis_server.boundary import translate
from axis_server.boundary.identity import Context, current_caller
from axis_server.boundary.retention import RetentionServicer
from axis_server.cursors import Cursors
from axis_server.knowing.finding import Finding, Query
from storage.ledger import catalogue

NEWEST, OLDEST = "found newest first", "found oldest first"


class ArchiveServicer(RetentionServicer):
    """Translates; `Finding` decides."""

    def __init__(
        self, *, finding: Finding, deciding: Deciding, disposing: Disposing, cursors: Cursors
    ) -> None:
        super().__init__(deciding=deciding, disposing=disposing, cursors=cursors)
        self._finding = finding

    async def SearchDispatches(
        self, request: archive_pb2.SearchDispatchesRequest, context: Context
    ) -> archive_pb2.SearchDispatchesResponse:
        caller = current_caller()
        scope = (OLDEST if request.oldest_first else NEWEST, caller.agency_id)
        found = await self._finding.search(
            caller,
            _query(request.query),
            newest=not request.oldest_first,
            after=self._cursors.place(request.after, *scope),
            limit=request.page_size,
            facets=request.facets,
        )
        return archive_pb2.SearchDispatchesResponse(
            found=[
                _found(
                    hit,
                    self._cursors.token(hit.cursor, *scope),
                    found.disposed.get(hit.entry.dispatch_id, ""),
                )
                for hit in found.hits.items
            ],
            next=self._cursors.token(found.hits.next, *scope),
            more=found.hits.more,
            facets=_facets(found.facets) if found.facets is not None else None,
            current_to=translate.time(found.current_to),
        )


def _query(message: archive_pb2.DispatchQuery) -> Query:
    return Query(
        text=message.text,
        file_name=message.file_name,
        code_number=message.code_number,
        code_notation=message.code_notation,
        document_id=message.document_id,
        sender_id=message.sender_id,
        recipient_id=message.recipient_id,
        promulgated_from=message.promulgated_from,
        promulgated_to=message.promulgated_to,
        accepted_from=message.accepted_from,
        accepted_to=message.accepted_to,
        kinds=tuple(message.kinds),
        priorities=tuple(message.priorities),
        states=translate.named_states(message.states),
        sha256=message.sha256,
    )


def _found(hit: catalogue.Hit, cursor: str, disposal_id: str) -> archive_pb2.FoundDispatch:
    return archive_pb2.FoundDispatch(
        cursor=cursor,
        dispatch=translate.dispatch(hit.entry),
        counts=translate.counts(hit.counts),
        sent=hit.sent,
        disposal_id=disposal_id,
    )


def _facets(facets: catalogue.Facets) -> archive_pb2.Facets:
    frequent = sorted(facets.senders.items(), key=lambda one: (-one[1], one[0]))
    return archive_pb2.Facets(
        total=facets.total,
        complete=facets.complete,
        years=_counts(sorted(facets.years.items(), reverse=True)),
        senders=_counts(frequent),
        kinds=_by_number(facets.kinds),
        priorities=_by_number(facets.priorities),
    )


def _by_number(counted: Mapping[int, int]) -> list[archive_pb2.FacetCount]:
    return _counts((str(number), count) for number, count in sorted(counted.items()))


def _counts(counted: Iterable[tuple[str, int]]) -> list[archive_pb2.FacetCount]:
    return [archive_pb2.FacetCount(value=value, count=count) for value, count in counted]
