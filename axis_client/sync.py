"""The same client for programs without asyncio: a thread of its own runs the loop, each method mirrors."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Collection, Coroutine, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from axis_client.acts.archiving import Bagged
from axis_client.acts.exporting import DestroyedBy
from axis_client.acts.following import EVERYTHING
from axis_client.acts.knowing import PAGE
from axis_client.acts.proving import R
from axis_client.acts.sending import Source
from axis_client.client import AsyncClient
from axis_client.connection import Surroundings, unseen
from axis_client.exporting import Collector, Packaged
from axis_client.model import (
    Agency,
    Answered,
    Delivery,
    DirectoryEntry,
    Event,
    Fetched,
    Group,
    InboxItem,
    Logged,
    LogState,
    Me,
    OutboxItem,
    Proof,
    Record,
    Retrieved,
    Sent,
    ShownCheckpoint,
    State,
    Status,
)
from axis_client.model.finding import Found, FoundPage, Query
from axis_client.model.oversight import (
    Aside,
    Attention,
    Checked,
    Dimension,
    EventFilter,
    Side,
    Statistics,
    StreamEvent,
    Taken,
)
from axis_client.model.retention import Decision, Disposal, Due, Retention, Term, Told
from axis_client.profile import Profile
from axis_client.sending import Report

T = TypeVar("T")


class Client:
    """`with Client(profile) as axis: ...`. See `AsyncClient` for what each method promises.

    May be used from several threads. `progress` is called in the client's own thread.
    """

    def __init__(self, profile: Profile, surroundings: Surroundings | None = None) -> None:
        self._client = AsyncClient(profile, surroundings)
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Client:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="axis-client", daemon=True)
        self._thread.start()
        try:
            self._run(self._client.__aenter__())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._client.__aexit__(kind, error, trace))
        self._stop()

    def _stop(self) -> None:
        loop, self._loop = self._opened(), None
        for last in (loop.shutdown_asyncgens, loop.shutdown_default_executor):
            asyncio.run_coroutine_threadsafe(last(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()

    def _opened(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the client is not open: use `with Client(profile) as axis`")
        return self._loop

    def whoami(self) -> Me:
        return self._run(self._client.whoami())

    def agency(self, agency_id: str) -> Agency:
        return self._run(self._client.agency(agency_id))

    def agencies(
        self,
        query: str = "",
        *,
        category: str = "",
        below: str = "",
        direct: bool = False,
        inactive: bool = False,
    ) -> Iterator[Agency]:
        return self._iterate(
            self._client.agencies(query, category=category, below=below, direct=direct, inactive=inactive)
        )

    def groups(self) -> Iterator[Group]:
        return self._iterate(self._client.groups())

    def group(self, group_id: str) -> Iterator[str]:
        return self._iterate(self._client.group(group_id))

    def sync_directory(self, after: str = "") -> Iterator[tuple[tuple[DirectoryEntry, ...], str]]:
        return self._iterate(self._client.sync_directory(after))

    def seal(
        self, package: Source, attachments: Iterable[Path | str] = (), to: Sequence[str] | None = None
    ) -> bytes:
        return self._run(self._client.seal(package, attachments, to))

    def send(
        self,
        package: Source,
        attachments: Iterable[Path | str] = (),
        to: Sequence[str] | None = None,
        *,
        progress: Report = unseen,
    ) -> Sent:
        return self._run(self._client.send(package, attachments, to, progress=progress))

    def check(
        self, package: Source, attachments: Iterable[Path | str] = (), to: Sequence[str] | None = None
    ) -> Checked:
        return self._run(self._client.check(package, attachments, to))

    def inbox(self, after: str = "", states: Collection[State] = ()) -> Iterator[InboxItem]:
        return self._iterate(self._client.inbox(after, states))

    def watch(self, after: str = "") -> Iterator[InboxItem]:
        return self._iterate(self._client.watch(after))

    def fetch(
        self, dispatch_id: str, directory: Path | str, *, force: bool = False, progress: Report = unseen
    ) -> Fetched:
        return self._run(self._client.fetch(dispatch_id, directory, force=force, progress=progress))

    def hand_over(self, fetched: Fetched, recipient: str = "") -> Answered:
        return self._run(self._client.hand_over(fetched, recipient))

    def accept(
        self,
        dispatch_id: str,
        directory: Path | str | None = None,
        *,
        recipient: str = "",
        progress: Report = unseen,
    ) -> Answered:
        return self._run(self._client.accept(dispatch_id, directory, recipient=recipient, progress=progress))

    def refuse(self, dispatch_id: str, reason: str, *, recipient: str = "") -> Answered:
        return self._run(self._client.refuse(dispatch_id, reason, recipient=recipient))

    def report(self, dispatch_id: str, code: str, description: str = "", *, recipient: str = "") -> Answered:
        return self._run(self._client.report(dispatch_id, code, description, recipient=recipient))

    def agree(self, dispatch_id: str, *, recipient: str = "", description: str = "") -> Answered:
        return self._run(self._client.agree(dispatch_id, recipient=recipient, description=description))

    def decline(self, dispatch_id: str, reason: str, *, recipient: str = "") -> Answered:
        return self._run(self._client.decline(dispatch_id, reason, recipient=recipient))

    def take(self, most: int = 1, seconds: int = 300) -> tuple[Taken, ...]:
        return self._run(self._client.take(most, seconds))

    def extend(self, taken: Taken, seconds: int = 300) -> Taken:
        return self._run(self._client.extend(taken, seconds))

    def release(self, taken: Taken) -> None:
        self._run(self._client.release(taken))

    def set_taken_aside(self, taken: Taken, reason: str) -> None:
        self._run(self._client.set_taken_aside(taken, reason))

    def recall(self, dispatch_id: str, recipient: str, reason: str) -> Answered:
        return self._run(self._client.recall(dispatch_id, recipient, reason))

    def revoke(self, dispatch_id: str, reason: str, to: Sequence[str] | None = None) -> bytes:
        return self._run(self._client.revoke(dispatch_id, reason, to))

    def update(
        self, dispatch_id: str, reason: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> bytes:
        return self._run(self._client.update(dispatch_id, reason, add=add, remove=remove))

    def replacement(self, package: Source, replaced: Sequence[str], reason: str) -> bytes:
        return self._run(self._client.replacement(package, replaced, reason))

    def events(
        self,
        after: str = "",
        wanted: EventFilter = EVERYTHING,
        *,
        follow: bool = True,
        from_now: bool = False,
    ) -> Iterator[StreamEvent]:
        return self._iterate(self._client.events(after, wanted, follow=follow, from_now=from_now))

    def set_aside(self, dispatch_id: str, reason: str, *, sequence: int = 0, recipient: str = "") -> None:
        self._run(self._client.set_aside(dispatch_id, reason, sequence=sequence, recipient=recipient))

    def set_event_aside(self, news: StreamEvent, reason: str) -> None:
        self._run(self._client.set_event_aside(news, reason))

    def asides(self) -> Iterator[Aside]:
        return self._iterate(self._client.asides())

    def take_up(self, dispatch_id: str, *, sequence: int = 0, recipient: str = "") -> None:
        self._run(self._client.take_up(dispatch_id, sequence=sequence, recipient=recipient))

    def attention(self, soon_hours: int = 24, past_days: int = 30, most: int = 100) -> Attention:
        return self._run(self._client.attention(soon_hours, past_days, most))

    def acknowledge(self, dispatch_id: str, recipient: str) -> None:
        self._run(self._client.acknowledge(dispatch_id, recipient))

    def statistics(
        self, side: Side, first: date, last: date, by: Collection[Dimension] = (), *, agency: str = ""
    ) -> Statistics:
        return self._run(self._client.statistics(side, first, last, by, agency=agency))

    def status(self, dispatch_id: str) -> Status:
        return self._run(self._client.status(dispatch_id))

    def deliveries(self, dispatch_id: str, states: Collection[State] = ()) -> Iterator[Delivery]:
        return self._iterate(self._client.deliveries(dispatch_id, states))

    def history(self, dispatch_id: str) -> Iterator[Event]:
        return self._iterate(self._client.history(dispatch_id))

    def evidence(
        self, dispatch_id: str, events: Collection[str] = (), recipient_id: str = ""
    ) -> Iterator[Record]:
        return self._iterate(self._client.evidence(dispatch_id, events, recipient_id))

    @property
    def has_log(self) -> bool:
        return self._client.has_log

    def check_log(self) -> LogState:
        return self._run(self._client.check_log())

    def prove(self, record: Record) -> Logged:
        return self._run(self._client.prove(record))

    def prove_content(self, content_id: str, content: bytes) -> Logged:
        return self._run(self._client.prove_content(content_id, content))

    def outbox(self, after: str = "") -> Iterator[OutboxItem]:
        return self._iterate(self._client.outbox(after))

    def bag(
        self,
        dispatch_id: str,
        directory: Path | str,
        *,
        package: bool = True,
        progress: Report = unseen,
        collect: Collector | None = None,
    ) -> Bagged:
        return self._run(
            self._client.bag(dispatch_id, directory, package=package, progress=progress, collect=collect)
        )

    def search(self, query: Query, *, oldest_first: bool = False, after: str = "") -> Iterator[Found]:
        return self._iterate(self._client.search(query, oldest_first=oldest_first, after=after))

    def search_page(
        self,
        query: Query,
        *,
        after: str = "",
        size: int = PAGE,
        oldest_first: bool = False,
        facets: bool = False,
    ) -> FoundPage:
        return self._run(
            self._client.search_page(query, after=after, size=size, oldest_first=oldest_first, facets=facets)
        )

    def retention(self, dispatch_id: str) -> Retention:
        return self._run(self._client.retention(dispatch_id))

    def set_retention(
        self, dispatch_id: str, class_code: str, *, ended: int = 0, record: str = "", reason: str = ""
    ) -> Term:
        act = self._client.set_retention(dispatch_id, class_code, ended=ended, record=record, reason=reason)
        return self._run(act)

    def put_hold(self, dispatch_id: str, reason: str) -> Decision:
        return self._run(self._client.put_hold(dispatch_id, reason))

    def lift_hold(self, dispatch_id: str, hold_id: str, reason: str) -> Decision:
        return self._run(self._client.lift_hold(dispatch_id, hold_id, reason))

    def holds(self) -> Iterator[Decision]:
        return self._iterate(self._client.holds())

    def due(self) -> Iterator[Due]:
        return self._iterate(self._client.due())

    def disposal_order(self, due: Sequence[Due], *, number: str, legal_basis: str) -> bytes:
        return self._run(self._client.disposal_order(due, number=number, legal_basis=legal_basis))

    def disposal_approval(self, order: bytes) -> bytes:
        return self._run(self._client.disposal_approval(order))

    def submit_disposal(self, order: bytes, approvals: Sequence[bytes] = ()) -> Disposal:
        return self._run(self._client.submit_disposal(order, approvals))

    def disposal(self, order_id: str) -> Told:
        return self._run(self._client.disposal(order_id))

    def disposals(self) -> Iterator[Disposal]:
        return self._iterate(self._client.disposals())

    def retrieve(
        self, dispatch_id: str, directory: Path | str, *, force: bool = False, progress: Report = unseen
    ) -> Retrieved:
        return self._run(self._client.retrieve(dispatch_id, directory, force=force, progress=progress))

    def package(
        self,
        dispatch_id: str,
        path: Path | str,
        *,
        force: bool = False,
        progress: Report = unseen,
        collect: Collector | None = None,
        disposal: DestroyedBy | None = None,
    ) -> Packaged:
        act = self._client.package(
            dispatch_id, path, force=force, progress=progress, collect=collect, disposal=disposal
        )
        return self._run(act)

    def prove_all(self, records: Sequence[R]) -> list[R]:
        return self._run(self._client.prove_all(records))

    def prove_under(self, size: int, record: Record) -> bytes:
        return self._run(self._client.prove_under(size, record))

    def archive_record(self, record: Record) -> bytes | None:
        return self._run(self._client.archive_record(record))

    def grown(self, proof: Proof) -> bytes | None:
        return self._run(self._client.grown(proof))

    def covering(self, size: int) -> ShownCheckpoint:
        return self._run(self._client.covering(size))

    def _run(self, act: Coroutine[Any, Any, T]) -> T:
        """Waits for an act in the client's loop; an interrupt here cancels it there."""
        try:
            loop = self._opened()
        except RuntimeError:
            act.close()
            raise
        future = asyncio.run_coroutine_threadsafe(act, loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _iterate(self, items: AsyncGenerator[T, None]) -> Iterator[T]:
        async def following() -> T:
            return await anext(items)

        try:
            while True:
                try:
                    yield self._run(following())
                except StopAsyncIteration:
                    return
        finally:
            # A client that was closed has closed them already.
            if self._loop is not None:
                self._run(items.aclose())
