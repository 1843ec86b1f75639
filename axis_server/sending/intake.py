"""Sending: one sealed package comes in, is examined, kept, and answered with evidence."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime

from axis_server.attest import Attestor
from axis_server.caller import Caller
from axis_server.changes import Changes
from axis_server.documents.blobs import chunks
from axis_server.errors import Declined, Detail
from axis_server.limits.allowance import Allowance
from axis_server.limits.shares import Shares
from axis_server.limits.tasks import OwnedTasks, in_worker
from axis_server.limits.turns import Lanes, Turns
from axis_server.reasons import Code, answer
from axis_server.revoking.stapling import Staple, nothing_stapled
from axis_server.sending.earlier import document_id_taken
from axis_server.sending.examination import Examination, Examined, Submission
from axis_server.sending.threads import Addition
from signing.evidence import Party
from storage.archive.base import Archive
from storage.errors import Corrupt, DocumentIdTaken, NotFound
from storage.ledger.base import Dispatches
from storage.ledger.records import Evidence, Joining, Kept, NewDispatch, NewEvent, Refusal
from storage.ledger.registry import Agency
from tracing import span


class Intake:
    """Takes dispatches. The same package of the same sender is the same dispatch and gets the same answer."""

    def __init__(
        self,
        *,
        examination: Examination,
        archive: Archive,
        ledger: Dispatches,
        attestor: Attestor,
        clock: Callable[[], datetime],
        refusals: Allowance,
        changes: Changes,
        workers: Executor,
        turns: Turns,
        shares: Shares,
        lanes: Lanes,
        owned: OwnedTasks,
        staple: Staple = nothing_stapled,
    ) -> None:
        """`refusals` are the signed ones that are kept for one agency; `turns` the places of all who compute
        in `workers`, `lanes` of those who archive and commit, a dispatch weighing its recipients."""
        self._examination = examination
        self._archive = archive
        self._ledger = ledger
        self._attestor = attestor
        self._clock = clock
        self._refusals = refusals
        self._changes = changes
        self._workers = workers
        self._turns = turns
        self._shares = shares
        self._lanes = lanes
        self._owned = owned
        self._staple = staple

    async def submit(self, caller: Caller, package: bytes) -> Kept:
        """Takes one sealed package and returns what the ledger keeps of it, evidence included.

        Raises `Declined`. A refusal that is a verdict about the document carries a signed
        SubmissionRejection; what says nothing about the document (who calls, how large, a store or a fact
        that is missing) carries none.
        """
        return await self._take(await self._examination.given(caller, package))

    async def submit_uploaded(self, caller: Caller, sha256: str) -> Kept:
        """The same for a package that the caller's agency uploaded before.

        Raises `Declined`: NOT_FOUND when the agency itself did not upload it, and as `submit`.
        """
        return await self._take(await self._examination.uploaded(caller, sha256))

    async def _take(self, submission: Submission | Kept) -> Kept:
        """Walks the road.

        1. who calls     (`Examination.given`, `uploaded`); a retry may end here
        2. examine       everything that can refuse the document; nothing is kept yet, a retry ends here
        3. attest        evidence, signed and not released; until 5 it is forgotten at any turn
        4. archive       a crash after it leaves a blob that nobody sees and a retry finds
        5. commit        ONE transaction; the point of no return
        6. announce      a hint; lost, it costs only time

        Steps 3 to 6 are one owned task: a caller that hangs up does not cut them in two.
        """
        if isinstance(submission, Kept):
            return submission
        try:
            with span("intake.examine"):
                examined = await self._examination.examine(submission)  # 2
            if isinstance(examined, Kept):
                return examined
            return await self._owned.run(self._keep(examined))  # 3 to 6
        except Declined as refusal:
            if answer(refusal.code).retryable:
                raise
            if wait := self._refusals.take(submission.caller.agency_id, self._clock()):
                raise Declined(
                    Code.TOO_MANY_REFUSALS, refusal.code, facts={"reason": refusal.code}, wait_seconds=wait
                ) from refusal
            rejection = await self._owned.run(self._refuse(submission, refusal))
            raise Declined(
                refusal.code,
                Detail(refusal.detail, refusal.detail_vietnamese),
                facts=refusal.facts,
                evidence=rejection,
            ) from refusal

    async def _keep(self, examined: Examined) -> Kept:
        """Steps 3 to 6. Raises `Declined`: DOCUMENT_ID_TAKEN, naming the dispatch of this sender that holds
        it; TOO_MANY_BYTES."""
        if examined.submission.package is not None:  # what was uploaded was counted then
            self._shares.spend(examined.submission.caller, len(examined.submission.package))
        agency_id = examined.submission.caller.agency_id
        async with self._turns.of(agency_id):
            with span("intake.attest"):
                new = await in_worker(self._workers, self._attested, examined)  # 3
        new = replace(new, judged_by=await self._staple(examined.sources, examined.submission.at))
        original = new.entry.original
        async with self._lanes.of(agency_id, len(new.recipients)):
            if await self._archived(original.sha256, examined.submission.package) != original.size:  # 4
                raise Corrupt(original.sha256)
            try:
                with span("ledger.commit", recipients=len(new.recipients)):
                    kept = await self._ledger.commit(new)  # 5
            except DocumentIdTaken as taken:
                raise document_id_taken(taken.dispatch_id) from taken
        mailboxes = {one.mailbox_id for one in new.recipients}
        self._changes.notify({new.entry.sender_id} | mailboxes | examined.effects.concerned)  # 6
        return kept

    def _attested(self, examined: Examined) -> NewDispatch:
        """Step 3, in a worker thread."""
        entry, names, terms = examined.entry, examined.recipients.names, examined.terms
        delegate = _party(examined.delegate)
        accepted = self._attestor.submission_accepted(entry, names, delegate=delegate)
        consigned = self._attestor.content_consigned(entry, names, delegate=delegate)
        return NewDispatch(
            entry=entry,
            recipients=examined.recipients.recipients,
            handover_by=terms.handover_by,
            answer_by=terms.answer_by,
            evidence=(accepted, consigned),
            events=(
                NewEvent(
                    kind=accepted.event,
                    at=entry.accepted_at,
                    actor_id=entry.sender_id,
                    delegate_id=delegate.agency_id if delegate is not None else "",
                    evidence_id=accepted.evidence_id,
                ),
                NewEvent(kind=consigned.event, at=entry.accepted_at, evidence_id=consigned.evidence_id),
            ),
            about=examined.effects.about,
            asks=examined.effects.asks,
            joins=tuple(self._joining(examined, addition) for addition in examined.effects.additions),
        )

    def _joining(self, examined: Examined, addition: Addition) -> Joining:
        at = examined.submission.at
        delegate = _party(examined.delegate)
        consigned = self._attestor.content_joined(addition.entry, addition.names, at, delegate=delegate)
        return Joining(
            dispatch_id=addition.entry.dispatch_id,
            recipients=addition.recipients,
            at=at,
            handover_by=examined.terms.handover_by,
            answer_by=examined.terms.answer_by,
            evidence=(consigned,),
            event=NewEvent(
                kind=consigned.event,
                at=at,
                evidence_id=consigned.evidence_id,
                related_id=examined.entry.dispatch_id,
            ),
        )

    async def _archived(self, sha256: str, package: bytes | None) -> int:
        """Returns the size of the original once it is durable; one that was uploaded is already."""
        if package is not None:
            with span("archive.put", bytes=len(package)):
                return await self._archive.put(sha256, chunks(package))
        try:
            return await self._archive.size(sha256)
        except NotFound as lost:
            raise Corrupt(sha256, "it is in the ledger and not in the archive") from lost

    async def _refuse(self, submission: Submission, refusal: Declined) -> Evidence:
        """Issues and keeps the verdict against a package, or returns the one that was kept first."""
        async with self._turns.of(submission.caller.agency_id):
            evidence = await in_worker(
                self._workers,
                self._attestor.submission_rejected,
                dispatch_id=submission.dispatch_id,
                sender=submission.caller.agency,
                sha256=submission.sha256,
                at=submission.at,
                code=refusal.code,
                detail=refusal.detail,
                delegate=_party(submission.caller.delegate),
            )
        return await self._ledger.refuse(
            Refusal(
                sender_id=submission.caller.agency_id,
                sha256=submission.sha256,
                reason=refusal.code,
                evidence=evidence,
            )
        )


def _party(delegate: Agency | None) -> Party | None:
    return None if delegate is None else Party(agency_id=delegate.agency_id, name=delegate.name)
