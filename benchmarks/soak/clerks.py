"""What agencies do all day: send, take letters in hand, answer or not, ask back, and say things twice."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from axis.v1 import inbox_pb2, records_pb2, types_pb2
from benchmarks.judging.account import Account, Given
from benchmarks.judging.wire import Refused, Wire
from benchmarks.soak import letters
from benchmarks.soak.country import Country
from benchmarks.soak.following import REMEMBERED, Day, Follower
from edxml.codes import Kind
from edxml.model import Package
from signing.dispatch import ni_uri

OPEN_MOST = 600
"""Deliveries without an ending beyond which nobody sends anything new."""
FATES: dict[str, tuple[tuple[str, ...], int]] = {
    # What the recipient does with a letter, in this order, and how often in a hundred.
    "whole": (("fetch", "01", "03", "04", "05", "06"), 34),
    "accepted": (("fetch", "01", "03"), 14),
    "done at once": (("fetch", "01", "03", "06"), 8),
    "refused unseen": (("02",), 6),
    "refused": (("fetch", "01", "02"), 7),
    "never fetched": ((), 8),
    "never proved": (("fetch",), 4),
    "never answered": (("fetch", "01"), 5),
    "out of order": (("06", "03", "01", "fetch", "04", "03"), 4),
    "all at once": (("03|02|01|06|fetch",), 6),
    "given back": (("release",), 2),
    "set aside": (("aside",), 2),
}
ANSWERS = {"15": 55, "16": 20, "02": 5, "03": 8, "15|16": 6, "": 6}
"""What the recipient says to a package that asks; nothing at all in the last case."""


@dataclass(frozen=True, slots=True)
class Own:
    """A document that an agency sent."""

    package: Package
    dispatch: types_pb2.Dispatch
    recipients: tuple[str, ...]


class Desk:
    """One agency at work: its wire, what it remembers, and its dice."""

    def __init__(
        self, country: Country, follower: Follower, wire: Wire, day: Day, dice: random.Random
    ) -> None:
        self.house = follower.house
        self._country = country
        self._wire = wire
        self._account: Account = wire.account
        self._day = day
        self._dice = dice
        self._number = 0
        self._own: deque[Own] = deque(maxlen=REMEMBERED)
        self._received: deque[tuple[types_pb2.Dispatch, str]] = deque(maxlen=REMEMBERED)
        self._asked = follower.asked
        self._kept: deque[tuple[Given, str, bytes]] = deque(maxlen=REMEMBERED)
        """Bytes that were handed in before; with the dispatch, for a statement."""

    async def work(self) -> None:
        """Works until the day is over."""
        acts = (self._serve, self._send, self._answer_questions, self._stir, self._ask, self._repeat)
        shares = (44, 16, 14, 6, 17, 3)
        while not self._day.over.is_set():
            (act,) = self._dice.choices(acts, shares)
            await act()

    async def _send(self) -> None:
        """Sends a new document."""
        if self._day.open > OPEN_MOST:
            await asyncio.sleep(0.05)
            return
        to = self._somebody()
        package = letters.document(self.house.agency_id, self._next(), to, priority=self._priority())
        await self._hand_in(package, to)

    async def _serve(self) -> None:
        """Takes letters in hand and does with each what its fate is."""
        seconds = self._dice.choice((2, 30, 300))
        request = inbox_pb2.TakeInboxRequest(most=self._dice.randrange(1, 5), lease_seconds=seconds)
        taken = await self._wire.until_answered(lambda: self._wire.inbox.TakeInbox(request, timeout=60))
        if not taken.items:
            await asyncio.sleep(0.02)
        await asyncio.gather(*(self._live(one) for one in taken.items))

    async def _live(self, taken: inbox_pb2.TakenItem) -> None:
        dispatch, delivery = taken.item.dispatch, taken.item.delivery
        self._account.note_delivery(
            delivery.dispatch_id, delivery.recipient_id, delivery.version, delivery.state
        )
        self._received.append((dispatch, delivery.recipient_id))
        if dispatch.kind in (Kind.REVOKE, Kind.UPDATE):
            (answer,) = self._dice.choices(tuple(ANSWERS), tuple(ANSWERS.values()))
            steps: tuple[str, ...] = (answer,) if answer else ()
        else:
            fates = tuple(FATES.values())
            ((steps, _),) = self._dice.choices(fates, [share for _, share in fates])
        if not steps and dispatch.priority < 3:
            await self._settle(taken, "extend")  # in hand, so that nobody takes it; its time runs out
        for step in steps:
            if self._day.over.is_set():
                return
            at_once = step.split("|")
            await asyncio.gather(*(self._step(one, taken) for one in at_once))

    async def _step(self, step: str, taken: inbox_pb2.TakenItem) -> None:
        dispatch, recipient_id = taken.item.dispatch, taken.item.delivery.recipient_id
        if step == "fetch":
            for part in dispatch.parts:
                await self._wire.fetch(dispatch.dispatch_id, part.number)
        elif step in ("release", "aside"):
            await self._settle(taken, step)
        else:
            await self._say(step, dispatch, recipient_id)

    async def _settle(self, taken: inbox_pb2.TakenItem, how: str) -> None:
        request = inbox_pb2.SettleInboxRequest(
            dispatch_id=taken.item.dispatch.dispatch_id,
            recipient_id=taken.item.delivery.recipient_id,
            lease_token=taken.lease_token,
        )
        match how:
            case "release":
                request.release = True
            case "aside":
                request.set_aside_reason = "cần người xem lại"
            case _:
                request.extend_seconds = 3600
        try:
            await self._wire.until_answered(lambda: self._wire.inbox.SettleInbox(request, timeout=60))
        except Refused as refused:
            self._account.tallies[f"lease to {how}: {refused.reason}"] += 1
        else:
            self._account.tallies[f"lease to {how}: done"] += 1

    async def _answer_questions(self) -> None:
        """Agrees to what is asked, or declines; some are left to lapse."""
        if not self._asked:
            return
        dispatch_id, recipient_id = self._asked.popleft()
        (code,) = self._dice.choices(("15", "16", "15|16", ""), (55, 25, 8, 12))
        dispatch = await self._dispatch(dispatch_id)
        if code:
            await asyncio.gather(*(self._say(one, dispatch, recipient_id) for one in code.split("|")))

    async def _stir(self) -> None:
        """Says something about a letter of long ago, in order or not."""
        if self._received:
            dispatch, recipient_id = self._dice.choice(self._received)
            await self._say(
                self._dice.choice(("01", "02", "03", "04", "05", "06", "15", "16")), dispatch, recipient_id
            )

    async def _ask(self) -> None:
        """Asks for a document back, changes or replaces it."""
        if not self._own or self._day.open > 2 * OPEN_MOST:
            return
        own = self._dice.choice(self._own)
        (how,) = self._dice.choices(("13", "revoke", "remove", "add", "replace"), (60, 8, 10, 10, 12))
        some = self._dice.sample(own.recipients, min(len(own.recipients), self._dice.randrange(1, 4)))
        match how:
            case "13":
                await asyncio.gather(*(self._take_back(own, one) for one in some))
            case "revoke":
                await self._hand_in(letters.about(own.package, Kind.REVOKE, some), some)
            case "remove":
                update = letters.about(
                    own.package,
                    Kind.UPDATE,
                    some,
                    receivers=dict.fromkeys(some, "0"),
                    priority=self._priority(),
                )
                await self._hand_in(update, some)
            case "add":
                new = self._dice.choice(tuple(self._country.mailboxes))
                to = tuple(dict.fromkeys((*some, new)))
                update = letters.about(
                    own.package, Kind.UPDATE, to, receivers={new: "1"}, priority=self._priority()
                )
                await self._hand_in(update, to, adds=(new,))
            case _:
                newer = letters.document(self.house.agency_id, self._next(), some, priority=self._priority())
                await self._hand_in(letters.replacement(newer, own.package, some), some)

    async def _take_back(self, own: Own, recipient_id: str) -> None:
        await self._say("13", own.dispatch, recipient_id, asks=True)

    async def _repeat(self) -> None:
        """Hands in again what was handed in long ago."""
        if self._kept:
            given, dispatch_id, content = self._dice.choice(self._kept)
            await self._give(given, dispatch_id, content)

    async def _hand_in(self, package: Package, to: Sequence[str], adds: tuple[str, ...] = ()) -> None:
        content = letters.sealed_package(package, self.house.signer, datetime.now(UTC))
        recipients = self._meant(to)
        given = self._given(content, package.document_id, package.kind)
        given.recipients, given.adds = recipients, adds
        dispatch = await self._give(given, "", content)
        if self._dice.random() < 0.03:  # its bytes were lost: it is sealed again
            later = datetime.now(UTC) + timedelta(seconds=1)
            again = letters.sealed_package(package, self.house.signer, later)
            other = self._given(again, package.document_id, package.kind)
            other.recipients, other.adds = recipients, adds
            await self._give(other, "", again)
        if dispatch is not None and package.kind in (Kind.NEW, Kind.REPLACE):
            self._own.append(Own(package, dispatch, recipients))

    async def _say(
        self, code: str, dispatch: types_pb2.Dispatch, recipient_id: str, *, asks: bool = False
    ) -> None:
        speaker, addressee = dispatch.sender_id, recipient_id
        if not asks:
            speaker, addressee = addressee, speaker
        held = {ni_uri(part.sha256): part.sha256 for part in dispatch.parts} if code == "01" else {}
        at = datetime.now(UTC)
        for attempt in range(2 if self._dice.random() < 0.03 else 1):  # the second time sealed again
            content = letters.statement(
                code,
                dispatch,
                speaker=speaker,
                addressee=addressee,
                signer=self.house.signer,
                at=at + timedelta(seconds=attempt),
                held=held,
            )
            given = replace(self._given(content, dispatch.document_id, None), code=code, speaker_id=speaker)
            self._account.given[given.sha256] = given
            await self._give(given, dispatch.dispatch_id, content)

    async def _give(self, given: Given, dispatch_id: str, content: bytes) -> types_pb2.Dispatch | None:
        """Hands bytes in: once, twice one after the other, or twice at the same time."""
        times = self._dice.choices(((1,), (1, 1), (2,)), (88, 6, 6))[0]
        answers: list[types_pb2.Dispatch | str | None] = []
        for at_once in times:
            answers += await asyncio.gather(
                *(self._once(given, dispatch_id, content) for _ in range(at_once))
            )
        first = len(given.answers) == len(answers)
        if first and not dispatch_id and given.accepted:
            self._day.open += len(given.recipients)
        if self._dice.random() < 0.05:
            self._kept.append((given, dispatch_id, content))
        return next((one for one in answers if isinstance(one, types_pb2.Dispatch)), None)

    async def _once(self, given: Given, dispatch_id: str, content: bytes) -> types_pb2.Dispatch | str | None:
        if dispatch_id:
            return await self._wire.report(given, dispatch_id, content)
        return await self._wire.submit(given, content)

    def _given(self, content: bytes, document_id: str, kind: int | None) -> Given:
        sha256 = hashlib.sha256(content).hexdigest()
        given = Given(sha256=sha256, agency_id=self.house.agency_id, document_id=document_id, kind=kind)
        return self._account.given.setdefault(sha256, given)

    async def _dispatch(self, dispatch_id: str) -> types_pb2.Dispatch:
        request = records_pb2.GetStatusRequest(dispatch_id=dispatch_id)
        answer = await self._wire.until_answered(lambda: self._wire.records.GetStatus(request, timeout=60))
        dispatch: types_pb2.Dispatch = answer.dispatch
        return dispatch

    def _somebody(self) -> tuple[str, ...]:
        every = [one for one in self._country.mailboxes if one != self.house.agency_id]
        to = self._dice.sample(every, self._dice.choices((1, 2, 3, 4, 6), (30, 30, 20, 10, 10))[0])
        if self._dice.random() < 0.02:
            to.append(self._dice.choice(tuple(self._country.groups)))
        return tuple(to)

    def _meant(self, to: Sequence[str]) -> tuple[str, ...]:
        groups = self._country.groups
        return tuple(dict.fromkeys(each for one in to for each in groups.get(one, (one,))))

    def _priority(self) -> int:
        return self._dice.choices((0, 1, 2, 3, 4), (40, 20, 20, 12, 8))[0]

    def _next(self) -> int:
        self._number += 1
        return self._number
