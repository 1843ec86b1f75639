"""Whose turn it is: work that costs much memory or time, a few at once, agency after agency.

turns = Turns(3)
async with turns.of(caller.agency_id):
    package = await whole(archive, sha256)

Everything that is done for many passes such a place: judging and attesting (one for all who compute in the
worker threads), archiving and committing (`Lanes`), going over much.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager


class Turns:
    """So many places, given to the agencies that wait in turn: who asks for much waits behind itself alone.

    A place is held as long as its block lasts, so nothing in it may wait for a caller.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """By agency, the one whose turn is next first; each of them has someone waiting."""

    @asynccontextmanager
    async def of(self, agency_id: str) -> AsyncIterator[None]:
        """Waits for a place and holds it until the block ends."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(agency_id)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, agency_id: str) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(agency_id, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._pass_on()  # given in the moment in which the caller went away
            raise

    def _pass_on(self) -> None:
        """Gives the place to the agency whose turn it is, which then stands last; who went away is passed
        over."""
        while self._waiting:
            agency_id, places = self._waiting.popitem(last=False)
            place = places.popleft()
            if places:
                self._waiting[agency_id] = places
            if not place.done():
                place.set_result(None)
                return
        self._free += 1


class Lanes:
    """Turns in two lanes: what is light goes many at a time and shares its flushes; what is heavy goes one at
    a time, so that nobody waits behind more than one heavy thing of others."""

    def __init__(self, *, light: int, heaviest: int) -> None:
        """`light` places for what weighs up to `heaviest`."""
        self._light = Turns(light)
        self._heavy = Turns(1)
        self._heaviest = heaviest

    def of(self, agency_id: str, weight: int) -> AbstractAsyncContextManager[None]:
        """Waits for a place and holds it until the block ends."""
        return (self._light if weight <= self._heaviest else self._heavy).of(agency_id)
