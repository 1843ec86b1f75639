"""What a package of kind 1 to 3 does to the documents that its sender sent before. Pure.

    revoke     asks those of its own recipients that hold the document to give it back
    update     asks those whom it takes off the list (ReceiverType 0), adds others to it (1)
    replace    asks, of each document in ReplacementInfoList, those in its OrganIdList, all of its own
               recipients where that is empty; without a list it replaces what bore its own DocumentId

The package goes to whom its To names; the question goes to whom it names and who holds the document. Who had
ended, was never sent it, is asked already or said no lately gets the package and no question, and the sender
a warning. The rules stand in docs/decisions/0015-packages-about-earlier-documents.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from axis_server.addressing.directory import DirectoryView
from axis_server.addressing.routing import IDENTIFIER_SHOWN, NAMED_AT_MOST, Resolved, members, once, resolve
from axis_server.documents.contents import bounded
from axis_server.errors import Declined, Detail
from axis_server.lifecycle import ASKABLE, REQUESTED, QuestionKind, State, rests_until
from axis_server.reasons import Code
from axis_server.wording import STATES, more_than
from edxml.codes import KINDS_WITH_REASON, Kind
from edxml.model import Bussiness, Package
from storage.ledger.records import Asking, Delivery, Entry, NewEvent, Question, Recipient
from storage.ledger.registry import Agency

REPLACED_MOST = 50
"""Documents that one package may replace."""
REASON_CHARACTERS = 500
"""Of a reason, in questions and events, which repeat it for each of thousands; the original has the rest."""
REMOVED, ADDED = "0", "1"
"""ReceiverType."""
BEARERS = frozenset({Kind.NEW, Kind.REPLACE})
"""Kinds that are documents of their own; the others only speak of one."""
QUESTIONS = {
    Kind.REVOKE: QuestionKind.RECALL,
    Kind.UPDATE: QuestionKind.REMOVAL,
    Kind.REPLACE: QuestionKind.REPLACEMENT,
}
"""What a package asks, by its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that was sent before, and where it stands."""

    entry: Entry
    deliveries: Mapping[str, Delivery]
    """By recipient, in their order."""

    @property
    def recalled(self) -> bool:
        """It is being taken back from somebody, or was taken back and nobody holds it any more."""
        standing = self.deliveries.values()
        if any(one.question is not None and one.question.kind == QuestionKind.RECALL for one in standing):
            return True
        states = {one.state for one in standing}
        return State.TAKEN_BACK in states and not states & ASKABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A package that speaks of earlier documents, with all that tells what it means."""

    dispatch_id: str
    sender_id: str
    delegate_id: str
    """Who acts for the sender; empty when it acts itself."""
    kind: Kind
    bussiness: Bussiness
    recipients: Resolved
    """Of the package itself."""
    view: DirectoryView
    at: datetime
    until: datetime
    """When its questions lapse."""
    ask_again: timedelta
    """How long a recipient that said no to a question is left alone."""
    limit: int
    """Most recipients of one document."""

    @property
    def added(self) -> tuple[str, ...]:
        """Whom an update adds, as it names them."""
        return self._receivers(ADDED) if self.kind == Kind.UPDATE else ()

    def named(self, document_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Whom the package names one by one to be asked, as it names them, by document; those that it names
        nobody for are missing.

        Raises `Declined`: TOO_MANY_RECIPIENTS.
        """
        organs: dict[str, list[str]] = {}
        if self.kind == Kind.UPDATE:
            organs = {one: list(self._receivers(REMOVED)) for one in document_ids}
        elif self.kind == Kind.REPLACE:
            for replaced in self.bussiness.replacements:
                organs.setdefault(replaced.document_id, []).extend(replaced.organ_ids)
        named = {document_id: once(found) for document_id, found in organs.items() if found}
        if any(len(one) > self.limit for one in named.values()):
            raise _too_many(self.limit)
        return named

    def _receivers(self, receiver_type: str) -> tuple[str, ...]:
        return tuple(one.organ_id for one in self.bussiness.receivers if one.receiver_type == receiver_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """Who joins the recipients of a document."""

    entry: Entry
    """The document."""
    recipients: tuple[Recipient, ...]
    """Who is none yet, in order."""
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What the commit of a package changes elsewhere."""

    about: tuple[str, ...] = ()
    """Dispatches that it speaks of."""
    asks: tuple[Asking, ...] = ()
    additions: tuple[Addition, ...] = ()
    concerned: frozenset[str] = frozenset()
    """Mailboxes for which there is something new about those dispatches."""
    warnings: tuple[str, ...] = ()


def document_ids(package: Package) -> tuple[str, ...]:
    """Returns the DocumentIds of the documents that a package of kind 1 to 3 speaks of; none for kind 0.

    Raises `Declined`: REASON_REQUIRED, FIELD_TOO_LONG.
    """
    bussiness = package.bussiness
    if package.kind == Kind.NEW or bussiness is None:
        return ()
    if package.kind in KINDS_WITH_REASON and not bussiness.reason:
        raise Declined(
            Code.REASON_REQUIRED, Detail("BussinessDocReason is empty", "BussinessDocReason để trống")
        )
    if package.kind != Kind.REPLACE or not bussiness.replacements:
        return (package.document_id,)
    replaced = tuple(dict.fromkeys(one.document_id for one in bussiness.replacements))
    if len(replaced) > REPLACED_MOST:
        many = f"{len(replaced)} documents are replaced; the most is {REPLACED_MOST}"
        raise Declined(Code.FIELD_TOO_LONG, many)
    for document_id in replaced:
        bounded(document_id, "DocumentId of ReplacementInfo")
    return replaced


def bearer(thread: Iterable[Entry], *, but: str) -> Entry | None:
    """Returns the dispatch that bears the DocumentId of a thread now: the newest of kind 0 or 3 that is not
    the dispatch `but` itself."""
    bearing = [entry for entry in thread if entry.kind in BEARERS and entry.dispatch_id != but]
    return bearing[-1] if bearing else None


def effects(speech: Speech, documents: Mapping[str, Document]) -> Effects:
    """Returns what a package does to `documents`: those of `document_ids`, by DocumentId.

    Raises `Declined`: DOCUMENT_RECALLED, NOT_A_RECIPIENT, RECIPIENT_ENDED, EDXML_AMBIGUOUS for an agency that
    is both removed and added, TOO_MANY_RECIPIENTS for a document that would get or ask more than the limit,
    and what `resolve` raises for those who are added. For thousands it computes for some time.
    """
    if speech.kind != Kind.REVOKE:
        _check_not_recalled(documents)
    asks: list[Asking] = []
    additions: list[Addition] = []
    concerned: set[str] = set()
    warnings: list[str] = []
    organs = speech.named(documents)
    for document_id, document in documents.items():
        named = _asked(speech, document, organs.get(document_id, ()))
        asked = tuple(one for one in named if _may_be_asked(document.deliveries.get(one), speech))
        if asked:
            asks.append(_asking(speech, document, asked))
            concerned |= {document.deliveries[one].mailbox_id for one in asked}
        warnings += _left_out(speech, document, named)
        warnings += _still_held(speech, document, frozenset(named))
        if speech.added:
            resolved = resolve(
                speech.added, speech.view, sender_id=speech.sender_id, at=speech.at, limit=speech.limit
            )
            addition = _addition(document, resolved, removed=frozenset(named), limit=speech.limit)
            if addition.recipients:
                additions.append(addition)
            concerned |= {one.mailbox_id for one in addition.recipients}
            warnings += resolved.warnings
    return Effects(
        about=tuple(document.entry.dispatch_id for document in documents.values()),
        asks=tuple(asks),
        additions=tuple(additions),
        concerned=frozenset(concerned),
        warnings=tuple(warnings),
    )


def _check_not_recalled(documents: Mapping[str, Document]) -> None:
    for document_id, document in documents.items():
        if document.recalled:
            facts = {"document_id": document_id, "dispatch_id": document.entry.dispatch_id}
            raise Declined(Code.DOCUMENT_RECALLED, document_id, facts=facts)


def _asked(speech: Speech, document: Document, organs: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the agencies that a package asks about a document, each once, also those whom the question does
    not reach: those whom `organs` name, if it names any. Raises `Declined`: NOT_A_RECIPIENT."""
    if organs:
        return tuple(dict.fromkeys(_recipients_of(document, organs, speech)))
    if speech.kind == Kind.UPDATE:
        return ()
    addressed = tuple(one.agency_id for one in speech.recipients.recipients)
    if not document.deliveries.keys() & set(addressed):
        raise _not_a_recipient(addressed[0], document)
    return addressed


def _recipients_of(document: Document, organs: Iterable[str], speech: Speech) -> Iterator[str]:
    """Yields the recipients of a document that `organs` name. Raises `Declined`: NOT_A_RECIPIENT for one that
    names none of them."""
    for identifier in organs:
        named = [one for one in _named(identifier, speech) if one in document.deliveries]
        if not named:
            raise _not_a_recipient(identifier, document)
        yield from named


def _named(identifier: str, speech: Speech) -> Iterator[str]:
    """Yields the agencies that an identifier names, alone or as a group, suspended ones too: who received a
    document can be asked for it whatever became of it since."""
    agency = speech.view.resolve(identifier)
    if agency is not None:
        yield agency.agency_id
    elif (group := speech.view.group(identifier, seen_by=speech.sender_id)) is not None:
        reached = members(group, speech.view, seen_by=speech.sender_id)
        yield from (one.agency_id for one in reached if isinstance(one, Agency))


def _not_a_recipient(identifier: str, document: Document) -> Declined:
    shown = identifier[:IDENTIFIER_SHOWN] or "(empty)"
    return Declined(
        Code.NOT_A_RECIPIENT,
        Detail(
            f"{shown} was not sent {document.entry.document_id}",
            f"{document.entry.document_id} chưa từng được gửi tới {shown}",
        ),
        facts={"recipient": shown, "dispatch_id": document.entry.dispatch_id},
    )


def _asking(speech: Speech, document: Document, asked: tuple[str, ...]) -> Asking:
    kind, reason = QUESTIONS[speech.kind], speech.bussiness.reason[:REASON_CHARACTERS]
    return Asking(
        dispatch_id=document.entry.dispatch_id,
        recipients=asked,
        states=ASKABLE,
        question=Question(
            kind=kind, by=speech.dispatch_id, reason=reason, asked_at=speech.at, until=speech.until
        ),
        event=NewEvent(
            kind=REQUESTED[kind],
            at=speech.at,
            actor_id=speech.sender_id,
            delegate_id=speech.delegate_id,
            reason=reason,
            related_id=speech.dispatch_id,
        ),
    )


def _may_be_asked(delivery: Delivery | None, speech: Speech) -> bool:
    """Tells whether the question goes to a recipient; whether it reaches it, the commit decides."""
    return delivery is not None and not _rests(delivery, speech)


def _rests(delivery: Delivery, speech: Speech) -> bool:
    until = rests_until(delivery, speech.ask_again)
    return until is not None and speech.at < until


def _left_out(speech: Speech, document: Document, named: Iterable[str]) -> Iterator[str]:
    """Yields a warning that names those whom the question does not reach as the document stands, if any."""
    out = [f"{one} ({why})" for one in named if (why := _unreached(document.deliveries.get(one), speech))]
    if out:
        yield f"NOT_ASKED: {_counted(out)}"


def _still_held(speech: Speech, document: Document, named: Collection[str]) -> Iterator[str]:
    """Yields a warning that names who holds a recalled document and is not asked for it, if anybody."""
    if speech.kind == Kind.REVOKE:
        holding = [
            one.recipient_id
            for one in document.deliveries.values()
            if one.recipient_id not in named and one.state in ASKABLE
        ]
        if holding:
            yield f"STILL_HELD: {_counted(holding)}"


def _counted(names: Sequence[str]) -> str:
    rest = len(names) - NAMED_AT_MOST
    return ", ".join(names[:NAMED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")


def _unreached(delivery: Delivery | None, speech: Speech) -> str:
    """Says why a question does not reach a delivery; empty when it does."""
    if delivery is None:
        return "not a recipient"
    if delivery.question is not None:
        return "asked already"
    if _rests(delivery, speech):
        return "refused lately"
    return "" if delivery.state in ASKABLE else delivery.state


def _addition(document: Document, added: Resolved, *, removed: Collection[str], limit: int) -> Addition:
    """Returns who joins a document; who is a recipient already stays as it is. Raises `Declined`."""
    for one in added.recipients:
        if one.agency_id in removed:
            raise Declined(
                Code.EDXML_AMBIGUOUS,
                Detail(
                    f"{one.agency_id} is both removed and added",
                    f"{one.agency_id} vừa được bớt vừa được thêm",
                ),
            )
        before = document.deliveries.get(one.agency_id)
        if before is not None and before.state not in ASKABLE:
            raise Declined(
                Code.RECIPIENT_ENDED,
                Detail(
                    f"{one.agency_id}: {before.state}",
                    f"{one.agency_id}: {STATES.get(before.state, before.state)}",
                ),
                facts={"recipient": one.agency_id, "state": before.state},
            )
    joining = tuple(one for one in added.recipients if one.agency_id not in document.deliveries)
    if len(document.deliveries) + len(joining) > limit:
        raise _too_many(limit)
    return Addition(
        entry=document.entry,
        recipients=joining,
        names={one.agency_id: added.names[one.agency_id] for one in joining},
    )


def _too_many(limit: int) -> Declined:
    return Declined(Code.TOO_MANY_RECIPIENTS, more_than(limit), facts={"limit": str(limit)})
