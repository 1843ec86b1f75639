"""What was found: one finding a file, and the worst of them for the whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from signing.verdict import Reason, Refused, Sound, Undecided

LOG_NOT_CHECKED = "LOG_NOT_CHECKED"
TIME_NOT_CHECKED = "TIME_NOT_CHECKED"
RENEWAL_ENDED = "RENEWAL_ENDED"
SEAL_OUTLIVED = "SEAL_OUTLIVED"
SENDER_NOT_IN_CERTIFICATE = "SENDER_NOT_IN_CERTIFICATE"
_SETTLED = "DETACHED_NOT_CHECKED"
"""A seal's warning about files beside it: in a package they are held against it."""


class State(StrEnum):
    """The verdicts, best first."""

    SOUND = "sound"
    DESTROYED = "destroyed"
    """The document itself is lawfully gone, which is proven; and all else is sound."""
    UNDECIDED = "undecided"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on one file of a package, or on the package itself (`name` empty)."""

    name: str
    state: State = State.SOUND
    reason: Reason = Reason.SOUND
    detail: str = ""
    warnings: tuple[str, ...] = ()
    certificate: x509.Certificate | None = None
    """The signer's, as far as it is known."""
    chain: tuple[x509.Certificate, ...] = ()
    signed_at: datetime | None = None
    """As claimed."""
    judged_at: datetime | None = None
    """The time for which its certificate was judged."""


def sound(name: str, *, warnings: tuple[str, ...] = ()) -> Finding:
    return Finding(name=name, warnings=warnings)


def refused(name: str, reason: Reason, detail: str = "") -> Finding:
    return Finding(name=name, state=State.REFUSED, reason=reason, detail=detail)


def of_verdict(name: str, verdict: Sound | Refused | Undecided, judged_at: datetime) -> Finding:
    """A seal's verdict as a finding."""
    if isinstance(verdict, Sound):
        return Finding(
            name=name,
            warnings=tuple(code for code in verdict.warnings if code != _SETTLED),
            certificate=verdict.certificate,
            chain=verdict.chain,
            signed_at=verdict.signed_at,
            judged_at=judged_at,
        )
    return Finding(
        name=name,
        state=State.UNDECIDED if isinstance(verdict, Undecided) else State.REFUSED,
        reason=verdict.reason,
        detail=verdict.detail,
        certificate=verdict.certificate,
        signed_at=verdict.signed_at,
        judged_at=judged_at,
    )


def worst(findings: Iterable[Finding]) -> Finding:
    """The first of the worst state; sound when there is nothing."""
    order = tuple(State)
    return max(findings, key=lambda each: order.index(each.state), default=sound(""))
