"""Receiving: see what waits, take it, answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path

from axis_client import answering
from axis_client.acts.knowing import Knowing, check_known
from axis_client.answering import Parties, Reporter
from axis_client.connection import unseen
from axis_client.errors import LocalError, TryLater, explain
from axis_client.model import Answered, Delivery, Dispatch, Fetched, InboxItem, State, Status
from axis_client.model.oversight import Taken
from axis_client.sending import Report
from edxml import codes
from edxml.agency_id import normalise

PAGE = 200
"""Deliveries asked for at once."""


class Receiving(Knowing):
    """A recipient's acts."""

    async def inbox(self, after: str = "", states: Collection[State] = ()) -> AsyncGenerator[InboxItem, None]:
        """Yields the deliveries to this agency after a cursor, in order; no `states` means all. Raises
        `LocalError` for `State.UNKNOWN`, which nobody can ask for."""
        check_known(states)
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
            await self._pause()

    async def fetch(
        self, dispatch_id: str, directory: Path | str, *, force: bool = False, progress: Report = unseen
    ) -> Fetched:
        """Takes a dispatch to disk: `package.edxml` and every attachment under a safe name of its own, all
        verified before any gets its name. Run again after a cut, it goes on where it was. Needs trust in the
        sender's seal."""
        return await self._fetcher(progress).fetch(
            await self._attested(dispatch_id), Path(directory), force=force
        )

    async def hand_over(self, fetched: Fetched, recipient: str = "") -> Answered:
        """States under this agency's seal (01, *đã đến*) that it holds every part of what was fetched, by
        digest."""
        held = answering.held_parts(fetched.dispatch)
        delivery = (await self._my_delivery(fetched.dispatch.dispatch_id, recipient))[1]
        return await self._answer(codes.ARRIVED, fetched.dispatch, delivery, held=held)

    async def accept(
        self,
        dispatch_id: str,
        directory: Path | str | None = None,
        *,
        recipient: str = "",
        progress: Report = unseen,
    ) -> Answered:
        """Accepts a delivery (03, *đã tiếp nhận*). While it is not handed over yet, everything is fetched
        into `directory`, verified and handed over first: the agency states that it holds every file, so it
        must say where. Accepting again is a success. Raises `LocalError` (`DIRECTORY_REQUIRED`).

        `recipient`, here and below, is the unit that is spoken for, when this agency takes what is sent to
        several. Without it the agency speaks for itself, or for the only unit; if there are more,
        `LocalError` (`RECIPIENT_NEEDED`) names them.
        """
        status, delivery = await self._my_delivery(dispatch_id, recipient)
        fetched = None
        if delivery.state in (State.CONSIGNED, State.FETCHED):
            if directory is None:
                raise explain(LocalError, "DIRECTORY_REQUIRED", dispatch_id)
            fetched = await self.fetch(dispatch_id, directory, progress=progress)
            await self.hand_over(fetched, delivery.recipient_id)
        return replace(await self._answer(codes.ACCEPTED, status.dispatch, delivery), fetched=fetched)

    async def refuse(self, dispatch_id: str, reason: str, *, recipient: str = "") -> Answered:
        """Refuses a delivery (02, *từ chối tiếp nhận*), with the reason that the sender is told. Final."""
        because = required(reason)
        status, delivery = await self._my_delivery(dispatch_id, recipient)
        return await self._answer(codes.REFUSED, status.dispatch, delivery, because)

    async def report(
        self, dispatch_id: str, code: str, description: str = "", *, recipient: str = ""
    ) -> Answered:
        """Reports a processing state: 04 (*phân công*), 05 (*đang xử lý*) or 06 (*hoàn thành*)."""
        if code not in answering.REPORTABLE:
            raise explain(LocalError, "STATUS_UNKNOWN", code)
        status, delivery = await self._my_delivery(dispatch_id, recipient)
        return await self._answer(code, status.dispatch, delivery, description)

    async def agree(self, dispatch_id: str, *, recipient: str = "", description: str = "") -> Answered:
        """Agrees to what the sender asks (15): to give the document back, to leave the list, to take the
        replacement. It says that this agency destroyed its copy, so do that first. `dispatch_id` is the
        document, or the package that asks."""
        status, delivery = await self._my_delivery(dispatch_id, recipient)
        return await self._answer(codes.AGREED, status.dispatch, delivery, description)

    async def decline(self, dispatch_id: str, reason: str, *, recipient: str = "") -> Answered:
        """Refuses what the sender asks (16), with the reason that the sender is told."""
        because = required(reason)
        status, delivery = await self._my_delivery(dispatch_id, recipient)
        return await self._answer(codes.DECLINED, status.dispatch, delivery, because)

    async def take(self, most: int = 1, seconds: int = 300) -> tuple[Taken, ...]:
        """Takes deliveries in hand that wait to be handed over, the most urgent first: no other system of
        this agency is given them for so many seconds. None when nothing waits."""
        return await self._persist(lambda: self._wire.take(most, seconds))

    async def extend(self, taken: Taken, seconds: int = 300) -> Taken:
        """Keeps it in hand for so many seconds from now. Raises `Refused` (`LEASE_LOST`)."""
        return replace(taken, until=await self._persist(lambda: self._wire.extend(taken, seconds)))

    async def release(self, taken: Taken) -> None:
        """Gives it back: another system may take it at once. Raises `Refused` (`LEASE_LOST`)."""
        await self._persist(lambda: self._wire.release(taken))

    async def set_taken_aside(self, taken: Taken, reason: str) -> None:
        """Sets it aside, with the reason why it cannot be processed: nobody takes it until `take_up`."""
        because = required(reason)
        await self._persist(lambda: self._wire.set_taken_aside(taken, because))

    async def _my_delivery(self, dispatch_id: str, recipient: str = "") -> tuple[Status, Delivery]:
        """Returns where the dispatch stands and the delivery that is spoken for: one of several units must be
        named. Raises `LocalError` (`NOT_RECIPIENT`, `RECIPIENT_NEEDED`)."""
        status = await self.status(dispatch_id)
        me = (await self.whoami()).agency.agency_id
        async with aclosing(self.deliveries(dispatch_id)) as deliveries:
            mine = [delivery async for delivery in deliveries if delivery.mailbox_id == me]
        named = [one for one in mine if normalise(one.recipient_id) == normalise(recipient or me)]
        found = named if recipient else named or mine
        if not found:
            raise explain(LocalError, "NOT_RECIPIENT", dispatch_id)
        if len(found) > 1:
            raise explain(LocalError, "RECIPIENT_NEEDED", ", ".join(one.recipient_id for one in found))
        return status, found[0]

    async def _answer(
        self,
        code: str,
        dispatch: Dispatch,
        delivery: Delivery,
        description: str = "",
        held: Mapping[str, str] | None = None,
    ) -> Answered:
        parties = answering.of_recipient(delivery, dispatch, await self.whoami())
        return await self._state(code, dispatch, parties, description, held)

    async def _state(
        self,
        code: str,
        dispatch: Dispatch,
        parties: Parties,
        description: str,
        held: Mapping[str, str] | None = None,
    ) -> Answered:
        statement = await asyncio.to_thread(
            answering.state,
            code,
            dispatch,
            parties,
            signer=self._profile.signer,
            at=self._around.clock(),
            description=description,
            held=held,
        )
        reporter = Reporter(wire=self._wire, persist=self._persist, examiner=await self._examiner())
        return await reporter.report(code, dispatch, parties, statement)


def required(reason: str) -> str:
    """Returns a reason without spaces around it. Raises `LocalError` when there is none."""
    if not reason.strip():
        raise explain(LocalError, "REASON_REQUIRED")
    return reason.strip()
