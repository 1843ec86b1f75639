"""What the axis's log proves: that evidence stands in it, and that it only ever grew."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from axis_client.connection import Connection
from axis_client.errors import EvidenceError, LocalError, NotFound, Refused, TryLater, by_reason, explain
from axis_client.logbook import Logbook, unwitnessed
from axis_client.model import Logged, LogState, Proof, Record, ShownCheckpoint
from signing.log import (
    Inconsistent,
    LogPolicy,
    NotProven,
    Succession,
    TwoSuccessors,
    VerifiedCheckpoint,
    compare,
    given_up,
    leading_to,
    open_checkpoint,
    read_note,
    read_proof,
    read_succession,
    verify_inclusion,
    write_proof,
)
from signing.reasons import Reason
from signing.timestamps import GrowError, grow
from signing.verdict import Refused as Disproved

T = TypeVar("T")
R = TypeVar("R", bound=Record)

AT_ONCE = 8
"""Proofs asked for at a time."""


class _Doubt(Exception):
    """What the log showed does not fit, yet: what is damaged on the way looks the same."""


class _Unfit(_Doubt):
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class _Forked(_Doubt):
    def __init__(self, found: Inconsistent) -> None:
        super().__init__(found.detail)
        self.found = found


class Proving(Connection):
    """For everybody whose profile names the axis's log. What the log showed last is kept in a file, and
    everything that it shows later must continue it, else: `LogAlarm`. When the log's key has changed, what
    the old one signed leads to the new one, and is kept too."""

    @property
    def has_log(self) -> bool:
        """Whether the profile names the axis's log."""
        return self._profile.log is not None

    async def check_log(self) -> LogState:
        """Holds the log's newest checkpoint against what was kept, and keeps it; and learns which keys of the
        log have taken the place of those that are trusted.

        Raises `LogAlarm` when the two are not one history, asked for twice; `EvidenceError` when the
        checkpoint itself does not hold.
        """
        book = self._book()
        return await self._persist(lambda: self._surely(book, lambda: self._checked(book)))

    async def prove(self, record: Record) -> Logged:
        """Proves that an evidence or statement stands in the log, under a checkpoint that continues what was
        kept and that as many witnesses cosigned as the profile asks.

        Raises `EvidenceError` when it does not, `LogAlarm` when the log is no longer the one it was; each
        asked for twice. `TryLater` while no checkpoint covers it, or too few witnesses have cosigned.
        """
        return await self.prove_content(_content_id(record), record.content)

    async def prove_content(self, content_id: str, content: bytes) -> Logged:
        """The same by `evidence_id` or `statement_id`, and the bytes."""
        book = self._book()
        return await self._persist(
            lambda: self._surely(book, lambda: self._proved(book, content_id, content))
        )

    async def prove_all(self, records: Sequence[R]) -> list[R]:
        """Returns the records with `logged`, some at a time. Raises as `prove`."""
        free = asyncio.Semaphore(AT_ONCE)

        async def one(record: R) -> R:
            async with free:
                return replace(record, logged=await self.prove(record))

        tasks = [asyncio.create_task(one(record)) for record in records]
        try:
            return [await task for task in tasks]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def covering(self, size: int) -> ShownCheckpoint:
        """Returns the first checkpoint over at least `size` leaves that bears a time-stamp, or, while none
        does, the first at all; verified, and one history with what was kept. The same question has the same
        answer, once a time-stamp has come. Raises as `check_log`."""
        book = self._book()
        return await self._persist(lambda: self._surely(book, lambda: self._covering(book, size)))

    async def prove_under(self, size: int, record: Record) -> bytes:
        """Returns the `.tlog-proof` file of a record under the checkpoint of `size` leaves, verified. Raises
        as `prove`."""
        book = self._book()

        async def proven() -> bytes:
            file = await self._wire.inclusion(_content_id(record), size)
            verdict = verify_inclusion(record.content, file, await _believed(book))
            if isinstance(verdict, Disproved):
                raise _Unfit(verdict.reason, verdict.detail)
            await self._follow(book, None, verdict.head)
            return file

        return await self._persist(lambda: self._surely(book, proven))

    async def _log_policy(self) -> LogPolicy:
        """Returns whom this client believes about the log: the profile's keys, and those that are known to
        have taken their place. Raises `LocalError`."""
        return await asyncio.to_thread(self._book().trusted)

    async def _led_to(self, note: bytes) -> tuple[Succession, ...]:
        """Returns how older keys of the log were followed by those that signed a checkpoint: what somebody
        who trusts an older one needs to believe it. Raises `EvidenceError` when what the axis shows does not
        hold."""
        try:
            offered = await self._persist(self._wire.successions)
            return leading_to(read_note(note), map(read_succession, offered))
        except NotProven as wrong:
            raise by_reason(EvidenceError, wrong.reason, wrong.detail) from wrong

    async def archive_record(self, record: Record) -> bytes | None:
        """Returns what proves a record beyond the algorithms of its time (RFC 4998), for `signing.renewal` to
        judge; None while the archive has none yet."""
        try:
            return await self._persist(lambda: self._wire.archive_record(_content_id(record)))
        except NotFound:
            return None

    async def grown(self, proof: Proof) -> bytes | None:
        """Returns the XAdES-B-T form of an evidence, for `signing.timestamps` to judge; None while the axis
        has no time-stamp over its seal, or one that it cannot grow by."""
        try:
            evidence_id = proof.evidence.evidence_id
            token = await self._persist(lambda: self._wire.seal_timestamp(evidence_id))
            return await asyncio.to_thread(grow, proof.content, [token])
        except (NotFound, GrowError):
            return None

    def _book(self) -> Logbook:
        profile = self._profile
        if profile.log is None or profile.log_state is None:
            raise explain(LocalError, "NO_LOG")
        return Logbook(policy=profile.log, path=profile.log_state)

    async def _surely(self, book: Logbook, ask: Callable[[], Awaitable[T]]) -> T:
        """Asks once more when something does not fit; then it is an alarm."""
        try:
            return await ask()
        except _Doubt:
            pass
        try:
            await self._learn(book)  # another key may sign by now
            return await ask()
        except _Unfit as unfit:
            raise by_reason(EvidenceError, unfit.reason, str(unfit)) from unfit
        except _Forked as forked:
            raise await asyncio.to_thread(book.alarm, forked.found) from forked

    async def _learn(self, book: Logbook) -> None:
        """Asks which keys have taken the place of those that are trusted, and remembers them. Two for one key
        are an alarm at once: both are signed, so no damage on the way looks like it."""
        if not book.policy.follow:
            return
        offered = await self._wire.successions()
        try:
            await asyncio.to_thread(lambda: book.learn(tuple(map(read_succession, offered))))
        except TwoSuccessors as found:
            raise await asyncio.to_thread(book.split, found) from found
        except NotProven as wrong:
            raise _Unfit(wrong.reason, wrong.detail) from wrong

    async def _checked(self, book: Logbook) -> LogState:
        await self._learn(book)
        before = await asyncio.to_thread(book.kept)
        shown = await self._wire.checkpoint()
        head = await _opened(shown.note, book)
        await self._follow(book, before, head)
        return LogState(
            head=head,
            before=before,
            stamps=shown.stamps,
            policy=await asyncio.to_thread(book.trusted),
            successions=await asyncio.to_thread(book.successions),
        )

    async def _covering(self, book: Logbook, size: int) -> ShownCheckpoint:
        try:
            shown = await self._wire.checkpoint(size, stamped=True)
        except NotFound:
            shown = await self._wire.checkpoint(size)
        await self._follow(book, None, await _opened(shown.note, book))
        return shown

    async def _proved(self, book: Logbook, content_id: str, content: bytes) -> Logged:
        before = await asyncio.to_thread(book.kept)
        file = await self._wire.inclusion(content_id)
        verdict = verify_inclusion(content, file, await _believed(book))
        if isinstance(verdict, Disproved):
            raise _Unfit(verdict.reason, verdict.detail)
        await self._follow(book, before, verdict.head)
        head = await self._cosigned(book, verdict.head)
        proof = write_proof(replace(read_proof(file), checkpoint=head.note.content()))
        return Logged(index=verdict.index, head=head, proof=proof)

    async def _follow(
        self, book: Logbook, before: VerifiedCheckpoint | None, head: VerifiedCheckpoint
    ) -> None:
        """Compares `head`, asked for after `before` was kept, with all that is kept, until what is kept is
        not smaller."""
        if before is not None and head.checkpoint.size < before.checkpoint.size:
            self._check_one(before, head, ())
        while True:
            kept = await asyncio.to_thread(book.kept)
            if kept is not None:
                old, new = sorted((kept, head), key=lambda one: one.checkpoint.size)
                self._check_one(old, new, await self._consistency(old, new))
                await asyncio.to_thread(_check_keys, book, old, new)
                if new is kept or new.checkpoint.size == old.checkpoint.size:
                    return
            if await asyncio.to_thread(book.swap, kept, head):
                return

    async def _consistency(self, old: VerifiedCheckpoint, new: VerifiedCheckpoint) -> tuple[bytes, ...]:
        sizes = old.checkpoint.size, new.checkpoint.size
        if sizes[0] in (0, sizes[1]):
            return ()
        try:
            return await self._wire.consistency(*sizes)
        except Refused:
            return ()  # which proves nothing: whoever signed both sizes must be able to

    def _check_one(self, old: VerifiedCheckpoint, new: VerifiedCheckpoint, proof: tuple[bytes, ...]) -> None:
        found = compare(old, new, proof)
        if isinstance(found, Inconsistent):
            raise _Forked(found)

    async def _cosigned(self, book: Logbook, head: VerifiedCheckpoint) -> VerifiedCheckpoint:
        """Returns the checkpoint with enough cosignatures; they may have come since. Raises `TryLater`."""
        policy = await asyncio.to_thread(book.trusted)
        try:
            return open_checkpoint(head.note.content(), policy)
        except NotProven:
            again = await self._wire.checkpoint(head.checkpoint.size)
        newer = await _opened(again.note, book)
        if newer.checkpoint.size == head.checkpoint.size:
            self._check_one(head, newer, ())
        try:
            if newer.checkpoint == head.checkpoint:
                return open_checkpoint(again.note, policy)
        except NotProven as few:
            raise by_reason(TryLater, few.reason, few.detail) from few
        raise by_reason(TryLater, Reason.LOG_TOO_FEW_WITNESSES)


async def _believed(book: Logbook) -> LogPolicy:
    return unwitnessed(await asyncio.to_thread(book.trusted))


async def _opened(note: bytes, book: Logbook) -> VerifiedCheckpoint:
    try:
        return open_checkpoint(note, await _believed(book))
    except NotProven as wrong:
        raise _Unfit(wrong.reason, wrong.detail) from wrong


def _check_keys(book: Logbook, old: VerifiedCheckpoint, new: VerifiedCheckpoint) -> None:
    """The log grows under its keys of today. Raises `_Unfit` when a larger one is by keys given up before."""
    if new.checkpoint.size > old.checkpoint.size and given_up(old, new, book.trusted(), book.successions()):
        detail = f"it has {new.checkpoint.size} leaves, and {old.checkpoint.size} were signed by a later key"
        raise _Unfit(Reason.LOG_KEY_GIVEN_UP, detail)


def _content_id(record: Record) -> str:
    return record.evidence.evidence_id if isinstance(record, Proof) else record.statement_id
