"""Answering: what a recipient states under its own seal, and the evidence that the axis gives for it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from axis_client import proof
from axis_client.errors import Refused
from axis_client.fetching import content_parts
from axis_client.model import Answered, Delivery, Dispatch, Me, Proof, Statement
from axis_client.packing import seal_bytes, written
from axis_client.patience import Persistence
from axis_client.proof import STATEMENT, Examiner
from edxml import codes
from edxml.model import HEADER_PLACE, Organ, ResponseFor
from edxml.model import Status as StatusPackage
from signing.dispatch import ni_uri
from signing.evidence import ContentPart, EventId
from signing.keys import Signer
from signing.spelling import VIETNAM

if TYPE_CHECKING:
    from axis_client.wire import Wire

REPORTABLE = frozenset({codes.ASSIGNED, codes.PROCESSING, codes.DONE})
_ATTESTED_BY: Mapping[str, EventId] = {
    codes.ARRIVED: EventId.CONTENT_HANDOVER,
    codes.ACCEPTED: EventId.CONSIGNMENT_ACCEPTANCE,
    codes.REFUSED: EventId.CONSIGNMENT_REJECTION,
}
_ANSWERS = frozenset({codes.AGREED, codes.DECLINED})
_ENDINGS = frozenset({EventId.CONSIGNMENT_ACCEPTANCE, EventId.CONSIGNMENT_REJECTION})


def held_parts(dispatch: Dispatch) -> dict[str, str]:
    """The references of a hand-over statement: each part's `ni:` URI and digest, equal parts once."""
    return {ni_uri(part.sha256): part.sha256 for part in dispatch.parts}


def state(
    code: str,
    dispatch: Dispatch,
    parties: Parties,
    *,
    signer: Signer,
    at: datetime,
    description: str = "",
    held: Mapping[str, str] | None = None,
) -> bytes:
    """Returns a sealed status package about a dispatch (QCVN 102:2016), `held` referenced in its seal."""
    package = StatusPackage(
        sender=Organ(organ_id=parties.speaker_id, organ_name=parties.speaker_name),
        response_for=ResponseFor(
            organ_id=parties.addressee_id,
            code="/".join(part for part in (dispatch.code_number, dispatch.code_notation) if part),
            promulgation_date=dispatch.promulgation_date.replace("-", "/"),
            document_id=dispatch.document_id,
        ),
        status_code=code,
        description=description or codes.STATUS[code].vietnamese.capitalize(),
        timestamp=at.astimezone(VIETNAM).strftime("%Y/%m/%d %H:%M:%S"),
    )
    return seal_bytes(written(package), signer=signer, at=at, place=HEADER_PLACE, detached=held or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who states something about a delivery, and to whom."""

    speaker_id: str
    speaker_name: str
    addressee_id: str


def of_recipient(delivery: Delivery, dispatch: Dispatch, me: Me) -> Parties:
    """A recipient speaks to the sender: the caller's agency, or a unit whose mailbox it is."""
    mine = delivery.recipient_id == me.agency.agency_id
    return Parties(
        speaker_id=delivery.recipient_id,
        speaker_name=me.agency.name if mine else "",
        addressee_id=dispatch.sender_id,
    )


def of_sender(recipient_id: str, me: Me) -> Parties:
    """The sender speaks to one recipient (status 13)."""
    return Parties(speaker_id=me.agency.agency_id, speaker_name=me.agency.name, addressee_id=recipient_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Hands statements in and checks what comes back."""

    wire: Wire
    persist: Persistence
    examiner: Examiner

    async def report(self, code: str, dispatch: Dispatch, parties: Parties, statement: bytes) -> Answered:
        """Reports until the axis answers; the same bytes get the same answer. Raises `EvidenceError` unless
        the evidence is of this step, this dispatch and these parties."""
        said = _Said(code=code, dispatch=dispatch, parties=parties, id=hashlib.sha256(statement).hexdigest())
        try:
            answer = await self.persist(lambda: self.wire.report(dispatch.dispatch_id, statement))
        except Refused as refusal:
            if refusal.evidence is not None:
                rejection = self.examiner.examine(refusal.evidence)
                proof.check_refusal(rejection, sha256=said.id, sender_id=parties.speaker_id)
            raise
        proofs = await self.examiner.examine_all(answer.evidence)
        await self._check(said, proofs)
        return Answered(delivery=answer.delivery, evidence=proofs, statement=statement)

    async def _check(self, said: _Said, proofs: Sequence[Proof]) -> None:
        """An answer to a question (15, 16) ends a delivery, or is attested as a message like a processing
        state."""
        event = _ATTESTED_BY.get(said.code)
        if event is not None:
            _check_step(said, proof.of_event(proofs, event))
            return
        ends = [one for one in proofs if one.record.event in _ENDINGS]
        if said.code in _ANSWERS and ends:
            _check_step(said, ends[0])
        else:
            await self._check_receipt(said, proofs)

    async def _check_receipt(self, said: _Said, proofs: Sequence[Proof]) -> None:
        """When it was stated before, with other bytes, the axis attests the first statement: then that one
        must be of the same agency, and say the same."""
        entry = proof.of_event(proofs, EventId.SUBMISSION_ACCEPTANCE)
        attested = entry.record.message_id
        if attested != said.id and not await self._stated(said, attested):
            raise proof.mismatch(entry, "statement", attested, said.id)
        proof.check_dispatch(
            entry,
            dispatch_id=attested,
            sender_id=said.parties.speaker_id,
            document_id=said.dispatch.document_id,
        )
        proof.check_recipients(entry, [said.parties.addressee_id])
        part = ContentPart(identifier=STATEMENT, content_type="application/xml", sha256=attested)
        proof.check_parts(entry, [part])

    async def _stated(self, said: _Said, attested: str) -> bool:
        """Looks for the attested statement among those of the same agency that the axis keeps."""
        after, more = "", True
        while more:
            page = functools.partial(self.wire.evidence_page, said.dispatch.dispatch_id, after, (), "")
            records, after, more = await self.persist(page)
            if any(isinstance(one, Statement) and _is_first(one, attested, said) for one in records):
                return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A statement on its way."""

    code: str
    dispatch: Dispatch
    parties: Parties
    id: str


def _check_step(said: _Said, entry: Proof) -> None:
    dispatch = said.dispatch
    proof.check_dispatch(
        entry,
        dispatch_id=dispatch.dispatch_id,
        sender_id=dispatch.sender_id,
        document_id=dispatch.document_id,
    )
    proof.check_recipients(entry, [said.parties.speaker_id])
    proof.check_parts(entry, content_parts(dispatch))


def _is_first(statement: Statement, attested: str, said: _Said) -> bool:
    return (
        hashlib.sha256(statement.content).hexdigest() == attested
        and statement.agency_id == said.parties.speaker_id
        and statement.status_code == said.code
    )
