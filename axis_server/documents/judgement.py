"""What a sealed document says, judged before any of it is believed. Pure, and slow: for a worker thread."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography.hazmat.primitives import hashes

from axis_server.addressing.directory import DirectoryView, in_force
from axis_server.caller import Caller
from axis_server.errors import Declined, Detail
from axis_server.reasons import Code
from axis_server.wording import not_registered
from edxml.model import HEADER_PLACE, NotEdxml, Package, Status
from edxml.reader import read
from signing.parser import Limits, Malformed
from signing.policy import Policy
from signing.trust import TrustStore
from signing.verdict import Reason, Sound, Undecided
from signing.verify import verify
from storage.ledger.registry import Agency


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What every sealed document is judged by."""

    trust: Callable[[], TrustStore]
    """Gives the trust in force."""
    policy: Policy
    limits: Limits

    @classmethod
    def of(cls, trust: Callable[[], TrustStore], policy: Policy, document_bytes: int) -> Rules:
        """Rules for documents of at most `document_bytes`; the switch for old packages is never on at the
        axis."""
        return cls(
            trust=trust,
            policy=replace(policy, allow_legacy=False),
            limits=Limits(bytes=document_bytes, text=document_bytes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A document that its caller's agency sealed, or one that may for it; only `judge` makes one."""

    sound: Sound
    model: Package | Status
    """Read from the tree that was signed, and from nothing else."""
    delegate: Agency | None = None
    """The agency that sealed in the name of the caller's, or else the one that called for it; None when the
    agency did both itself."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was odd, as code and detail; not `DETACHED_NOT_CHECKED`, because the use cases check."""
        odd = tuple(code for code in self.sound.warnings if code != "DETACHED_NOT_CHECKED")
        return odd + tuple(f"{warn.code}: {warn.detail}" for warn in self.model.warnings)


class StateUnknown(Declined):
    """Whether a certificate was revoked is not known now. REVOCATION_UNKNOWN: the same later may hold."""

    def __init__(self, verdict: Undecided) -> None:
        super().__init__(verdict.reason, verdict.detail)
        self.certificate = verdict.certificate


def digest(content: bytes) -> str:
    """Returns the SHA-256 of `content`, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def judge(document: bytes, *, caller: Caller, view: DirectoryView, rules: Rules, at: datetime) -> Judged:
    """Judges the seal at the time `at`, whether its signer may seal for the caller's agency, and what it
    says.

    A package and a status 13 are the sender's to seal, other statuses the receiver's: a delegate may one, the
    other, or both. Raises `Declined` with the reason of the verdict, SIGNER_MISMATCH, NOT_DELEGATED, or the
    reason why it is no edXML; `StateUnknown` when trying later may help.
    """
    try:
        verdict = verify(document, trust=rules.trust(), at=at, policy=rules.policy, limits=rules.limits)
        if isinstance(verdict, Undecided) and verdict.reason is Reason.REVOCATION_UNKNOWN:
            raise StateUnknown(verdict)
        if not isinstance(verdict, Sound):
            raise Declined(verdict.reason, verdict.detail)
        sealer = view.sealer(verdict.certificate.fingerprint(hashes.SHA256()).hex())
        if sealer is None:
            raise _not_its_seal(caller)
        model = read(verdict.root)
        if "/".join(verdict.place[1:]) != HEADER_PLACE:
            raise Declined(
                Code.EDXML_AMBIGUOUS,
                Detail("the seal does not stand in edXMLHeader", "chữ ký số không nằm trong edXMLHeader"),
            )
        return Judged(
            sound=verdict, model=model, delegate=_delegate(caller, sealer[0], model, view=view, at=at)
        )
    except Malformed as malformed:
        raise Declined(malformed.reason, malformed.detail) from malformed
    except NotEdxml as reason:
        raise Declined(reason.reason, reason.detail) from reason


def _delegate(
    caller: Caller, sealer: Agency, model: Package | Status, *, view: DirectoryView, at: datetime
) -> Agency | None:
    """Returns who acts for the caller's agency in sealing or calling, if it is not the agency itself."""
    sending = isinstance(model, Package) or model.status_code == "13"
    if sealer.agency_id != caller.agency_id and not (
        in_force(sealer, at) and view.acts_for(sealer, caller.agency_id, at, sending=sending)
    ):
        raise _not_its_seal(caller)
    if not (caller.may_send if sending else caller.may_receive):
        raise Declined(Code.NOT_DELEGATED)
    return caller.delegate if sealer.agency_id == caller.agency_id else sealer


def _not_its_seal(caller: Caller) -> Declined:
    return Declined(
        Code.SIGNER_MISMATCH,
        not_registered(caller.agency_id),
    )


def speaks_for(organ_id: str, agency_id: str, view: DirectoryView) -> bool:
    """Tells whether an identifier in a document, old form or new, names the agency `agency_id`."""
    agency = view.resolve(organ_id)
    return agency is not None and agency.agency_id == agency_id
