"""Grown evidence (XAdES-B-T) of a package: the evidence beside it, whose seal existed at a proven time."""

from __future__ import annotations

from collections.abc import Sequence

from signing.package.contents import Trust
from signing.package.dossier import Judge, Record
from signing.package.examination import Step
from signing.package.findings import TIME_NOT_CHECKED, Finding, of_verdict, refused, sound
from signing.package.layout import grown as place_of
from signing.parser import Malformed
from signing.reasons import Reason
from signing.timestamps import GrowError, Timestamp, ungrown, verify_stamps
from signing.trust import TrustStore
from signing.verdict import Sound


def examine_growth(steps: Sequence[Step], trust: Trust, judge: Judge) -> tuple[Finding, ...]:
    """Returns a finding for each grown evidence."""
    return tuple(_grown(step.record, step.record.grown, trust, judge) for step in steps if step.record.grown)


def _grown(record: Record, document: bytes, trust: Trust, judge: Judge) -> Finding:
    """Without its time-stamps it is the evidence; they hold; so does the seal when they were made."""
    name = place_of(record.name)
    try:
        if ungrown(document) != record.content:
            return refused(name, Reason.PACKAGE_PROOF_ELSEWHERE, "it grew from another evidence")
        stamps = verify_stamps(document, authorities=trust.time or TrustStore.of([]), at=judge.at)
    except GrowError as exc:
        return refused(name, Reason.TIMESTAMP_MISSING, str(exc))
    except Malformed as exc:
        return refused(name, exc.reason, exc.detail)
    if not isinstance(stamps, tuple):
        if trust.time is None and stamps.reason is Reason.TSA_UNTRUSTED:
            return sound(name, warnings=(TIME_NOT_CHECKED,))
        return of_verdict(name, stamps, judge.at)
    return _at_its_time(name, document, stamps[0], judge)


def _at_its_time(name: str, document: bytes, first: Timestamp, judge: Judge) -> Finding:
    verdict, when = judge.judge(document, first.latest)
    if not isinstance(verdict, Sound):
        return of_verdict(name, verdict, when)
    return Finding(
        name=name,
        certificate=first.certificate,
        chain=first.chain,
        signed_at=first.at,
        judged_at=first.at,
        warnings=first.warnings,
    )
