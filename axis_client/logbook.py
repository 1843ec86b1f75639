"""What a log showed last, kept in a file: what everything that it shows later is held against.

    book = Logbook(policy=profile.log, path=profile.log_state)
    kept = book.kept()
    ...                                  # a newer checkpoint, consistent with it
    book.swap(kept, newer)               # False: another process was faster, compare with what that kept
    book.learn(successions)              # the keys that took the place of those trusted
    book.trusted()                       # whom to believe with them

The file is the signed note itself. It is replaced whole and durably, by nothing that was not compared with
it; when the log tells two histories it stays, and both notes are written beside it. Beside it lies too how
the log's keys followed each other (`.successions`), as far as a key of the profile leads to them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from axis_client import files
from axis_client.errors import LocalError, LogAlarm, by_reason, explain
from axis_client.locking import locked
from signing.log import (
    Inconsistent,
    LogPolicy,
    NotProven,
    SignedNote,
    Succession,
    TwoSuccessors,
    VerifiedCheckpoint,
    followed,
    lineage,
    open_checkpoint,
    read_note,
    read_successions,
    write_successions,
)
from signing.log.note import LARGEST_NOTE
from signing.log.succession import LARGEST_SUCCESSIONS
from signing.reasons import Reason


def as_signed(note: bytes, policy: LogPolicy) -> bytes:
    """Returns a note as the log signed it, without cosignatures: what is time-stamped. Every line under the
    log's name stays, also by a key that the policy does not know yet: while keys change both sign. Raises
    `NotProven` for what is no note."""
    read = read_note(note)
    own = tuple(line for line in read.signatures if line.name == policy.origin)
    return SignedNote(text=read.text, signatures=own).content()


@dataclass(frozen=True, slots=True, kw_only=True)
class Logbook:
    """Any number of processes may share one."""

    policy: LogPolicy
    """By the profile alone."""
    path: Path

    def trusted(self) -> LogPolicy:
        """Returns whom to believe: the profile's keys, and those that are known to have taken their place.
        Raises `LocalError` (`LOG_STATE_UNUSABLE`)."""
        return followed(self.policy, self.successions())

    def successions(self) -> tuple[Succession, ...]:
        """Returns how the log's keys followed each other since the profile's. Raises `LocalError`
        (`LOG_STATE_UNUSABLE`): what was learned is never given up silently."""
        path = self._learned
        if not self.policy.follow or not path.exists():
            return ()
        try:
            return lineage(self.policy, read_successions(files.read(path, LARGEST_SUCCESSIONS) or b"\n"))
        except NotProven as exc:
            raise _unusable(path, exc) from exc

    def learn(self, offered: tuple[Succession, ...]) -> None:
        """Keeps what is new among `offered` and continues what is known. Raises as `lineage`, and
        `LocalError`."""
        if self.policy.follow:
            with self._locked():
                known = self.successions()
                steps = lineage(self.policy, (*known, *offered))
                if steps != known:
                    files.swap(self._learned, write_successions(steps))

    def kept(self) -> VerifiedCheckpoint | None:
        """Returns what the log showed last, None before the first look. Raises `LocalError`
        (`LOG_STATE_UNUSABLE`): what was kept is never given up silently."""
        if not self.path.exists():
            return None
        content = files.read(self.path, LARGEST_NOTE)  # first: whoever keeps one has learned its key before
        try:
            return open_checkpoint(content or b"", unwitnessed(self.trusted()))
        except NotProven as exc:
            raise _unusable(self.path, exc) from exc

    def swap(self, kept: VerifiedCheckpoint | None, new: VerifiedCheckpoint) -> bool:
        """Keeps `new`, which was compared with `kept`; false when that is no longer what is kept. Raises
        `LocalError`."""
        with self._locked():
            if self.kept() != kept:
                return False
            files.swap(self.path, new.note.content())
            return True

    def alarm(self, found: Inconsistent) -> LogAlarm:
        """Writes both notes beside the state, which stays as it is, and makes the error that names them.
        Raises `LocalError` when they cannot be written."""
        facts = {}
        for role, head in (("kept", found.old), ("shown", found.new)):
            facts[f"{role}_size"] = str(head.checkpoint.size)
            facts[f"{role}_root"] = head.checkpoint.root.hex()
        sizes = (str(head.checkpoint.size) for head in (found.old, found.new))
        return self._alarm(found.reason, found.detail, (found.old.note, found.new.note), sizes, facts)

    def split(self, found: TwoSuccessors) -> LogAlarm:
        """The same for two statements in which a key names its successor."""
        facts = {"old": found.first.old.vkey, "kept_key": found.first.new.vkey}
        facts["shown_key"] = found.second.new.vkey
        notes = found.first.note, found.second.note
        return self._alarm(found.reason, found.detail, notes, ("succession", "succession"), facts)

    def _alarm(
        self,
        reason: Reason,
        detail: str,
        notes: tuple[SignedNote, SignedNote],
        named: Iterable[str],
        facts: dict[str, str],
    ) -> LogAlarm:
        for role, note, name in zip(("kept", "shown"), notes, named, strict=True):
            digest = hashlib.sha256(note.text.encode()).hexdigest()[:16]
            path = self.path.with_name(f"{self.path.name}.alarm-{role}-{name}-{digest}")
            files.swap(path, note.content())
            facts[f"{role}_file"] = files.printable(path)
        alarm = by_reason(LogAlarm, reason, detail, **facts)
        alarm.kept, alarm.shown = (note.content() for note in notes)
        both = f"{facts['kept_file']}, {facts['shown_file']}"
        alarm.hint, alarm.hint_vi = f"{alarm.hint} {both}", f"{alarm.hint_vi} {both}"
        return alarm

    @property
    def _learned(self) -> Path:
        return self.path.with_name(f"{self.path.name}.successions")

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self.path.with_name(f"{self.path.name}.lock"))


def unwitnessed(policy: LogPolicy) -> LogPolicy:
    """The policy for following the log: its own signature binds it, whoever cosigned."""
    return replace(policy, quorum=0)


def _unusable(path: Path, wrong: NotProven) -> LocalError:
    name = files.printable(path)
    return explain(LocalError, "LOG_STATE_UNUSABLE", f"{name}: {wrong.reason}: {wrong.detail}", file=name)
