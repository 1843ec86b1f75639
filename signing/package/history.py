"""Log proofs and time-stamps of a package, and how the log's keys followed each other: each holds, and is
about something in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from signing.log import (
    Checkpoint,
    LogPolicy,
    NotProven,
    followed,
    leading_to,
    leaf_hash,
    lineage,
    open_checkpoint,
    read_checkpoint,
    read_note,
    read_proof,
    read_successions,
    verify_inclusion_proof,
)
from signing.package.contents import Trust
from signing.package.dossier import Dossier, Record, Stamp
from signing.package.examination import Step
from signing.package.findings import LOG_NOT_CHECKED, TIME_NOT_CHECKED, Finding, State, refused, sound
from signing.package.layout import SUCCESSIONS, number_of, proof
from signing.reasons import Reason
from signing.timestamps import Timestamp, verify_token
from signing.trust import TrustStore
from signing.verdict import Undecided


def examine_history(
    steps: Sequence[Step], dossier: Dossier, trust: Trust, at: datetime
) -> tuple[Finding, ...]:
    """Returns a finding for each proof and each time-stamp, and first for the succession of the log's keys,
    which tells whom else to believe about these."""
    findings: list[Finding] = []
    if dossier.successions:
        finding, log = _succeeded(dossier, trust.log)
        findings.append(finding)
        trust = replace(trust, log=log)
    ends: dict[Checkpoint, list[datetime]] = {}
    for step in steps:
        if step.record.proof is not None:
            finding, head = _included(step.record, step.record.proof, trust.log)
            findings.append(finding)
            if head is not None:
                ends.setdefault(head, []).append(
                    step.says.at if step.says else datetime.min.replace(tzinfo=at.tzinfo)
                )
    findings += [_stamped(stamp, ends, trust, at) for stamp in dossier.stamps]
    return tuple(findings)


def _succeeded(dossier: Dossier, policy: LogPolicy | None) -> tuple[Finding, LogPolicy | None]:
    """Returns whom to believe with the keys that the policy's own lead to, and nobody else for what does not
    hold."""
    try:
        steps = read_successions(dossier.successions)
        notes = [read_note(read_proof(one.proof).checkpoint) for one in dossier.records if one.proof]
        if {step for note in notes for step in leading_to(note, steps)} != set(steps):
            return refused(SUCCESSIONS, Reason.PACKAGE_PROOF_ELSEWHERE, "it leads to no proof here"), policy
        believed = policy and followed(policy, lineage(policy, steps))
    except NotProven as exc:
        return refused(SUCCESSIONS, exc.reason, exc.detail), policy
    return sound(SUCCESSIONS, warnings=() if policy else (LOG_NOT_CHECKED,)), believed


def _included(record: Record, content: bytes, policy: LogPolicy | None) -> tuple[Finding, Checkpoint | None]:
    """Without a policy the path is computed all the same: only who signed the checkpoint stays open."""
    name = proof(number_of(record.name))
    try:
        parsed = read_proof(content)
        head = _opened(parsed.checkpoint, policy)
        verify_inclusion_proof(leaf_hash(record.content), parsed.index, head.size, head.root, parsed.path)
    except NotProven as exc:
        return refused(name, exc.reason, exc.detail), None
    return sound(name, warnings=() if policy else (LOG_NOT_CHECKED,)), head


def _opened(note: bytes, policy: LogPolicy | None) -> Checkpoint:
    return (
        read_checkpoint(read_note(note).text) if policy is None else open_checkpoint(note, policy).checkpoint
    )


def _stamped(stamp: Stamp, ends: dict[Checkpoint, list[datetime]], trust: Trust, at: datetime) -> Finding:
    """The proof's own copy of the checkpoint has the witnesses' word; the stamped one may be from before."""
    policy = trust.log and replace(trust.log, witnesses=(), quorum=0)
    try:
        head = _opened(stamp.checkpoint, policy)
    except NotProven as exc:
        return refused(stamp.name, exc.reason, exc.detail)
    if head not in ends:
        return refused(stamp.name, Reason.PACKAGE_PROOF_ELSEWHERE, "no proof here ends in its checkpoint")
    verdict = verify_token(
        stamp.token,
        content=stamp.checkpoint,
        trust=trust.time or TrustStore.of([]),
        at=at,
        not_before=max(ends[head]),
    )
    if isinstance(verdict, Timestamp):
        return Finding(
            name=stamp.name,
            certificate=verdict.certificate,
            chain=verdict.chain,
            signed_at=verdict.at,
            judged_at=verdict.at,
            warnings=verdict.warnings,
        )
    if trust.time is None and verdict.reason is Reason.TSA_UNTRUSTED:
        return Finding(
            name=stamp.name,
            certificate=verdict.certificate,
            signed_at=verdict.signed_at,
            warnings=(TIME_NOT_CHECKED,),
        )
    return Finding(
        name=stamp.name,
        state=State.UNDECIDED if isinstance(verdict, Undecided) else State.REFUSED,
        reason=verdict.reason,
        detail=verdict.detail,
        certificate=verdict.certificate,
        signed_at=verdict.signed_at,
    )
