"""Where things stand, and what proves it."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Collection
from pathlib import Path

from axis_client.acts.proving import Proving
from axis_client.connection import unseen
from axis_client.errors import LocalError, explain
from axis_client.fetching import Attested, Fetcher, attested
from axis_client.model import Delivery, Event, OutboxItem, Proof, Record, Retrieved, State, Status
from axis_client.sending import Report
from signing.evidence import EventId

PAGE = 200
"""Dispatches asked for at once."""


class Knowing(Proving):
    """For senders, recipients and archivists alike."""

    async def status(self, dispatch_id: str) -> Status:
        """Says where a dispatch stands."""
        return await self._persist(lambda: self._wire.status(dispatch_id))

    async def deliveries(
        self, dispatch_id: str, states: Collection[State] = ()
    ) -> AsyncGenerator[Delivery, None]:
        """Yields where each recipient stands, in the order of the evidence; no `states` means all. Raises
        `LocalError` for `State.UNKNOWN`, which nobody can ask for."""
        check_known(states)
        async for page in self._pages(lambda after: self._wire.deliveries_page(dispatch_id, after, states)):
            for item in page:
                yield item

    async def history(self, dispatch_id: str) -> AsyncGenerator[Event, None]:
        """Yields the history of a dispatch, oldest first."""
        async for page in self._pages(lambda after: self._wire.history_page(dispatch_id, after)):
            for item in page:
                yield item

    async def evidence(
        self, dispatch_id: str, events: Collection[str] = (), recipient_id: str = ""
    ) -> AsyncGenerator[Record, None]:
        """Yields every evidence and statement that this agency may see, in the order in which the axis took
        them: evidence of some events alone, if any are named; what one recipient sees alone, if it is named.

        Each evidence is verified; a statement is what its name says, and its seal is the other agency's:
        `axis verify` judges it, with trust in that one. When the profile names the axis's log, each must
        stand in it (`logged`), and is waited for a little where it is new: raises as `prove`.
        """
        async for page in self._records(dispatch_id, events, recipient_id):
            for record in await self.prove_all(page) if self.has_log else page:
                yield record

    async def _records(
        self, dispatch_id: str, events: Collection[str] = (), recipient_id: str = ""
    ) -> AsyncGenerator[list[Record], None]:
        """Yields pages of verified evidence and statements, whatever the log says of them."""
        examiner = await self._examiner()
        ask = functools.partial(
            self._wire.evidence_page, dispatch_id, events=events, recipient_id=recipient_id
        )
        async for page in self._pages(ask):
            yield await examiner.examine_records(page)

    async def outbox(self, after: str = "") -> AsyncGenerator[OutboxItem, None]:
        """Yields what this agency sent after a cursor, in order."""
        async for page in self._pages(lambda after: self._wire.outbox_page(after, PAGE), after):
            for item in page:
                yield item

    async def retrieve(
        self, dispatch_id: str, directory: Path | str, *, force: bool = False, progress: Report = unseen
    ) -> Retrieved:
        """Takes the original and its detached attachments to disk, byte for byte as the axis keeps them,
        checked against its evidence. For the sender, the recipients, and their archivists."""
        return await self._fetcher(progress).retrieve(
            await self._attested(dispatch_id), Path(directory), force=force
        )

    def _fetcher(self, progress: Report) -> Fetcher:
        return Fetcher(wire=self._wire, persist=self._persist, trust=self._profile.trust, report=progress)

    async def _attested(self, dispatch_id: str) -> Attested:
        status = await self.status(dispatch_id)
        consigned = self._records(dispatch_id, [EventId.CONTENT_CONSIGNMENT])
        proofs = [record async for page in consigned for record in page if isinstance(record, Proof)]
        return attested(dispatch_id, status, proofs)


def check_known(states: Collection[State]) -> None:
    """Raises `LocalError` for `State.UNKNOWN`, which nobody can ask for."""
    if State.UNKNOWN in states:
        raise explain(LocalError, "STATE_UNKNOWN", str(State.UNKNOWN))
