"""Sealed packages that the axis took, and those it refused, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from storage.errors import DocumentIdTaken
from storage.ledger.memory.state import Dispatched, Facet, State, refuse_strangers
from storage.ledger.records import (
    Asking,
    Delivery,
    Entry,
    Evidence,
    Joining,
    Kept,
    Link,
    NewDispatch,
    Recipient,
    Refusal,
)
from storage.ledger.wellformed import LINKS_MOST, check_commit, check_refusal

THREAD_MOST = 100
ALIKE_MOST = 10


class MemoryDispatches(Facet):
    """`Dispatches` in memory."""

    async def commit(self, new: NewDispatch) -> Kept:
        check_commit(new)
        await asyncio.sleep(0)
        if new.entry.dispatch_id not in self._state.dispatches:
            _commit(self._state, new)
        await asyncio.sleep(0)
        return self._state.dispatches[new.entry.dispatch_id].kept

    async def refuse(self, refusal: Refusal) -> Evidence:
        check_refusal(refusal)
        await asyncio.sleep(0)
        key = (refusal.sender_id, refusal.sha256, refusal.reason)
        if key not in self._state.refusals:
            self._state.refuse_known([refusal.evidence])
            self._state.refusals[key] = refusal.evidence
            self._state.add_leaf("evidence", refusal.evidence.evidence_id, refusal.evidence.content)
        await asyncio.sleep(0)
        return self._state.refusals[key]

    async def kept(self, dispatch_id: str) -> Kept:
        await asyncio.sleep(0)
        return self._state.dispatched(dispatch_id).kept

    async def entry(self, dispatch_id: str) -> Entry:
        return (await self.kept(dispatch_id)).entry

    async def holder(self, sender_id: str, document_id: str) -> str | None:
        await asyncio.sleep(0)
        return self._state.documents.get((sender_id, document_id))

    async def thread(self, sender_id: str, document_id: str) -> tuple[Entry, ...]:
        await asyncio.sleep(0)
        found = [
            replace(entry, parts=())
            for entry in self._entries(sender_id)
            if document_id and entry.document_id == document_id
        ]
        return tuple(found[-THREAD_MOST:])

    async def links(self, dispatch_id: str) -> tuple[Link, ...]:
        await asyncio.sleep(0)
        dispatched = self._state.dispatches.get(dispatch_id)
        if dispatched is None:
            return ()
        earlier = [name for name in self._state.dispatches if name in dispatched.about]
        return tuple(
            Link(dispatch_id=name, kind=self._state.dispatches[name].kept.entry.kind, later=later)
            for later, names in ((False, earlier), (True, dispatched.followers))
            for name in names[-LINKS_MOST:]
        )

    async def alike(self, sender_id: str, code_number: str, code_notation: str) -> tuple[str, ...]:
        await asyncio.sleep(0)
        code = (code_number, code_notation)
        found = [
            entry.dispatch_id
            for entry in self._entries(sender_id)
            if entry.kind == 0 and any(code) and (entry.code_number, entry.code_notation) == code
        ]
        return tuple(found[: -ALIKE_MOST - 1 : -1])

    def _entries(self, sender_id: str) -> Iterable[Entry]:
        kept = (dispatched.kept.entry for dispatched in self._state.dispatches.values())
        return (entry for entry in kept if entry.sender_id == sender_id)


def _commit(state: State, new: NewDispatch) -> None:
    entry = new.entry
    document = (entry.sender_id, entry.document_id)
    is_new_document = entry.kind == 0 and entry.document_id != ""
    if is_new_document and document in state.documents:
        raise DocumentIdTaken(state.documents[document])
    for name in (
        *new.about,
        *(ask.dispatch_id for ask in new.asks),
        *(join.dispatch_id for join in new.joins),
    ):
        state.dispatched(name)
    _check_leaves(state, new)
    if is_new_document:
        state.documents[document] = entry.dispatch_id
    dispatched = Dispatched(kept=Kept(entry=entry, evidence=new.evidence), about=new.about)
    state.dispatches[entry.dispatch_id] = dispatched
    for name in new.about:
        state.dispatches[name].followers.append(entry.dispatch_id)
    _deliver(state, dispatched, new.recipients, entry.accepted_at, new.handover_by, new.answer_by)
    for part in entry.parts:
        if not part.inline:
            state.holdings.setdefault((entry.sender_id, part.sha256), part.size)
    state.note(dispatched, new.evidence, new.events)
    state.judged_by[entry.dispatch_id] = set(new.judged_by)
    for ask in new.asks:
        _ask(state, ask)
    for join in new.joins:
        _join(state, join)


def _check_leaves(state: State, new: NewDispatch) -> None:
    """Raises `ValueError` before anything is changed."""
    refuse_strangers([one.agency_id for one in new.recipients], [*new.evidence, *new.events])
    kept = list(new.evidence)
    joined: dict[str, set[str]] = {}
    for join in new.joins:
        known = joined.setdefault(join.dispatch_id, set(state.dispatches[join.dispatch_id].deliveries))
        if not (names := {one.agency_id for one in join.recipients}) <= known:
            known |= names
            kept += join.evidence
            refuse_strangers(known, join.evidence)
    state.refuse_known(kept)


def _deliver(
    state: State,
    dispatched: Dispatched,
    recipients: Iterable[Recipient],
    at: datetime,
    handover_by: datetime,
    answer_by: datetime,
) -> None:
    for recipient in recipients:
        state.deliver(
            dispatched,
            Delivery(
                dispatch_id=dispatched.dispatch_id,
                recipient_id=recipient.agency_id,
                mailbox_id=recipient.mailbox_id,
                state="consigned",
                version=1,
                updated_at=at,
                handover_by=handover_by,
                answer_by=answer_by,
                due=handover_by,
            ),
        )


def _ask(state: State, ask: Asking) -> None:
    dispatched = state.dispatches[ask.dispatch_id]
    for recipient_id in ask.recipients:
        current = dispatched.deliveries.get(recipient_id)
        if current is None or current.question is not None or current.state not in ask.states:
            continue
        updated_at = max(current.updated_at, ask.question.asked_at)
        dispatched.deliveries[recipient_id] = replace(
            current,
            version=current.version + 1,
            updated_at=updated_at,
            due=min(current.due or ask.question.until, ask.question.until),
            question=ask.question,
        )
        at = max(ask.event.at, updated_at)
        state.note(dispatched, (), [replace(ask.event, recipient_id=recipient_id, at=at)])


def _join(state: State, join: Joining) -> None:
    dispatched = state.dispatches[join.dispatch_id]
    joined = [one for one in join.recipients if one.agency_id not in dispatched.deliveries]
    if joined:
        _deliver(state, dispatched, joined, join.at, join.handover_by, join.answer_by)
        events = [replace(join.event, recipient_id=one.agency_id) for one in joined]
        state.note(dispatched, join.evidence, events)
