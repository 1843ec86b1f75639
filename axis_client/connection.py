"""An open connection of an agency, and what all its acts share."""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from axis_client.errors import LocalError, explain
from axis_client.model import Me, Progress
from axis_client.patience import Patience, Persistence, Random, Sleep, Waiting, untold
from axis_client.profile import Profile
from axis_client.proof import Examiner
from edxml.agency_id import normalise

if TYPE_CHECKING:
    from typing import Self

    from axis_client.wire import Wire
    from axis_client.wire.link import Page

T = TypeVar("T")

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
    waiting: Waiting = untold


class Connection:
    """Opens with `async with`, and knows who it is to the axis."""

    def __init__(self, profile: Profile, surroundings: Surroundings | None = None) -> None:
        self._profile = profile
        self._around = surroundings or Surroundings()
        around = self._around
        self._persist = Persistence(
            patience=around.patience, sleep=around.sleep, random=around.random, waiting=around.waiting
        )
        self._opened: Wire | None = None
        self._known: tuple[Me, datetime] | None = None

    async def __aenter__(self) -> Self:
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

    async def whoami(self) -> Me:
        """Says who the caller is to the axis: the agency in whose name it acts. Raises `LocalError` when the
        profile names another one."""
        now = self._around.clock()
        if self._known is None or now - self._known[1] > KNOWN_FOR:
            me = await self._persist(self._wire.whoami)
            names = {normalise(name) for name in (me.agency.agency_id, *me.agency.aliases)}
            if normalise(self._profile.acting_for or self._profile.agency) not in names:
                raise explain(LocalError, "AGENCY_MISMATCH", me.agency.agency_id)
            self._known = me, now
        return self._known[0]

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

    async def _items(
        self, ask: Callable[[str], Awaitable[Page[T]]], after: str = ""
    ) -> AsyncGenerator[T, None]:
        """Yields the items of a list, page by page."""
        async for page in self._pages(ask, after):
            for item in page:
                yield item

    async def _examiner(self) -> Examiner:
        return Examiner(trust=self._profile.trust, me=await self.whoami(), now=self._around.clock())

    async def _pause(self) -> None:
        """Waits a moment before something is opened again."""
        around = self._around
        await around.sleep(around.patience.pause(1, around.random(), None))
