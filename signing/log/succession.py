"""Successions: the key of a log names the one that takes its place.

    content = sign_succession(old, new, at=1790000000)             # a signed note, by both keys
    steps = lineage(policy, map(read_succession, offered))         # those that a trusted key leads to
    policy = followed(policy, steps)                               # their new keys count too

The note's text, in its one spelling; no checkpoint reads like it, behind whose origin stands a number:

    succession/v1
    axis.example.vn/log
    old axis.example.vn/log+1a2b3c4d+AX…
    new axis.example.vn/log+5e6f7a8b+AX…
    time 1790000000

A key vouches for what comes after it, never for what was before: whoever trusts the new key alone trusts no
old one by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from signing.keys import UnusableKey
from signing.log.checkpoint import LogPolicy, VerifiedCheckpoint
from signing.log.fields import LARGEST, read_number
from signing.log.keys import KeyKind, NoteSigner, VerifierKey, read_vkey
from signing.log.note import SignedNote, read_note, sign_note, signatures_by
from signing.log.refusal import NotProven
from signing.reasons import Reason

MOST_SUCCESSIONS = 256
"""Of one log; a change of keys each month for twenty years."""
LARGEST_SUCCESSIONS = MOST_SUCCESSIONS * 4096
"""Bytes of as many, one behind the other."""

_FORM = "succession/v1"
_LINES = 5
_BETWEEN = b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """Signed by both of its keys. Only `read_succession` makes one; it counts where `old` is trusted."""

    old: VerifierKey
    new: VerifierKey
    at: int
    """POSIX time of the signatures, by the log's own clock."""
    note: SignedNote

    @property
    def origin(self) -> str:
        return self.old.name


class TwoSuccessors(NotProven):
    """A trusted key has named two others: whoever holds it tells different parties different things."""

    def __init__(self, first: Succession, second: Succession) -> None:
        super().__init__(
            Reason.LOG_TWO_SUCCESSORS,
            f"{first.old.vkey} names {first.new.vkey}, and {second.new.vkey}",
        )
        self.first = first
        self.second = second


def sign_succession(old: NoteSigner, new: NoteSigner, *, at: int) -> bytes:
    """Returns the note in which `old` names `new`, signed by both. Raises `ValueError` for keys of two logs,
    or one key twice."""
    if old.key.name != new.key.name or old.key.public == new.key.public:
        raise ValueError("a key is followed by another one of the same log")
    return sign_note(_text(old.key, new.key, at), (old, new)).content()


def read_succession(data: bytes) -> Succession:
    """Reads one and verifies both signatures. Raises `NotProven`: `LOG_SUCCESSION_MALFORMED`,
    `LOG_WRONG_KEY` when one of the keys did not sign, `LOG_SIGNATURE_INVALID`."""
    try:
        note = read_note(data)
    except NotProven as exc:
        raise _malformed(exc.detail) from exc
    lines = note.text.removesuffix("\n").split("\n")
    if len(lines) != _LINES or lines[0] != _FORM:
        raise _malformed(f"it is not of the form {_FORM}")
    try:
        old, new = (read_vkey(line.partition(" ")[2]) for line in lines[2:4])
        at = read_number(lines[4].partition(" ")[2])
    except (UnusableKey, ValueError) as exc:
        raise _malformed(str(exc)) from exc
    if note.text != _text(old, new, at) or old.name != new.name or old.public == new.public:
        raise _malformed("it is not in its one spelling, of two logs, or of one key")
    if {old.kind, new.kind} != {KeyKind.ED25519}:
        raise _malformed("a witness's key is none of a log")
    signed = {key for key, _ in signatures_by(note, (old, new))}
    if signed != {old, new}:
        raise NotProven(Reason.LOG_WRONG_KEY, "one of the two keys did not sign the succession")
    return Succession(old=old, new=new, at=at, note=note)


def read_successions(data: bytes) -> tuple[Succession, ...]:
    """Reads several as `write_successions` wrote them. Raises as `read_succession`."""
    pieces = data.split(b"\n\n") if data else []
    if len(pieces) % 2 or len(pieces) > 2 * MOST_SUCCESSIONS:
        raise _malformed("it is cut off, or too many")
    last = len(pieces) - 2
    notes = [
        pieces[n] + b"\n\n" + pieces[n + 1] + (b"" if n == last else b"\n") for n in range(0, len(pieces), 2)
    ]
    return tuple(map(read_succession, notes))


def write_successions(successions: Iterable[Succession]) -> bytes:
    """Returns them one behind the other, an empty line between two."""
    return _BETWEEN.join(one.note.content() for one in successions)


def lineage(policy: LogPolicy, offered: Iterable[Succession]) -> tuple[Succession, ...]:
    """Returns what leads on from the policy's keys, each step once, the first before those behind it; nothing
    when the policy does not follow. What no trusted key leads to is left out: it is nobody's word.

    Raises `NotProven`: `LOG_WRONG_ORIGIN` for one of another log, `LOG_SUCCESSION_MALFORMED` for a way back
    to a key that was given up, or to a witness's; `TwoSuccessors`.
    """
    if not policy.follow:
        return ()
    known = tuple(offered)
    if any(one.origin != policy.origin for one in known):
        raise NotProven(Reason.LOG_WRONG_ORIGIN, "the succession is of another log")
    steps: list[Succession] = []
    trusted = list(policy.keys)
    for key in trusted:  # which grows on the way
        named = [one for one in known if one.old == key]
        for other in named[1:]:
            if other.new != named[0].new:
                raise TwoSuccessors(named[0], other)
        for step in named[:1]:
            if step.new in _ancestors(step.old, steps):
                raise _malformed(f"it leads back to {step.new.vkey}")
            if any(step.new.public == witness.public for witness in policy.witnesses):
                raise _malformed("it names a witness's key")
            steps.append(step)
            trusted += [] if step.new in trusted else [step.new]
    return tuple(steps)


def followed(policy: LogPolicy, steps: Sequence[Succession]) -> LogPolicy:
    """Returns the policy with the keys that `steps` (from `lineage`) lead to."""
    return replace(policy, keys=tuple(dict.fromkeys((*policy.keys, *(one.new for one in steps)))))


def leading_to(note: SignedNote, offered: Iterable[Succession]) -> tuple[Succession, ...]:
    """Returns the steps that end in keys that have signed `note`, the first before those behind it: what
    somebody who trusts an older key needs to believe it. The same note has the same, whatever came later."""
    known = tuple(offered)
    signed = {(one.name, one.key_id) for one in note.signatures}
    wanted = [one for one in known if (one.new.name, one.new.key_id) in signed]
    for one in wanted:  # which grows on the way
        wanted += [before for before in known if before.new == one.old and before not in wanted]
    return tuple(sorted(wanted, key=lambda one: len(_ancestors(one.old, known))))


def given_up(
    kept: VerifiedCheckpoint, head: VerifiedCheckpoint, policy: LogPolicy, steps: Sequence[Succession]
) -> bool:
    """Whether `head` is signed by no key but such as all that signed `kept` had taken the place of: a log
    does not return to them."""
    before, after = ({key for key, _ in signatures_by(one.note, policy.keys)} for one in (kept, head))
    return all(after <= _ancestors(key, steps) for key in before)


def _ancestors(key: VerifierKey, steps: Sequence[Succession]) -> set[VerifierKey]:
    """The keys that `key` took the place of, one after another."""
    found: set[VerifierKey] = set()
    wanted = [key]
    for one in wanted:
        more = [step.old for step in steps if step.new == one and step.old not in found]
        found |= set(more)
        wanted += more
    return found


def _text(old: VerifierKey, new: VerifierKey, at: int) -> str:
    if not 0 <= at <= LARGEST:
        raise ValueError("the time cannot be")
    return f"{_FORM}\n{old.name}\nold {old.vkey}\nnew {new.vkey}\ntime {at}\n"


def _malformed(detail: str) -> NotProven:
    return NotProven(Reason.LOG_SUCCESSION_MALFORMED, detail)
