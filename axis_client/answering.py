"""Answering: what a recipient states under its own seal, and the evidence that the axis gives for it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from axis_client import proof
from axis_client.errors import LocalError, Refused, explain
from axis_client.fetching import content_parts
from axis_client.model import Answered, Delivery, Dispatch, Me, Proof, Statement, Status
from axis_client.packing import seal_bytes, written
from axis_client.patience import Persistence
from axis_client.proof import STATEMENT, Examiner
from edxml import codes
from edxml.model import HEADER_PLACE, Organ, ResponseFor
from edxml.model import Status as StatusPackage
from signing.dispatch import ni_uri
from signing.evidence import ContentPart, EventId
from signing.keys import Signer

if TYPE_CHECKING:
    from axis_client.wire import Wire

VIET_NAM = timezone(timedelta(hours=7))
REPORTABLE = frozenset({codes.ASSIGNED, codes.PROCESSING, codes.DONE})
_ATTESTED_BY: Mapping[str, EventId] = {
    codes.ARRIVED: EventId.CONTENT_HANDOVER,
    codes.ACCEPTED: EventId.CONSIGNMENT_ACCEPTANCE,
    codes.REFUSED: EventId.CONSIGNMENT_REJECTION,
}


def held_parts(dispatch: Dispatch) -> dict[str, str]:
    """The references of a hand-over statement: each part's `ni:` URI and digest, equal parts once."""
    return {ni_uri(part.sha256): part.sha256 for part in dispatch.parts}


def state(
    code: str,
    dispatch: Dispatch,
    me: Me,
    *,
    signer: Signer,
    at: datetime,
    description: str = "",
    held: Mapping[str, str] | None = None,
) -> bytes:
    """Returns a sealed status package about a dispatch (QCVN 102:2016), `held` referenced in its seal."""
    package = StatusPackage(
        sender=Organ(organ_id=me.agency.agency_id, organ_name=me.agency.name),
        response_for=ResponseFor(
            organ_id=dispatch.sender_id,
            code="/".join(part for part in (dispatch.code_number, dispatch.code_notation) if part),
            promulgation_date=dispatch.promulgation_date.replace("-", "/"),
            document_id=dispatch.document_id,
        ),
        status_code=code,
        description=description or codes.STATUS[code].vietnamese.capitalize(),
        timestamp=at.astimezone(VIET_NAM).strftime("%Y/%m/%d %H:%M:%S"),
    )
    return seal_bytes(written(package), signer=signer, at=at, place=HEADER_PLACE, detached=held or {})


def delivery_of(status: Status, me: Me) -> Delivery:
    """Returns the caller's own delivery. Raises `LocalError`."""
    if status.delivery is not None and status.delivery.recipient_id == me.agency.agency_id:
        return status.delivery
    raise explain(LocalError, "NOT_RECIPIENT", status.dispatch.dispatch_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Hands statements in and checks what comes back."""

    wire: Wire
    persist: Persistence
    me: Me
    examiner: Examiner

    async def report(self, code: str, dispatch: Dispatch, statement: bytes) -> Answered:
        """Reports until the axis answers; the same bytes get the same answer. Raises `EvidenceError` unless
        the evidence is of this step, this dispatch and this agency."""
        statement_id = hashlib.sha256(statement).hexdigest()
        try:
            answer = await self.persist(lambda: self.wire.report(dispatch.dispatch_id, statement))
        except Refused as refusal:
            if refusal.evidence is not None:
                rejection = self.examiner.examine(refusal.evidence)
                proof.check_refusal(rejection, sha256=statement_id, sender_id=self.me.agency.agency_id)
            raise
        proofs = await self.examiner.examine_all(answer.evidence)
        event = _ATTESTED_BY.get(code)
        if event is None:
            await self._check_receipt(code, dispatch, statement_id, proofs)
        else:
            self._check_step(event, dispatch, proofs)
        return Answered(delivery=answer.delivery, evidence=proofs, statement=statement)

    def _check_step(self, event: EventId, dispatch: Dispatch, proofs: Sequence[Proof]) -> None:
        entry = proof.of_event(proofs, event)
        proof.check_dispatch(
            entry,
            dispatch_id=dispatch.dispatch_id,
            sender_id=dispatch.sender_id,
            document_id=dispatch.document_id,
        )
        proof.check_recipients(entry, [self.me.agency.agency_id])
        proof.check_parts(entry, content_parts(dispatch))

    async def _check_receipt(
        self, code: str, dispatch: Dispatch, statement_id: str, proofs: Sequence[Proof]
    ) -> None:
        """A processing state is attested as a message to the document's sender. When it was stated before,
        with other bytes, the axis attests the first one: then that one must be this agency's, and say the
        same."""
        entry = proof.of_event(proofs, EventId.SUBMISSION_ACCEPTANCE)
        attested = entry.record.message_id
        if attested != statement_id and not await self._stated(dispatch, attested, code):
            raise proof.mismatch(entry, "statement", attested, statement_id)
        proof.check_dispatch(
            entry,
            dispatch_id=attested,
            sender_id=self.me.agency.agency_id,
            document_id=dispatch.document_id,
        )
        proof.check_recipients(entry, [dispatch.sender_id])
        part = ContentPart(identifier=STATEMENT, content_type="application/xml", sha256=attested)
        proof.check_parts(entry, [part])

    async def _stated(self, dispatch: Dispatch, attested: str, code: str) -> bool:
        """Looks for the attested statement among those of this agency that the axis keeps."""
        after, more = "", True
        while more:
            page = functools.partial(
                self.wire.evidence_page, dispatch.dispatch_id, after, (), self.me.agency.agency_id
            )
            records, after, more = await self.persist(page)
            if any(isinstance(one, Statement) and self._is_mine(one, attested, code) for one in records):
                return True
        return False

    def _is_mine(self, statement: Statement, attested: str, code: str) -> bool:
        return (
            hashlib.sha256(statement.content).hexdigest() == attested
            and statement.agency_id == self.me.agency.agency_id
            and statement.status_code == code
        )
