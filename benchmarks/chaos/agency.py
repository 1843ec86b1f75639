"""One agency, a process of its own: `python -m benchmarks.chaos.agency '{…}'` (`Orders`, as JSON).

It sends documents with attachments, says some things twice, takes what comes, fetches, hands over, answers,
and follows its events and the log, through the SDK alone. What the SDK asks to try later, it tries later,
with the same bytes. SIGUSR1 ends its work, SIGTERM the process.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import signal
import sys
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from axis_client import AxisError, Patience, Profile, Surroundings, TryLater
from axis_client.model.oversight import Taken
from benchmarks.chaos.history import History, NotingClient
from benchmarks.soak import letters
from edxml.writer import write

SENDERS, TAKERS = 2, 2
"""Systems of an agency at work at the same time."""
PATIENCE = Patience(attempts=4, first=0.2, longest=2.0)
FATES = {
    # What is done with a letter, in this order, and how often in a hundred.
    ("fetch", "accept", "04", "06"): 40,
    ("fetch", "accept"): 25,
    ("fetch", "refuse"): 8,
    ("refuse",): 6,
    ("fetch",): 9,
    (): 12,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What an agency is told at its beginning."""

    profile: str
    room: str
    """A directory of its own."""
    history: str
    peers: list[str]
    """To whom it sends."""
    logs: list[str]
    """Where the log is shown over plain HTTP, one of each node."""
    seed: str
    pace: float
    """Seconds between two documents of one sender, about."""


class Agency:
    """At work."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._profile = Profile.load(Path(orders.profile))
        self._history = History(Path(orders.history))
        self._dice = random.Random(orders.seed)
        self._over = asyncio.Event()
        self._number = 0

    async def live(self) -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, self._over.set)
        loop.add_signal_handler(signal.SIGTERM, ended.set)
        around = Surroundings(patience=PATIENCE)
        async with NotingClient(self._profile, self._history, around) as axis:
            following = [asyncio.create_task(self._follow(axis)), asyncio.create_task(self._watch_log())]
            async with asyncio.TaskGroup() as tasks:
                for _ in range(SENDERS):
                    tasks.create_task(self._send_all(axis))
                for _ in range(TAKERS):
                    tasks.create_task(self._take_all(axis))
            self._history.note("rested")
            await ended.wait()
            for task in following:
                task.cancel()
            await asyncio.wait(following)

    async def _send_all(self, axis: NotingClient) -> None:
        while not self._over.is_set():
            await self._send(axis)
            await self._rest(self._orders.pace)

    async def _send(self, axis: NotingClient) -> None:
        """Sends one document, until it is accepted; now and then once more, or twice at once."""
        self._number += 1
        number = self._number
        to = tuple(self._dice.sample(self._orders.peers, self._dice.choice((1, 1, 2))))
        priority = self._dice.choices((0, 1, 2, 3, 4), (40, 20, 20, 12, 8))[0]
        document = write(letters.document(self._profile.agency, number, to, priority=priority))
        attachments = []
        if self._dice.random() < 0.3:
            path = Path(self._orders.room) / f"{number}.bin"
            path.write_bytes(self._dice.randbytes(self._dice.choice((2_000, 60_000, 400_000))))
            attachments.append(path)
        sealed = await axis.seal(document, attachments)
        self._history.note(
            "meant",
            sha256=hashlib.sha256(sealed).hexdigest(),
            agency_id=self._profile.agency,
            document_id=letters.document_id(self._profile.agency, number),
            recipients=to,
        )
        times = self._dice.choices(((1,), (1, 1), (2,)), (85, 8, 7))[0]
        for at_once in times:
            await asyncio.gather(*(self._until_sent(axis, sealed, attachments) for _ in range(at_once)))

    async def _until_sent(self, axis: NotingClient, sealed: bytes, attachments: list[Path]) -> None:
        while await self._try("send", lambda: axis.send(sealed, attachments)) is None:
            await self._rest(1.0, over=False)

    async def _take_all(self, axis: NotingClient) -> None:
        while not self._over.is_set():
            taken: tuple[Taken, ...] | None = await self._try("take", lambda: axis.take(3, 20))
            for one in taken or ():
                await self._live(axis, one)
            if not taken:
                await self._rest(0.5)

    async def _live(self, axis: NotingClient, taken: Taken) -> None:
        dispatch_id, recipient = taken.item.dispatch.dispatch_id, taken.item.delivery.recipient_id
        (steps,) = self._dice.choices(tuple(FATES), tuple(FATES.values()))
        for step in steps:
            if self._over.is_set() or not await self._step(axis, step, dispatch_id, recipient):
                return

    async def _step(self, axis: NotingClient, step: str, dispatch_id: str, recipient: str) -> bool:
        """Does one thing, and tells whether it came to pass."""
        match step:
            case "fetch":
                # Two takers may have it in hand, one after its lease ran out: each has its own directory.
                room = Path(self._orders.room) / f"{dispatch_id}.{self._dice.getrandbits(32):08x}"
                fetched = await self._try("fetch", lambda: axis.fetch(dispatch_id, room, force=True))
                if fetched is None:
                    return False
                return await self._try("hand over", lambda: axis.hand_over(fetched, recipient)) is not None
            case "accept":
                act = partial(axis.accept, dispatch_id, recipient=recipient)
            case "refuse":
                act = partial(axis.refuse, dispatch_id, letters.REASON, recipient=recipient)
            case _:
                act = partial(axis.report, dispatch_id, step, recipient=recipient)
        return await self._try(step, act) is not None

    async def _follow(self, axis: NotingClient) -> None:
        """Follows all events for ever, from where it was."""
        after = ""
        while True:
            try:
                async with aclosing(axis.events(after)) as events:
                    async for event in events:
                        after = event.cursor
            except AxisError as error:
                self._said("events", error)
            await asyncio.sleep(0.5)

    async def _watch_log(self) -> None:
        """Asks one node after the other for its newest checkpoint, over plain HTTP."""
        while True:
            for address in self._orders.logs:
                url = f"http://{address}/checkpoint"
                try:
                    note = await asyncio.to_thread(_read, url)
                except OSError:
                    continue
                self._history.note("checkpoint", node=address, note=note)
            await asyncio.sleep(1.0)

    async def _try(self, verb: str, act: Callable[[], Awaitable[Any]]) -> Any:
        """Does something, and notes how it ended; None when it did not come to pass."""
        try:
            done = await act()
        except AxisError as error:
            self._said(verb, error)
            return None
        self._history.note("did", verb=verb)
        return done if done is not None else True

    def _said(self, verb: str, error: AxisError) -> None:
        kind = "TryLater" if isinstance(error, TryLater) else type(error).__name__
        self._history.note(
            "could not", verb=verb, kind=kind, reason=error.reason, message=error.message[:300]
        )

    async def _rest(self, seconds: float, *, over: bool = True) -> None:
        pause = seconds * self._dice.uniform(0.5, 1.5)
        if not over:
            await asyncio.sleep(pause)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), pause)


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=3) as answer:
        content: bytes = answer.read(1 << 16)
    return content.decode()


if __name__ == "__main__":
    asyncio.run(Agency(Orders(**json.loads(sys.argv[1]))).live())
