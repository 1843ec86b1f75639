"""What a log showed last, kept in a file: what everything that it shows later is held against.

    book = Logbook(policy=profile.log, path=profile.log_state)
    kept = book.kept()
    ...                                  # a newer checkpoint, consistent with it
    book.swap(kept, newer)               # False: another process was faster, compare with what that kept

The file is the signed note itself. It is replaced whole and durably, by nothing that was not compared with
it; when the log tells two histories it stays, and both notes are written beside it.
"""

from __future__ import annotations

import hashlib
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
    VerifiedCheckpoint,
    open_checkpoint,
    read_note,
)
from signing.log.note import LARGEST_NOTE


def as_signed(note: bytes, policy: LogPolicy) -> bytes:
    """Returns a note as the log signed it, without cosignatures: what is time-stamped. Raises `NotProven` for
    what is no note."""
    read = read_note(note)
    names = {(key.name, key.key_id) for key in policy.keys}
    own = tuple(line for line in read.signatures if (line.name, line.key_id) in names)
    return SignedNote(text=read.text, signatures=own).content()


@dataclass(frozen=True, slots=True, kw_only=True)
class Logbook:
    """Any number of processes may share one."""

    policy: LogPolicy
    path: Path

    @property
    def unwitnessed(self) -> LogPolicy:
        """The policy for following the log: its own signature binds it, whoever cosigned."""
        return replace(self.policy, quorum=0)

    def kept(self) -> VerifiedCheckpoint | None:
        """Returns what the log showed last, None before the first look. Raises `LocalError`
        (`LOG_STATE_UNUSABLE`): what was kept is never given up silently."""
        if not self.path.exists():
            return None
        content = files.read(self.path, LARGEST_NOTE)
        try:
            return open_checkpoint(content or b"", self.unwitnessed)
        except NotProven as exc:
            name = files.printable(self.path)
            detail = f"{name}: {exc.reason}: {exc.detail}"
            raise explain(LocalError, "LOG_STATE_UNUSABLE", detail, file=name) from exc

    def swap(self, kept: VerifiedCheckpoint | None, new: VerifiedCheckpoint) -> bool:
        """Keeps `new`, which was compared with `kept`; false when that is no longer what is kept. Raises
        `LocalError`."""
        with locked(self.path.with_name(f"{self.path.name}.lock")):
            if self.kept() != kept:
                return False
            files.swap(self.path, new.note.content())
            return True

    def alarm(self, found: Inconsistent) -> LogAlarm:
        """Writes both notes beside the state, which stays as it is, and makes the error that names them.
        Raises `LocalError` when they cannot be written."""
        facts = {}
        for role, head in (("kept", found.old), ("shown", found.new)):
            path = self._beside(role, head)
            files.swap(path, head.note.content())
            facts[f"{role}_size"] = str(head.checkpoint.size)
            facts[f"{role}_root"] = head.checkpoint.root.hex()
            facts[f"{role}_file"] = files.printable(path)
        alarm = by_reason(LogAlarm, found.reason, found.detail, **facts)
        alarm.kept, alarm.shown = found.old.note.content(), found.new.note.content()
        both = f"{facts['kept_file']}, {facts['shown_file']}"
        alarm.hint, alarm.hint_vi = f"{alarm.hint} {both}", f"{alarm.hint_vi} {both}"
        return alarm

    def _beside(self, role: str, head: VerifiedCheckpoint) -> Path:
        digest = hashlib.sha256(head.note.text.encode()).hexdigest()[:16]
        return self.path.with_name(f"{self.path.name}.alarm-{role}-{head.checkpoint.size}-{digest}")
