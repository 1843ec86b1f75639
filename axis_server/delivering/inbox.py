"""Receiving: see what waits, watch it arrive, take every part."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection
from concurrent.futures import Executor
from contextlib import aclosing

from axis_server.caller import Caller, admit_reader
from axis_server.changes import Changes
from axis_server.delivering.opening import Opening
from axis_server.documents.blobs import chunks, kept_blob
from axis_server.documents.inline import InlineParts
from axis_server.errors import Declined, Detail
from axis_server.knowing.records import standing_of
from axis_server.lifecycle import check_states
from axis_server.limits.tasks import OwnedTasks
from axis_server.paging import PAGE_ITEMS, page_items
from axis_server.reasons import Code
from axis_server.wording import disposed_by
from storage.archive.base import Archive
from storage.ledger.base import Ledger
from storage.ledger.pages import Page
from storage.ledger.records import InboxItem, Part

POLL_SECONDS = 15.0
"""How long a watch trusts that hints arrive: one may be lost, so it looks for itself this often."""

ADMITTED_BYTES = 16 << 20
"""How much of a part leaves before its caller is admitted anew."""


class Inbox:
    """Shows an agency its own deliveries and hands out the bytes."""

    def __init__(
        self,
        *,
        archive: Archive,
        ledger: Ledger,
        still: Callable[[Caller], Caller],
        changes: Changes,
        workers: Executor,
        opening: Opening,
        owned: OwnedTasks,
    ) -> None:
        self._archive = archive
        self._ledger = ledger
        self._still = still
        self._changes = changes
        self._opening = opening
        self._owned = owned
        self._inline = InlineParts(archive=archive, workers=workers)

    async def page(
        self, caller: Caller, after: int, limit: int, states: Collection[str] = ()
    ) -> Page[InboxItem]:
        """Lists deliveries to the caller's agency after the place `after`, in order of commit, in `states` if
        any are named; `limit` 0 means `PAGE_ITEMS`.

        Raises `Declined`.
        """
        admit_reader(caller)
        most = page_items(limit)
        check_states(states)
        return await self._ledger.inbox(caller.agency_id, after=after, limit=most, states=states)

    async def watch(self, caller: Caller, after: int) -> AsyncGenerator[InboxItem, None]:
        """Yields deliveries after the place `after`, and then each new one, until the caller closes it.

        Nothing is queued: the ledger is read again from the last cursor, as fast as the caller takes what it
        found. A watch may last for weeks, so who watches is asked again before each look. Raises `Declined`,
        also in mid-stream: STRANGER, AGENCY_SUSPENDED, ROLE_FORBIDDEN.
        """
        async with self._changes.subscribe(caller.agency_id) as hint:
            while True:
                page = await self.page(self._still(caller), after, PAGE_ITEMS)
                for item in page.items:
                    yield item
                after = page.next
                if not page.more:
                    await hint.wait(POLL_SECONDS)

    async def fetch(
        self, caller: Caller, dispatch_id: str, number: int, offset: int = 0
    ) -> AsyncGenerator[bytes, None]:
        """Returns the bytes of one part from `offset` on, for the recipient and for the sender.

        That a recipient begins to take it is noted before any byte leaves (`Opening`). They are hashed on
        the way; a complete wrong part never leaves: `Corrupt` is raised while it is read.

        A part may be on its way for days, so who takes it is asked again in mid-stream. Raises `Declined`:
        NOT_FOUND, also for what is not the caller's; OFFSET_MISMATCH past the end; WITHHELD; DISPOSED, with
        the order and the evidence; in mid-stream as `Admission.again`.
        """
        standing = await standing_of(self._ledger, caller, dispatch_id)
        parts = standing.entry.parts
        if not 0 <= number < len(parts):
            raise Declined(
                Code.NOT_FOUND,
                Detail(
                    f"the dispatch has parts 0 to {len(parts) - 1}",
                    f"văn bản có các phần từ 0 đến {len(parts) - 1}",
                ),
            )
        part = parts[number]
        await self._refuse_disposed(dispatch_id)
        if not 0 <= offset <= part.size:
            raise Declined(
                Code.OFFSET_MISMATCH, f"the part has {part.size} bytes", facts={"offset": str(part.size)}
            )
        if standing.sees is not None:
            await self._owned.run(self._opening.open(caller, standing.entry))
        if part.inline:
            return self._while_admitted(caller, self._inline_part(caller.agency_id, parts[0], part, offset))
        return self._while_admitted(caller, kept_blob(self._archive, part.sha256, offset))

    async def _refuse_disposed(self, dispatch_id: str) -> None:
        order_id = (await self._ledger.disposed([dispatch_id])).get(dispatch_id)
        if order_id is not None:
            disposal = await self._ledger.disposal(order_id)
            raise Declined(
                Code.DISPOSED,
                disposed_by(order_id),
                facts={"order": order_id, "evidence": disposal.evidence_id},
            )

    async def _while_admitted(
        self, caller: Caller, source: AsyncGenerator[bytes, None]
    ) -> AsyncGenerator[bytes, None]:
        """Asks again who takes it every `ADMITTED_BYTES`: a caller may take a large part for days."""
        given = 0
        async with aclosing(source) as pieces:
            async for piece in pieces:
                if given >= ADMITTED_BYTES:
                    admit_reader(self._still(caller))
                    given = 0
                given += len(piece)
                yield piece

    async def _inline_part(
        self, agency_id: str, original: Part, part: Part, offset: int
    ) -> AsyncGenerator[bytes, None]:
        async with self._inline.taken(original, part, agency_id) as content:
            async for chunk in chunks(content, offset):
                yield chunk
