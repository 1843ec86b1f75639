"""Sending: one sealed package comes in, is judged, kept, and answered with evidence."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from axis_server.allowance import Allowance
from axis_server.attest import XML, Attestor
from axis_server.blobs import check_digest, chunks, whole
from axis_server.caller import Caller, admit_actor
from axis_server.changes import Changes
from axis_server.contents import apart, bounded, parts_of, sized
from axis_server.directory import DirectoryView
from axis_server.errors import Declined
from axis_server.judgement import Rules, digest, judge, speaks_for
from axis_server.quota import UploadLimits
from axis_server.reasons import Code, answer
from axis_server.routing import Resolved, resolve
from axis_server.tasks import OwnedTasks, in_worker
from axis_server.turns import Turns
from edxml.model import ORIGINAL, Package
from signing.dispatch import dispatch_id
from signing.policy import Policy
from signing.trust import TrustStore
from storage.archive.base import Archive
from storage.errors import Corrupt, DocumentIdTaken, NotFound
from storage.ledger.base import Ledger
from storage.ledger.records import Entry, Evidence, Kept, NewDispatch, NewEvent, Part, Recipient, Refusal

SHOWN_CHARACTERS = 2000
"""Of a subject, in lists; the original has the rest."""
WARNINGS_MOST = 50
ANSWER_WITHIN = timedelta(days=30)
"""How long a recipient has, from acceptance by the axis."""
SMALL_BYTES = 64 << 10
"""A package up to this size is hashed where it stands and judged before anything is asked of the ledger: a
hop into a thread costs more than that saves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """What one submission may cost."""

    package_bytes: int
    attachment_bytes: int
    """Of one detached attachment."""
    recipients: int
    uploads: UploadLimits
    refusals_per_minute: int
    """Signed refusals that are kept for one agency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Submission:
    """A package by its bytes: who sends it, and under which name a retry finds it."""

    caller: Caller
    package: bytes | None
    """None for one that was uploaded: it is read when its turn has come, and not kept in memory."""
    sha256: str
    size: int
    dispatch_id: str
    at: datetime
    """The axis's time: the seal is judged at it, and the dispatch accepted at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Examined:
    """What a sound package says, without what weighs: no tree, no attachment's bytes."""

    package: Package
    parts: tuple[Part, ...]
    resolved: Resolved
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What would be kept."""

    entry: Entry
    """Its parts apart have no size yet, which no evidence tells."""
    recipients: tuple[str, ...]
    """Canonical agency ids, in the order of the package."""
    evidence: tuple[Evidence, ...]


class Intake:
    """Takes dispatches. The same package of the same sender is the same dispatch and gets the same answer."""

    def __init__(
        self,
        *,
        archive: Archive,
        ledger: Ledger,
        directory: Callable[[], DirectoryView],
        trust: Callable[[], TrustStore],
        policy: Policy,
        attestor: Attestor,
        clock: Callable[[], datetime],
        limits: IntakeLimits,
        changes: Changes,
        workers: Executor,
        turns: Turns,
        owned: OwnedTasks,
    ) -> None:
        self._archive = archive
        self._ledger = ledger
        self._directory = directory
        self._rules = Rules.of(trust, policy, limits.package_bytes)
        self._attestor = attestor
        self._clock = clock
        self._limits = limits
        self._refusals = Allowance(limits.refusals_per_minute)
        self._changes = changes
        self._workers = workers
        self._turns = turns
        self._owned = owned

    async def submit(self, caller: Caller, package: bytes) -> Kept:
        """Takes one sealed package and returns what the ledger keeps of it, evidence included.

        Raises `Declined`. A refusal that is a verdict about the document carries a signed
        SubmissionRejection; what says nothing about the document (who calls, how large, a store or a fact
        that is missing) carries none.
        """
        admit_actor(caller)
        self._check_size(len(package))
        small = len(package) <= SMALL_BYTES
        sha256 = digest(package) if small else await in_worker(self._workers, digest, package)
        name = dispatch_id(caller.agency_id, sha256)
        if not small and (kept := await self._kept(name)) is not None:
            return kept
        return await self._take(
            _Submission(
                caller=caller,
                package=package,
                sha256=sha256,
                size=len(package),
                dispatch_id=name,
                at=self._clock(),
            )
        )

    async def submit_uploaded(self, caller: Caller, sha256: str) -> Kept:
        """The same for a package that the caller's agency uploaded before.

        Raises `Declined`: NOT_FOUND when the agency itself did not upload it, and as `submit`.
        """
        admit_actor(caller)
        check_digest(sha256)
        name = dispatch_id(caller.agency_id, sha256)
        if (kept := await self._kept(name)) is not None:
            return kept
        size = (await self._ledger.held(caller.agency_id, [sha256])).get(sha256)
        if size is None:
            raise Declined(Code.NOT_FOUND, "no upload of this agency has this digest")
        self._check_size(size)
        return await self._take(
            _Submission(
                caller=caller, package=None, sha256=sha256, size=size, dispatch_id=name, at=self._clock()
            )
        )

    async def _take(self, submission: _Submission) -> Kept:
        """Walks the road.

        1. who calls                (`submit`)
        2. judge                    seal, signer, form, recipients (frozen), attachments, when it is this
                                    agency's turn; nothing is kept yet
        3. attest                   evidence, signed and not released; until 7 it is forgotten at any turn
        4. look whether it is kept  a retry ends here, however 2 judged it today, with what the first one
                                    left (`submit` looks before 2 for what is large); and who uses the
                                    DocumentId
        5. look for attachments     those sealed by digest were uploaded by this agency; the last step that
                                    refuses for the document's sake
        6. archive                  a crash after it leaves a blob that nobody sees and a retry finds
        7. commit                   ONE transaction; the point of no return
        8. announce                 a hint; lost, it costs only time

        Steps 2 and 3 are one visit to a worker thread. Steps 6 to 8 are one owned task: a caller that hangs
        up does not cut them in two.
        """
        try:
            draft = await self._drafted(submission)  # 2 and 3
            entry = draft.entry
            if (kept := await self._known(entry)) is not None:  # 4
                return kept
            if digests := apart(entry.parts):
                held = await self._ledger.held(entry.sender_id, digests)
                draft = replace(draft, entry=replace(entry, parts=sized(entry.parts, held)))  # 5
            return await self._owned.run(self._keep(draft, submission.package))  # 6 to 8
        except Declined as refusal:
            if (kept := await self._kept(submission.dispatch_id)) is not None:  # 4
                return kept
            if answer(refusal.code).retryable:
                raise
            if not self._refusals.take(submission.caller.agency_id, self._clock()):
                raise Declined(
                    Code.TOO_MANY_REFUSALS, refusal.code, facts={"reason": refusal.code}
                ) from refusal
            rejection = await self._owned.run(self._refuse(submission, refusal))
            raise Declined(refusal.code, refusal.detail, facts=refusal.facts, evidence=rejection) from refusal

    async def _drafted(self, submission: _Submission) -> _Draft:
        """Steps 2 and 3. Reading and judging take a multiple of the package's size: a few at once, in
        turn."""
        async with self._turns.of(submission.caller.agency_id):
            package = submission.package
            if package is None:
                package = await whole(self._archive, submission.sha256)
            return await in_worker(self._workers, self._draft, submission, package, self._directory())

    def _draft(self, submission: _Submission, content: bytes, view: DirectoryView) -> _Draft:
        """Steps 2 and 3, in a worker thread. Raises `Declined`."""
        examined = _examine(submission, content, view, self._rules, self._limits.recipients)  # 2
        entry = _entry(submission, examined)
        names = examined.resolved.names
        evidence = (
            self._attestor.submission_accepted(entry, names),
            self._attestor.content_consigned(entry, names),
        )  # 3
        return _Draft(entry=entry, recipients=tuple(names), evidence=evidence)

    async def _known(self, entry: Entry) -> Kept | None:
        """Step 4. Of two at once, `commit` refuses one.

        Raises `Declined`: DOCUMENT_ID_TAKEN, before anything is archived.
        """
        if entry.kind or not entry.document_id:
            return await self._kept(entry.dispatch_id)
        holder = await self._ledger.holder(entry.sender_id, entry.document_id)
        if holder is None:  # so this one, which would hold it, is not kept either
            return None
        if holder != entry.dispatch_id:
            raise _document_id_taken(holder)
        return await self._kept(holder)

    async def _keep(self, draft: _Draft, package: bytes | None) -> Kept:
        """Steps 6 to 8. Raises `Declined`: DOCUMENT_ID_TAKEN, naming the dispatch of this sender that holds
        it."""
        entry, evidence, original = draft.entry, draft.evidence, draft.entry.original
        if await self._archived(original.sha256, package) != original.size:  # 6
            raise Corrupt(original.sha256)
        events = [
            NewEvent(kind=one.event, at=entry.accepted_at, evidence_id=one.evidence_id) for one in evidence
        ]
        try:
            kept = await self._ledger.commit(
                NewDispatch(
                    entry=entry,
                    recipients=tuple(Recipient(agency_id=one, mailbox_id=one) for one in draft.recipients),
                    handover_by=entry.accepted_at + ANSWER_WITHIN,
                    answer_by=entry.accepted_at + ANSWER_WITHIN,
                    evidence=evidence,
                    events=tuple(events),
                )
            )  # 7
        except DocumentIdTaken as taken:
            raise _document_id_taken(taken.dispatch_id) from taken
        self._changes.notify(draft.recipients)  # 8
        return kept

    async def _archived(self, sha256: str, package: bytes | None) -> int:
        """Returns the size of the original once it is durable; one that was uploaded is already."""
        if package is not None:
            return await self._archive.put(sha256, chunks(package))
        try:
            return await self._archive.size(sha256)
        except NotFound as lost:
            raise Corrupt(sha256, "it is in the ledger and not in the archive") from lost

    async def _refuse(self, submission: _Submission, refusal: Declined) -> Evidence:
        """Issues and keeps the verdict against a package, or returns the one that was kept first."""
        evidence = await in_worker(
            self._workers,
            self._attestor.submission_rejected,
            dispatch_id=submission.dispatch_id,
            sender=submission.caller.agency,
            sha256=submission.sha256,
            at=submission.at,
            code=refusal.code,
            detail=refusal.detail,
        )
        return await self._ledger.refuse(
            Refusal(
                sender_id=submission.caller.agency_id,
                sha256=submission.sha256,
                reason=refusal.code,
                evidence=evidence,
            )
        )

    async def _kept(self, name: str) -> Kept | None:
        try:
            return await self._ledger.kept(name)
        except NotFound:
            return None

    def _check_size(self, size: int) -> None:
        if size > self._limits.package_bytes:
            raise Declined(Code.PACKAGE_TOO_LARGE, f"{size} bytes; the most is {self._limits.package_bytes}")


def _examine(
    submission: _Submission, content: bytes, view: DirectoryView, rules: Rules, most_recipients: int
) -> _Examined:
    """Step 2: everything about a package that its bytes and the directory tell.

    Raises `Declined`.
    """
    caller = submission.caller
    judged = judge(content, caller=caller, view=view, rules=rules, at=submission.at)
    package = judged.model
    if not isinstance(package, Package):
        raise Declined(Code.NOT_A_DOCUMENT)
    if not speaks_for(package.sender.organ_id, caller.agency_id, view):
        raise Declined(Code.SENDER_MISMATCH, f"From/OrganId does not name {caller.agency_id}")
    if package.kind == 0 and not package.document_id:
        raise Declined(Code.DOCUMENT_ID_MISSING)
    bounded(package.document_id, "DocumentId")
    resolved = resolve(
        (organ.organ_id for organ in package.recipients),
        view,
        sender_id=caller.agency_id,
        at=submission.at,
        limit=most_recipients,
    )
    original = Part(
        number=0,
        identifier=ORIGINAL,
        name="original.edxml",
        content_type=XML,
        sha256=submission.sha256,
        size=submission.size,
        inline=False,
    )
    return _Examined(
        package=replace(package, attachments=()),
        parts=parts_of(original, package, judged.sound.detached),
        resolved=resolved,
        warnings=tuple(
            warning[:SHOWN_CHARACTERS] for warning in (*resolved.warnings, *judged.warnings)[:WARNINGS_MOST]
        ),
    )


def _document_id_taken(holder: str) -> Declined:
    return Declined(Code.DOCUMENT_ID_TAKEN, f"dispatch {holder} holds it", facts={"dispatch_id": holder})


def _entry(submission: _Submission, examined: _Examined) -> Entry:
    package = examined.package
    sender = submission.caller.agency
    return Entry(
        dispatch_id=submission.dispatch_id,
        sender_id=sender.agency_id,
        sender_name=sender.name,
        document_id=package.document_id,
        kind=package.kind,
        code_number=package.code.number[:SHOWN_CHARACTERS],
        code_notation=package.code.notation[:SHOWN_CHARACTERS],
        subject=package.subject[:SHOWN_CHARACTERS],
        priority=package.priority,
        promulgation_date=package.promulgated.isoformat() if package.promulgated else "",
        due_date=package.due.isoformat() if package.due else "",
        accepted_at=submission.at,
        parts=examined.parts,
        warnings=examined.warnings,
    )
