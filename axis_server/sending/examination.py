"""Examining a package: everything that can be said for or against it before anything of it is kept.

    submission = await examination.given(caller, package)
    examined = await examination.examine(submission)

`Intake` goes on from here and keeps; `Preflight` stops here and tells. There is no other examination.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from axis_server.addressing.directory import DirectoryView
from axis_server.addressing.routing import Resolved, resolve
from axis_server.attest import XML
from axis_server.caller import Caller, admit_actor
from axis_server.delivering.deadlines import DeadlinePolicy, Terms
from axis_server.documents.blobs import check_digest, whole
from axis_server.documents.contents import apart, bounded, parts_of, sized
from axis_server.documents.judgement import Rules, digest, judge, speaks_for
from axis_server.errors import Declined, Detail
from axis_server.limits.quota import UploadLimits
from axis_server.limits.tasks import in_worker
from axis_server.limits.turns import Turns
from axis_server.reasons import Code
from axis_server.revoking.waiting import LookUp, judged_again, nothing_to_ask
from axis_server.sending.earlier import document_id_taken, spoken_of
from axis_server.sending.fitness import check_fit
from axis_server.sending.threads import Effects, Speech, effects
from axis_server.wording import too_large
from edxml.codes import Kind
from edxml.model import ORIGINAL, Package
from signing.dispatch import dispatch_id
from signing.policy import Policy
from signing.revocation import Source
from signing.trust import TrustStore
from storage.archive.base import Archive
from storage.errors import NotFound
from storage.ledger.base import Ledger
from storage.ledger.records import Entry, Kept, Part
from storage.ledger.registry import Agency

SHOWN_CHARACTERS = 2000
"""Of a subject, in lists; the original has the rest."""
WARNINGS_MOST = 50
SMALL_BYTES = 64 << 10
"""A package up to this size is hashed where it stands and judged before anything is asked of the ledger: a
hop into a thread costs more than that saves."""
NOTHING: Mapping[str, int] = MappingProxyType({})


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

    @property
    def upload_bytes(self) -> int:
        """Of one upload, which may be a package too."""
        return max(self.attachment_bytes, self.package_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
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
class Examined:
    """A package that nothing speaks against, and what it says, without what weighs: no tree, no bytes."""

    submission: Submission
    entry: Entry
    recipients: Resolved
    terms: Terms
    effects: Effects
    sealed_until: datetime
    """When the certificate of its seal ends."""
    sources: tuple[Source, ...]
    """What says that it was not revoked."""
    delegate: Agency | None
    """Who acted for the sender, if that was another agency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What the bytes and the directory tell."""

    package: Package
    parts: tuple[Part, ...]
    """Those apart have no size yet."""
    recipients: Resolved
    warnings: tuple[str, ...]
    sealed_until: datetime
    sources: tuple[Source, ...]
    delegate: Agency | None


class Examination:
    """Examines packages, and keeps nothing."""

    def __init__(
        self,
        *,
        archive: Archive,
        ledger: Ledger,
        directory: Callable[[], DirectoryView],
        trust: Callable[[], TrustStore],
        policy: Policy,
        deadlines: DeadlinePolicy,
        clock: Callable[[], datetime],
        limits: IntakeLimits,
        workers: Executor,
        turns: Turns,
        look_up: LookUp = nothing_to_ask,
    ) -> None:
        self._archive = archive
        self._look_up = look_up
        self._ledger = ledger
        self._directory = directory
        self._rules = Rules.of(trust, policy, limits.package_bytes)
        self._deadlines = deadlines
        self._clock = clock
        self._limits = limits
        self._workers = workers
        self._turns = turns

    async def given(self, caller: Caller, package: bytes) -> Submission | Kept:
        """Returns what a package in hand is called; what is kept, for a large one that is kept already.

        Raises `Declined`: AGENCY_SUSPENDED, ROLE_FORBIDDEN, PACKAGE_TOO_LARGE. They say nothing about the
        document, and no evidence says so.
        """
        admit_actor(caller)
        self._check_size(len(package))
        small = len(package) <= SMALL_BYTES
        sha256 = digest(package) if small else await in_worker(self._workers, digest, package)
        name = dispatch_id(caller.agency_id, sha256)
        if not small and (kept := await self.kept(name)) is not None:
            return kept
        return self._submission(caller, package, sha256, len(package))

    async def uploaded(self, caller: Caller, sha256: str) -> Submission | Kept:
        """The same for a package that the caller's agency uploaded before.

        Raises `Declined`: NOT_FOUND when the agency itself did not upload it, INVALID_ARGUMENT for what is no
        digest, and as `given`.
        """
        admit_actor(caller)
        check_digest(sha256)
        if (kept := await self.kept(dispatch_id(caller.agency_id, sha256))) is not None:
            return kept
        size = (await self._ledger.held(caller.agency_id, [sha256])).get(sha256)
        if size is None:
            raise Declined(
                Code.NOT_FOUND,
                Detail(
                    "no upload of this agency has this digest", "cơ quan chưa tải lên tệp nào có mã băm này"
                ),
            )
        self._check_size(size)
        return self._submission(caller, None, sha256, size)

    async def examine(self, submission: Submission, coming: Mapping[str, int] = NOTHING) -> Examined | Kept:
        """Examines a package. Attachments in `coming` (SHA-256 to size) count as uploaded.

        1. judge                    seal, signer, form, recipients (frozen), attachments, when it is this
                                    agency's turn
        2. look whether it is kept  a retry ends here, however it is judged today; and who uses the DocumentId
        3. read the thread          what a package of kind 1 to 3 speaks of, and what it does there
        4. look for attachments     those sealed by digest were uploaded by this agency
        5. ask who takes it         the systems of every recipient

        Raises `Declined`, never for what is kept.
        """
        try:
            view = self._directory()
            read = await self._judged(submission, view)  # 1
            if (kept := await self._known(submission, read.package)) is not None:  # 2
                return kept
            package, sender = read.package, submission.caller.agency
            terms = self._deadlines.terms(priority=package.priority, due=package.due, at=submission.at)
            changed = await self._effects(submission, read, terms, view)  # 3
            parts = read.parts
            if digests := apart(parts):  # 4
                parts = sized(parts, {**coming, **await self._ledger.held(sender.agency_id, digests)})
            check_fit(read.recipients.recipients, view, kind=package.kind, parts=parts)  # 5
            for addition in changed.additions:
                document = addition.entry
                check_fit(addition.recipients, view, kind=document.kind, parts=document.parts)
        except Declined:
            if (kept := await self.kept(submission.dispatch_id)) is not None:
                return kept
            raise
        return Examined(
            submission=submission,
            entry=_entry(submission, read, parts, changed.warnings),
            recipients=read.recipients,
            terms=terms,
            effects=changed,
            sealed_until=read.sealed_until,
            sources=read.sources,
            delegate=read.delegate,
        )

    async def kept(self, name: str) -> Kept | None:
        """Returns what the ledger keeps of a dispatch, if it does."""
        try:
            return await self._ledger.kept(name)
        except NotFound:
            return None

    async def _judged(self, submission: Submission, view: DirectoryView) -> _Read:
        """Step 1. Reading and judging take a multiple of the package's size: a few at once, in turn."""
        return await judged_again(lambda: self._judged_in_turn(submission, view), self._look_up)

    async def _judged_in_turn(self, submission: Submission, view: DirectoryView) -> _Read:
        async with self._turns.of(submission.caller.agency_id):
            package = submission.package
            if package is None:
                package = await whole(self._archive, submission.sha256)
            return await in_worker(
                self._workers, _read, submission, package, view, self._rules, self._limits.recipients
            )

    async def _known(self, submission: Submission, package: Package) -> Kept | None:
        """Step 2. Of two at once, `commit` refuses one. Raises `Declined`: DOCUMENT_ID_TAKEN."""
        if package.kind != Kind.NEW:
            return await self.kept(submission.dispatch_id)
        holder = await self._ledger.holder(submission.caller.agency_id, package.document_id)
        if holder is None:  # so this one, which would hold it, is not kept either
            return None
        if holder != submission.dispatch_id:
            raise document_id_taken(holder)
        return await self.kept(holder)

    async def _effects(
        self, submission: Submission, read: _Read, terms: Terms, view: DirectoryView
    ) -> Effects:
        """Step 3; `commit` decides again whom the questions reach and who joins. Raises `Declined`, as
        `spoken_of` and `effects`."""
        package, sender_id = read.package, submission.caller.agency_id
        documents = await spoken_of(
            self._ledger,
            package,
            sender_id=sender_id,
            by=submission.dispatch_id,
            limit=self._limits.recipients,
        )
        if not documents or package.bussiness is None:
            return Effects()
        speech = Speech(
            dispatch_id=submission.dispatch_id,
            sender_id=sender_id,
            delegate_id="" if read.delegate is None else read.delegate.agency_id,
            kind=Kind(package.kind),
            bussiness=package.bussiness,
            recipients=read.recipients,
            view=view,
            at=submission.at,
            until=terms.answer_by,
            ask_again=self._deadlines.ask_again,
            limit=self._limits.recipients,
        )
        return await in_worker(self._workers, effects, speech, documents)

    def _submission(self, caller: Caller, package: bytes | None, sha256: str, size: int) -> Submission:
        return Submission(
            caller=caller,
            package=package,
            sha256=sha256,
            size=size,
            dispatch_id=dispatch_id(caller.agency_id, sha256),
            at=self._clock(),
        )

    def _check_size(self, size: int) -> None:
        if size > self._limits.package_bytes:
            raise Declined(Code.PACKAGE_TOO_LARGE, too_large(size, self._limits.package_bytes))


def _read(
    submission: Submission, content: bytes, view: DirectoryView, rules: Rules, most_recipients: int
) -> _Read:
    """Step 1, in a worker thread: everything about a package that its bytes and the directory tell.

    Raises `Declined`.
    """
    caller, at = submission.caller, submission.at
    judged = judge(content, caller=caller, view=view, rules=rules, at=at)
    package = judged.model
    if not isinstance(package, Package):
        raise Declined(Code.NOT_A_DOCUMENT)
    if not speaks_for(package.sender.organ_id, caller.agency_id, view):
        raise Declined(
            Code.SENDER_MISMATCH,
            Detail(
                f"From/OrganId does not name {caller.agency_id}",
                f"From/OrganId không phải {caller.agency_id}",
            ),
        )
    if not package.document_id:
        raise Declined(Code.DOCUMENT_ID_MISSING)
    bounded(package.document_id, "DocumentId")
    recipients = resolve(
        (organ.organ_id for organ in package.recipients),
        view,
        sender_id=caller.agency_id,
        at=at,
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
    return _Read(
        package=replace(package, attachments=()),
        parts=parts_of(original, package, judged.sound.detached),
        recipients=recipients,
        warnings=judged.warnings,
        sealed_until=judged.sound.certificate.not_valid_after_utc,
        sources=judged.sound.sources,
        delegate=judged.delegate,
    )


def _entry(
    submission: Submission, read: _Read, parts: tuple[Part, ...], of_the_thread: tuple[str, ...]
) -> Entry:
    package, sender = read.package, submission.caller.agency
    # What the axis itself has to say comes first: the reader may have found fault with every field.
    warnings = (*of_the_thread, *read.recipients.warnings, *read.warnings)[:WARNINGS_MOST]
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
        parts=parts,
        warnings=tuple(warning[:SHOWN_CHARACTERS] for warning in warnings),
    )
