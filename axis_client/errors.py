"""What goes wrong, for programs and for people.

    AxisError                everything that this package raises on purpose
    ├── LocalError           the call, the profile or a file here is wrong (exit code 2)
    ├── Refused              the axis declines, and asking again changes nothing (exit code 1)
    │   └── NotFound         there is no such thing, or it is not the caller's to see
    ├── TryLater             no verdict: the axis is away or a fact is missing; call again later (exit code 3)
    └── NotTrusted           what came back cannot be relied on: a seal or digest does not hold (exit code 1)
        └── EvidenceError    the axis's own evidence does not prove what it should: an alarm
            └── LogAlarm     the axis's log told two histories, and both are kept

`reason` is a stable code, the same in both languages; docs/errors.md lists those of the axis,
`axis_client.sentences` those of this package.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from axis_client.sentences import SAID_IN_ENGLISH, SENTENCES
from signing.reasons import SENTENCES as VERDICTS
from signing.reasons import Reason

if TYPE_CHECKING:
    from axis_client.model import Evidence


class AxisError(Exception):
    """The root. `str(error)` is `REASON: message`."""

    retryable = False
    """True when the same call, made again later, may succeed."""

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        message_vi: str = "",
        hint: str = "",
        hint_vi: str = "",
        facts: Mapping[str, str] = MappingProxyType({}),
        evidence: Evidence | None = None,
    ) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        """Stable code."""
        self.message = message
        """English sentence for people."""
        self.message_vi = message_vi or message
        """The same in Vietnamese."""
        self.hint = hint
        """What the reader can do next, in English; may be empty."""
        self.hint_vi = hint_vi or hint
        """The same in Vietnamese."""
        self.facts = dict(facts)
        """For programs: `dispatch_id`, `recipient`, `state`, `file` ..."""
        self.evidence = evidence
        """The signed refusal, where the axis gave one; verified before it stands here."""


class LocalError(AxisError):
    """The call, the profile or a file on this side is wrong. Nothing was sent."""


class Refused(AxisError):
    """The axis declines; the same call again gets the same answer."""


class NotFound(Refused):
    """There is no such dispatch, part or agency, or it is not the caller's to see: both look the same."""


class TryLater(AxisError):
    """Nobody's verdict. The client has already tried again, as patiently as it was told to."""

    retryable = True
    retry_after: float | None = None
    """Seconds that the axis asks to wait, where it says so."""


class NotTrusted(AxisError):
    """A document or a download does not prove itself: its seal or a digest does not hold."""


class EvidenceError(NotTrusted):
    """The axis's evidence does not prove what it should. Keep what you have and tell the axis's operator and
    your own security officer; do not take the document as sent."""


class LogAlarm(EvidenceError):
    """The axis's log signed two checkpoints that are not one history: what was kept, and what it showed now.
    `reason` is `LOG_ROLLBACK` or `LOG_SPLIT_VIEW`; `facts` name both by size and root, and the files where
    both signed notes are kept. Together they prove what the log did."""

    kept: bytes = b""
    """The signed note that was kept, and stays kept."""
    shown: bytes = b""
    """The one that does not agree with it."""


_Kind = TypeVar("_Kind", bound=AxisError)


def explain(kind: type[_Kind], reason: str, detail: str = "", *, vietnamese: str = "", **facts: str) -> _Kind:
    """Makes an error of this package's own from its sentence table. `detail` goes behind the sentence;
    behind the Vietnamese one goes `vietnamese`. Without it, not what is said in English
    (`SAID_IN_ENGLISH`): of that, the file alone."""
    sentence = SENTENCES[reason]
    plain = facts.get("file", "") if reason in SAID_IN_ENGLISH else detail
    return kind(
        reason,
        _told(sentence.english, detail),
        message_vi=_told(sentence.vietnamese, vietnamese or plain),
        hint=sentence.hint,
        hint_vi=sentence.hint_vietnamese,
        facts=facts,
    )


def by_reason(kind: type[_Kind], reason: Reason, detail: str = "", **facts: str) -> _Kind:
    """Makes an error of a verdict of `signing`, which brings its own sentences; `detail` is English."""
    sentence = VERDICTS[reason]
    return kind(
        str(reason),
        f"{sentence.english} {detail}".rstrip(),
        message_vi=sentence.vietnamese,
        hint=sentence.next_step,
        hint_vi=sentence.next_step_vietnamese,
        facts=facts,
    )


def _told(sentence: str, detail: str) -> str:
    """A sentence that ends with a colon waits for a detail, and without one ends with a full stop."""
    if detail:
        return f"{sentence} {detail}"
    return f"{sentence[:-1]}." if sentence.endswith(":") else sentence
