"""Who gets in: a certificate that an agency registered and that holds now. Pure, but for the clock.

    caller = admission.admit(sha256_of_the_peer, helpers)                       # at each call
    caller = admission.admit(sha256_of_the_peer, helpers, acting_for="H05.01")  # in another agency's name
    caller = admission.again(caller)                                            # in a call that lasts

The handshake checks a certificate once, and knows no revocation list; a connection may last for weeks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography import x509

from axis_server.addressing.directory import DirectoryView, in_force
from axis_server.caller import Caller
from axis_server.errors import Declined, Detail, NotAdmitted
from axis_server.reasons import Code
from signing.policy import Policy, Purpose
from signing.trust import TrustStore
from signing.verdict import Reason, Refused, Undecided

TOLD_APART = frozenset({Reason.CERTIFICATE_REVOKED, Reason.CERTIFICATE_EXPIRED, Reason.REVOCATION_UNKNOWN})
"""What a caller acts on in different ways; every other fault of its certificate is UNTRUSTED."""

LATELY = timedelta(seconds=0.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lately:
    """Who was admitted anew from a moment on, by one directory and one trust."""

    view: DirectoryView
    trust: TrustStore
    since: datetime
    found: dict[tuple[object, ...], Caller] = field(default_factory=dict)

    def holds(self, view: DirectoryView, trust: TrustStore, at: datetime) -> bool:
        return self.view is view and self.trust is trust and timedelta() <= at - self.since <= LATELY


class Admission:
    """Finds the caller in the directory, and judges its certificate by the trust in clients."""

    def __init__(
        self,
        *,
        directory: Callable[[], DirectoryView],
        trust: Callable[[], TrustStore],
        policy: Policy,
        clock: Callable[[], datetime],
    ) -> None:
        self._directory = directory
        self._trust = trust
        self._policy = policy
        self._clock = clock
        self._lately: _Lately | None = None

    def admit(
        self,
        certificate_sha256: str,
        helpers: Sequence[x509.Certificate] = (),
        *,
        acting_for: str | None = None,
    ) -> Caller:
        """Returns who connects with the certificate of this SHA-256; `helpers` are the intermediates that it
        brought, `acting_for` any identifier of the agency in whose name it calls.

        Raises `Declined`: STRANGER for a certificate that may not connect for any agency, AGENCY_SUSPENDED,
        NOT_DELEGATED (also for an agency that does not exist); `NotAdmitted`: CERTIFICATE_REVOKED,
        CERTIFICATE_EXPIRED, REVOCATION_UNKNOWN, UNTRUSTED.
        """
        view, now = self._directory(), self._clock()
        caller = view.caller(certificate_sha256)
        if caller is None:
            detail = f"certificate {certificate_sha256}" if certificate_sha256 else "no certificate"
            raise Declined(Code.STRANGER, detail)
        if not in_force(caller.agency, now):
            raise Declined(
                Code.AGENCY_SUSPENDED, Detail(f"agency {caller.agency_id}", f"cơ quan {caller.agency_id}")
            )
        judged = self._trust().judge(
            read_certificate(caller.certificate.pem),
            at=now,
            policy=self._policy,
            purpose=Purpose.CONNECT,
            intermediates=helpers,
        )
        if isinstance(judged, Refused | Undecided):
            code = judged.reason if judged.reason in TOLD_APART else Code.UNTRUSTED
            raise NotAdmitted(code, judged.detail)
        caller = replace(caller, helpers=tuple(helpers))
        return caller if acting_for is None else _acting(caller, acting_for, view, now)

    def again(self, caller: Caller) -> Caller:
        """Returns the caller as it would be admitted now. Raises what `admit` raises, and NOT_DELEGATED when
        it has lost any leave that it had.

        A thousand watches of fifty agencies ask at the same moment: who was admitted within `LATELY`, by the
        same directory and the same trust, is not judged anew.
        """
        view, trust, at = self._directory(), self._trust(), self._clock()
        if self._lately is None or not self._lately.holds(view, trust, at):
            self._lately = _Lately(view=view, trust=trust, since=at)
        found = self._lately.found
        leave = (caller.agency_id, caller.delegate_id, caller.may_send, caller.may_receive)
        key = (caller.certificate.sha256, *leave, caller.helpers)
        if key not in found:
            found[key] = self._anew(caller)
        return found[key]

    def _anew(self, caller: Caller) -> Caller:
        acting_for = caller.agency_id if caller.delegate is not None else None
        found = self.admit(caller.certificate.sha256, caller.helpers, acting_for=acting_for)
        if found.agency_id != caller.agency_id:
            raise Declined(
                Code.STRANGER,
                Detail(
                    f"certificate {caller.certificate.sha256}", f"chứng thư số {caller.certificate.sha256}"
                ),
            )
        if (caller.may_send and not found.may_send) or (caller.may_receive and not found.may_receive):
            raise Declined(Code.NOT_DELEGATED)
        return found


def _acting(caller: Caller, agency_id: str, view: DirectoryView, at: datetime) -> Caller:
    """Turns a caller into one that acts for another agency. Who has no leave learns nothing about it."""
    agency = view.resolve(agency_id)
    may_send = view.acts_for(caller.agency, agency_id, at, sending=True)
    may_receive = view.acts_for(caller.agency, agency_id, at, sending=False)
    if agency is None or not (may_send or may_receive):
        raise Declined(Code.NOT_DELEGATED)
    if agency.agency_id == caller.agency_id:
        return caller
    if not in_force(agency, at):
        raise Declined(
            Code.AGENCY_SUSPENDED, Detail(f"agency {agency.agency_id}", f"cơ quan {agency.agency_id}")
        )
    return replace(caller, agency=agency, delegate=caller.agency, may_send=may_send, may_receive=may_receive)


@functools.lru_cache(maxsize=4096)
def read_certificate(pem: str) -> x509.Certificate:
    """Reads a certificate of the directory; the last few thousand are kept."""
    return x509.load_pem_x509_certificate(pem.encode())
