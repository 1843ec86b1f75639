"""The same client for programs without asyncio: a thread of its own runs the loop, each method mirrors."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Collection, Coroutine, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from axis_client.client import AsyncClient, Source, Surroundings, unseen
from axis_client.model import (
    Agency,
    Answered,
    Delivery,
    Event,
    Fetched,
    InboxItem,
    Me,
    OutboxItem,
    Record,
    Retrieved,
    Sent,
    State,
    Status,
)
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

    def inbox(self, after: str = "", states: Collection[State] = ()) -> Iterator[InboxItem]:
        return self._iterate(self._client.inbox(after, states))

    def watch(self, after: str = "") -> Iterator[InboxItem]:
        return self._iterate(self._client.watch(after))

    def fetch(
        self, dispatch_id: str, directory: Path | str, *, force: bool = False, progress: Report = unseen
    ) -> Fetched:
        return self._run(self._client.fetch(dispatch_id, directory, force=force, progress=progress))

    def hand_over(self, fetched: Fetched) -> Answered:
        return self._run(self._client.hand_over(fetched))

    def accept(
        self, dispatch_id: str, directory: Path | str | None = None, *, progress: Report = unseen
    ) -> Answered:
        return self._run(self._client.accept(dispatch_id, directory, progress=progress))

    def refuse(self, dispatch_id: str, reason: str) -> Answered:
        return self._run(self._client.refuse(dispatch_id, reason))

    def report(self, dispatch_id: str, code: str, description: str = "") -> Answered:
        return self._run(self._client.report(dispatch_id, code, description))

    def status(self, dispatch_id: str) -> Status:
        return self._run(self._client.status(dispatch_id))

    def deliveries(self, dispatch_id: str, states: Collection[State] = ()) -> Iterator[Delivery]:
        return self._iterate(self._client.deliveries(dispatch_id, states))

    def events(self, dispatch_id: str) -> Iterator[Event]:
        return self._iterate(self._client.events(dispatch_id))

    def evidence(
        self, dispatch_id: str, events: Collection[str] = (), recipient_id: str = ""
    ) -> Iterator[Record]:
        return self._iterate(self._client.evidence(dispatch_id, events, recipient_id))

    def outbox(self, after: str = "") -> Iterator[OutboxItem]:
        return self._iterate(self._client.outbox(after))

    def retrieve(
        self, dispatch_id: str, directory: Path | str, *, force: bool = False, progress: Report = unseen
    ) -> Retrieved:
        return self._run(self._client.retrieve(dispatch_id, directory, force=force, progress=progress))

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
