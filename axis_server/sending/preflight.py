"""Checking: what the axis would say to a package, without sending it.

The package is examined as one that is sent is examined, by the same `Examination`; where `Intake` goes on to
keep it, this stops. Nothing is kept, no refusal is signed, and none is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from axis_server.caller import Caller, admit_actor
from axis_server.documents.blobs import check_digest
from axis_server.documents.contents import PARTS_MOST
from axis_server.errors import Declined
from axis_server.reasons import Code
from axis_server.sending import cautions
from axis_server.sending.cautions import Caution, caution_of
from axis_server.sending.examination import Examination, Examined, IntakeLimits, Submission
from axis_server.wording import too_large
from edxml.codes import Kind
from signing.spelling import VIETNAM
from storage.ledger.base import Ledger
from storage.ledger.records import Entry, Kept

RECIPIENTS_SHOWN = 1000
DAYS_LEFT = 30
"""A certificate with fewer days is warned of, as the axis's own is."""
NEARLY_TENTHS = 9
"""So many tenths of the most recipients are many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a package would meet."""

    refusal: Declined | None = None
    """Why it would be refused."""
    cautions: tuple[Caution, ...] = ()
    entry: Entry | None = None
    """What it would become; None when it would be refused."""
    recipient_ids: tuple[str, ...] = ()
    """The first `RECIPIENTS_SHOWN`."""
    recipient_count: int = 0
    already_accepted: bool = False
    handover_by: datetime | None = None
    answer_by: datetime | None = None


class Preflight:
    """Says beforehand what `Intake` would say."""

    def __init__(self, *, examination: Examination, ledger: Ledger, limits: IntakeLimits) -> None:
        self._examination = examination
        self._ledger = ledger
        self._limits = limits

    async def check(self, caller: Caller, package: bytes | str, coming: Mapping[str, int]) -> Checked:
        """Checks a sealed package: its bytes, or the SHA-256 of one that was uploaded. Attachments in
        `coming` (SHA-256 to size) count as uploaded.

        A refusal of the package is an answer. Raises `Declined` for what no package could mend
        (AGENCY_SUSPENDED, ROLE_FORBIDDEN) and for a wrong request (INVALID_ARGUMENT).
        """
        admit_actor(caller)
        if len(coming) > PARTS_MOST:
            raise Declined(Code.INVALID_ARGUMENT, f"`to_upload` names more than {PARTS_MOST} blobs")
        for sha256 in coming:
            check_digest(sha256)
        if isinstance(package, str):
            check_digest(package)
        try:
            submission = await self._submission(caller, package)
            if isinstance(submission, Kept):
                return await self._accepted(submission)
            self._check_coming(coming)
            examined = await self._examination.examine(submission, coming)
            if isinstance(examined, Kept):
                return await self._accepted(examined)
        except Declined as refusal:
            return Checked(refusal=refusal)
        return await self._sound(caller, examined)

    async def _submission(self, caller: Caller, package: bytes | str) -> Submission | Kept:
        if isinstance(package, str):
            return await self._examination.uploaded(caller, package)
        return await self._examination.given(caller, package)

    def _check_coming(self, coming: Mapping[str, int]) -> None:
        """Raises `Declined` (ATTACHMENT_TOO_LARGE), as the upload would."""
        most = self._limits.upload_bytes
        if (largest := max(coming.values(), default=0)) > most:
            raise Declined(Code.ATTACHMENT_TOO_LARGE, too_large(largest, most))

    async def _accepted(self, kept: Kept) -> Checked:
        """Tells of a package that is kept already: how it was taken then."""
        name = kept.entry.dispatch_id
        page = await self._ledger.deliveries(name, limit=RECIPIENTS_SHOWN)
        counts = await self._ledger.counts(name)
        first = page.items[0]
        return Checked(
            cautions=(
                Caution(code=cautions.ALREADY_ACCEPTED, detail=name, facts={"dispatch_id": name}),
                *map(caution_of, kept.entry.warnings),
            ),
            entry=kept.entry,
            recipient_ids=tuple(one.recipient_id for one in page.items),
            recipient_count=sum(counts.values()),
            already_accepted=True,
            handover_by=first.handover_by,
            answer_by=first.answer_by,
        )

    async def _sound(self, caller: Caller, examined: Examined) -> Checked:
        recipients = examined.recipients.recipients
        return Checked(
            cautions=(
                *self._of_the_time(caller, examined),
                *await self._of_the_number(examined),
                *self._of_the_number_of_recipients(len(recipients)),
                *map(caution_of, examined.entry.warnings),
            ),
            entry=examined.entry,
            recipient_ids=tuple(one.agency_id for one in recipients[:RECIPIENTS_SHOWN]),
            recipient_count=len(recipients),
            handover_by=examined.terms.handover_by,
            answer_by=examined.terms.answer_by,
        )

    def _of_the_time(self, caller: Caller, examined: Examined) -> Iterator[Caution]:
        at = examined.submission.at
        connecting = x509.load_pem_x509_certificate(caller.certificate.pem.encode())
        for code, until in (
            (cautions.SIGNING_CERTIFICATE_ENDS, examined.sealed_until),
            (cautions.CONNECTING_CERTIFICATE_ENDS, connecting.not_valid_after_utc),
        ):
            if (days := (until - at).days) < DAYS_LEFT:
                yield Caution(code=code, detail=f"{days} days left", facts={"days": str(days)})
        due = examined.entry.due_date
        if due and due < at.astimezone(VIETNAM).date().isoformat():
            yield Caution(code=cautions.DUE_DATE_PAST, detail=due, facts={"due_date": due})

    async def _of_the_number(self, examined: Examined) -> tuple[Caution, ...]:
        """The law's second duplicate: the same number, notation and agency. A package that speaks of a
        document bears its number for a reason."""
        entry = examined.entry
        if entry.kind != Kind.NEW:
            return ()
        alike = await self._ledger.alike(entry.sender_id, entry.code_number, entry.code_notation)
        facts = {"dispatch_id": alike[0], "count": str(len(alike))} if alike else {}
        return (Caution(code=cautions.SAME_NUMBER, detail=alike[0], facts=facts),) if alike else ()

    def _of_the_number_of_recipients(self, count: int) -> Iterator[Caution]:
        limit = self._limits.recipients
        if count * 10 >= limit * NEARLY_TENTHS:
            facts = {"count": str(count), "limit": str(limit)}
            yield Caution(code=cautions.MANY_RECIPIENTS, detail=f"{count}; the most is {limit}", facts=facts)
