"""The asynchronous client: every act of an agency, one method each."""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from axis_client import answering, files, proof, sending
from axis_client.answering import Reporter
from axis_client.errors import LocalError, NotFound, Refused, TryLater, explain
from axis_client.fetching import Attested, Fetcher, attested
from axis_client.model import (
    Agency,
    Answered,
    Delivery,
    Dispatch,
    Event,
    Fetched,
    InboxItem,
    Me,
    OutboxItem,
    Progress,
    Proof,
    Record,
    Retrieved,
    Sent,
    State,
    Status,
)
from axis_client.packing import Outgoing, is_sealed, open_xml, pack, read_document
from axis_client.patience import Patience, Persistence, Random, Sleep
from axis_client.profile import Profile
from axis_client.proof import Examiner
from axis_client.sending import Report
from edxml import codes
from edxml.agency_id import normalise
from edxml.model import Organ
from signing.evidence import EventId

if TYPE_CHECKING:
    from axis_client.wire import Wire
    from axis_client.wire.calls import Page

T = TypeVar("T")

Source = Path | str | bytes
"""A package: the path of a file, or the bytes themselves."""
PAGE = 200
"""Deliveries asked for at once."""
KNOWN_FOR = timedelta(minutes=1)
"""How long what the axis says of itself is believed: its evidence certificate may change."""


def unseen(_: Progress) -> None:
    """The progress report of those who do not look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a client takes from the world around it."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Sleep = asyncio.sleep
    random: Random = random.random
    patience: Patience = field(default_factory=Patience)


class AsyncClient:
    """An agency's connection to the axis: `async with AsyncClient(profile) as axis: ...`.

    Every method raises `AxisError`. Whatever can be repeated safely is repeated, with back-off, for as long
    as the patience lasts; what is returned was verified.
    """

    def __init__(self, profile: Profile, surroundings: Surroundings | None = None) -> None:
        self._profile = profile
        self._around = surroundings or Surroundings()
        around = self._around
        self._persist = Persistence(patience=around.patience, sleep=around.sleep, random=around.random)
        self._opened: Wire | None = None
        self._known: tuple[Me, datetime] | None = None

    async def __aenter__(self) -> AsyncClient:
        # Here and not above: gRPC reads its settings when it is imported, and `axis verify` needs none of it.
        from axis_client.wire import Wire

        self._profile.check_time(self._around.clock())
        self._opened = Wire(self._profile)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    # who is there

    async def whoami(self) -> Me:
        """Says who the caller is to the axis. Raises `LocalError` when the profile names another agency."""
        now = self._around.clock()
        if self._known is None or now - self._known[1] > KNOWN_FOR:
            me = await self._persist(self._wire.whoami)
            names = {normalise(name) for name in (me.agency.agency_id, *me.agency.aliases)}
            if normalise(self._profile.agency) not in names:
                raise explain(LocalError, "AGENCY_MISMATCH", me.agency.agency_id)
            self._known = me, now
        return self._known[0]

    async def agency(self, agency_id: str) -> Agency:
        """Finds an agency by any of its identifiers. Raises `NotFound`."""
        return await self._persist(lambda: self._wire.agency(agency_id))

    # sending

    async def seal(
        self, package: Source, attachments: Iterable[Path | str] = (), to: Sequence[str] | None = None
    ) -> bytes:
        """Seals a package and returns the bytes to be sent; keep them until `send` has returned, for sent
        again they are the same dispatch. Arguments as in `send`."""
        return (await self._pack(package, attachments, to)).sealed

    async def send(
        self,
        package: Source,
        attachments: Iterable[Path | str] = (),
        to: Sequence[str] | None = None,
        *,
        progress: Report = unseen,
    ) -> Sent:
        """Sends a document: seals it unless it is sealed, uploads what is large, submits, and checks the
        evidence.

        `package` is a path, or the bytes themselves. `attachments` lie beside it, bound by their digest in
        its seal. `to` replaces the recipients of an unsealed package; a sealed one must name the same.
        Returns only when the axis's SubmissionAcceptance proves that exactly these bytes were accepted for
        exactly these recipients.
        """
        outgoing = await self._pack(package, attachments, to)
        me = await self.whoami()
        try:
            submitted = await sending.submit(self._wire, self._persist, me, outgoing, progress)
        except Refused as refusal:
            if refusal.evidence is not None:
                rejection = (await self._examiner()).examine(refusal.evidence)
                proof.check_refusal(rejection, sha256=outgoing.sha256, sender_id=me.agency.agency_id)
            raise
        return await sending.confirm(submitted, outgoing, me, await self._examiner(), self._canonical)

    # receiving

    async def inbox(self, after: str = "", states: Collection[State] = ()) -> AsyncGenerator[InboxItem, None]:
        """Yields the deliveries to this agency after a cursor, in order; no `states` means all. Raises
        `LocalError` for `State.UNKNOWN`, which nobody can ask for."""
        _check_known(states)
        async for page in self._pages(lambda after: self._wire.inbox_page(after, PAGE, states), after):
            for item in page:
                yield item

    async def watch(self, after: str = "") -> AsyncGenerator[InboxItem, None]:
        """Yields what is in the inbox after a cursor, and then each new delivery as it comes, without end.

        The stream is a hint: after each cut the inbox is asked again from the last cursor, so nothing is lost
        or doubled. Raises `TryLater` when the axis stays away for longer than the patience lasts.
        """
        while True:
            async with aclosing(self.inbox(after)) as waiting:
                async for item in waiting:
                    after = item.cursor
                    yield item
            with suppress(TryLater):
                async with aclosing(self._wire.watch_inbox(after)) as coming:
                    async for item in coming:
                        after = item.cursor
                        yield item
            around = self._around
            await around.sleep(around.patience.pause(1, around.random(), None))

    async def fetch(
        self, dispatch_id: str, directory: Path | str, *, force: bool = False, progress: Report = unseen
    ) -> Fetched:
        """Takes a dispatch to disk: `package.edxml` and every attachment under a safe name of its own, all
        verified before any gets its name. Run again after a cut, it goes on where it was. Needs trust in the
        sender's seal."""
        return await self._fetcher(progress).fetch(
            await self._attested(dispatch_id), Path(directory), force=force
        )

    async def hand_over(self, fetched: Fetched) -> Answered:
        """States under this agency's seal (01, *đã đến*) that it holds every part of what was fetched, by
        digest."""
        held = answering.held_parts(fetched.dispatch)
        return await self._answer(codes.ARRIVED, fetched.dispatch, held=held)

    async def accept(
        self, dispatch_id: str, directory: Path | str | None = None, *, progress: Report = unseen
    ) -> Answered:
        """Accepts a delivery (03, *đã tiếp nhận*). While it is still only consigned, everything is fetched
        into `directory`, verified and handed over first: the agency states that it holds every file, so it
        must say where. Accepting again is a success. Raises `LocalError` (`DIRECTORY_REQUIRED`)."""
        status, delivery = await self._my_delivery(dispatch_id)
        fetched = None
        if delivery.state is State.CONSIGNED:
            if directory is None:
                raise explain(LocalError, "DIRECTORY_REQUIRED", dispatch_id)
            fetched = await self.fetch(dispatch_id, directory, progress=progress)
            await self.hand_over(fetched)
        return replace(await self._answer(codes.ACCEPTED, status.dispatch), fetched=fetched)

    async def refuse(self, dispatch_id: str, reason: str) -> Answered:
        """Refuses a delivery (02, *từ chối tiếp nhận*), with the reason that the sender is told. Final."""
        if not reason.strip():
            raise explain(LocalError, "REASON_REQUIRED")
        status, _ = await self._my_delivery(dispatch_id)
        return await self._answer(codes.REFUSED, status.dispatch, reason.strip())

    async def report(self, dispatch_id: str, code: str, description: str = "") -> Answered:
        """Reports a processing state: 04 (*phân công*), 05 (*đang xử lý*) or 06 (*hoàn thành*)."""
        if code not in answering.REPORTABLE:
            raise explain(LocalError, "STATUS_UNKNOWN", code)
        status, _ = await self._my_delivery(dispatch_id)
        return await self._answer(code, status.dispatch, description)

    # knowing

    async def status(self, dispatch_id: str) -> Status:
        """Says where a dispatch stands."""
        return await self._persist(lambda: self._wire.status(dispatch_id))

    async def deliveries(
        self, dispatch_id: str, states: Collection[State] = ()
    ) -> AsyncGenerator[Delivery, None]:
        """Yields where each recipient stands, in the order of the evidence; no `states` means all. Raises
        `LocalError` for `State.UNKNOWN`, which nobody can ask for."""
        _check_known(states)
        async for page in self._pages(lambda after: self._wire.deliveries_page(dispatch_id, after, states)):
            for item in page:
                yield item

    async def events(self, dispatch_id: str) -> AsyncGenerator[Event, None]:
        """Yields the history of a dispatch, oldest first."""
        async for page in self._pages(lambda after: self._wire.events_page(dispatch_id, after)):
            for item in page:
                yield item

    async def evidence(
        self, dispatch_id: str, events: Collection[str] = (), recipient_id: str = ""
    ) -> AsyncGenerator[Record, None]:
        """Yields every evidence and statement that this agency may see, in the order in which the axis took
        them: evidence of some events alone, if any are named; what one recipient sees alone, if it is named.

        Each evidence is verified; a statement is what its name says, and its seal is the other agency's:
        `axis verify` judges it, with trust in that one.
        """
        examiner = await self._examiner()
        ask = functools.partial(
            self._wire.evidence_page, dispatch_id, events=events, recipient_id=recipient_id
        )
        async for page in self._pages(ask):
            for record in await examiner.examine_records(page):
                yield record

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

    # what the acts share

    @property
    def _wire(self) -> Wire:
        if self._opened is None:
            raise RuntimeError("the client is not open: use `async with AsyncClient(profile) as axis`")
        return self._opened

    async def _pages(
        self, ask: Callable[[str], Awaitable[Page[T]]], after: str = ""
    ) -> AsyncGenerator[tuple[T, ...], None]:
        """Yields the pages of a list; one that does not go on is the last."""
        more = True
        while more:
            came_from = after
            items, after, more = await self._persist(functools.partial(ask, after))
            yield items
            more = more and after != came_from

    async def _examiner(self) -> Examiner:
        return Examiner(trust=self._profile.trust, me=await self.whoami(), now=self._around.clock())

    def _fetcher(self, progress: Report) -> Fetcher:
        return Fetcher(wire=self._wire, persist=self._persist, trust=self._profile.trust, report=progress)

    async def _attested(self, dispatch_id: str) -> Attested:
        status = await self.status(dispatch_id)
        consigned = self.evidence(dispatch_id, [EventId.CONTENT_CONSIGNMENT])
        proofs = [record async for record in consigned if isinstance(record, Proof)]
        return attested(dispatch_id, status, proofs)

    async def _my_delivery(self, dispatch_id: str) -> tuple[Status, Delivery]:
        status = await self.status(dispatch_id)
        return status, answering.delivery_of(status, await self.whoami())

    async def _answer(
        self, code: str, dispatch: Dispatch, description: str = "", held: Mapping[str, str] | None = None
    ) -> Answered:
        me = await self.whoami()
        statement = await asyncio.to_thread(
            answering.state,
            code,
            dispatch,
            me,
            signer=self._profile.signer,
            at=self._around.clock(),
            description=description,
            held=held,
        )
        reporter = Reporter(wire=self._wire, persist=self._persist, me=me, examiner=await self._examiner())
        return await reporter.report(code, dispatch, statement)

    async def _pack(
        self, package: Source, attachments: Iterable[Path | str], to: Sequence[str] | None
    ) -> Outgoing:
        document = (
            package if isinstance(package, bytes) else await asyncio.to_thread(read_document, Path(package))
        )
        blobs = [await asyncio.to_thread(files.measure, Path(path)) for path in attachments]
        recipients = None if to is None else await self._organs(document, to)
        signer, at = self._profile.signer, self._around.clock()
        return await asyncio.to_thread(pack, document, blobs, recipients, signer=signer, at=at)

    async def _organs(self, document: bytes, to: Sequence[str]) -> list[Organ]:
        """Names the recipients as the directory does; those of a sealed package are only compared."""
        if is_sealed(open_xml(document)):
            return [Organ(organ_id=agency_id.strip()) for agency_id in to]
        organs = []
        for agency_id in dict.fromkeys(text.strip() for text in to):
            try:
                agency = await self.agency(agency_id)
            except NotFound as exc:
                raise explain(Refused, "UNKNOWN_RECIPIENT", agency_id, recipient=agency_id) from exc
            organs.append(Organ(organ_id=agency_id, organ_name=agency.name))
        return organs

    async def _canonical(self, identifier: str) -> str:
        return (await self.agency(identifier)).agency_id


def _check_known(states: Collection[State]) -> None:
    if State.UNKNOWN in states:
        raise explain(LocalError, "STATE_UNKNOWN", str(State.UNKNOWN))
