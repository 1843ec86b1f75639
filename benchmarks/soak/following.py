"""What an agency is shown: its stream of events, followed through every break."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc
import grpc.aio

from axis.v1 import events_pb2
from benchmarks.judging.account import Account, Seen
from benchmarks.judging.wire import Wire, seen
from benchmarks.soak.country import House

REMEMBERED = 300
"""How much of each kind an agency remembers, to come back to it."""
_ENDING = frozenset(
    {
        "ConsignmentAcceptance",
        "ConsignmentRejection",
        "ContentHandoverFailure",
        "AcceptanceRejectionExpiry",
        "QuestionAgreed",
    }
)


@dataclass(slots=True)
class Day:
    """What all agencies share."""

    moves: int
    open: int = 0
    """Deliveries of which no ending was seen yet."""
    made: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when so many moves were made."""
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Follower:
    """Follows one agency's stream."""

    def __init__(
        self, house: House, mailboxes: Mapping[str, str], wire: Wire, day: Day, dice: random.Random
    ) -> None:
        self.house = house
        self.cursor = ""
        """Up to where the events were followed."""
        self.asked: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)
        """Deliveries to this agency about which somebody asks."""
        self._mailboxes = mailboxes
        self._wire = wire
        self._account: Account = wire.account
        self._day = day
        self._dice = dice
        self._known: set[tuple[str, int]] = set()
        self._ended: set[tuple[str, str]] = set()

    async def follow(self) -> None:
        """Follows the events of the agency for ever. Now and then it goes back a little, as a program does
        that died before it had kept its cursor."""
        late: deque[str] = deque([""], maxlen=50)
        while True:
            call = self._wire.events.WatchEvents(events_pb2.WatchEventsRequest(after=self.cursor))
            try:
                async for news in call:
                    if news.WhichOneof("news") != "event":
                        continue
                    self._read(seen(news.event), news.event.about.sender_id)
                    self.cursor = news.event.cursor
                    late.append(self.cursor)
                    if self._dice.random() < 0.001:
                        self.cursor = self._dice.choice(late)
                        self._account.tallies["streams gone back to an earlier place"] += 1
                        break
            except grpc.aio.AioRpcError:
                self._account.tallies["streams broken off"] += 1
            finally:
                call.cancel()
            await asyncio.sleep(0.1 + 0.2 * self._dice.random())

    def _read(self, event: Seen, sender_id: str) -> None:
        self._account.followed[self.house.agency_id].append(event)
        if (event.dispatch_id, event.sequence) in self._known:
            return
        self._known.add((event.dispatch_id, event.sequence))
        if sender_id == self.house.agency_id:
            self._account.moves += bool(event.recipient_id) or event.kind == "SubmissionAcceptance"
            if event.kind in _ENDING and (event.dispatch_id, event.recipient_id) not in self._ended:
                self._ended.add((event.dispatch_id, event.recipient_id))
                self._day.open -= 1
            if self._account.moves >= self._day.moves:
                self._day.made.set()
        if event.kind.endswith("Requested") and self._mailboxes.get(event.recipient_id) == (
            self.house.agency_id
        ):
            self.asked.append((event.dispatch_id, event.recipient_id))
