"""Archive records of a package: what they still prove when an algorithm has ended."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from signing.package.contents import Trust
from signing.package.dossier import Dossier, Record
from signing.package.examination import Step
from signing.package.findings import (
    RENEWAL_ENDED,
    SEAL_OUTLIVED,
    TIME_NOT_CHECKED,
    Finding,
    State,
    refused,
    sound,
)
from signing.package.layout import ORIGINAL, number_of, renewal
from signing.parser import Malformed, parse
from signing.reasons import Reason
from signing.renewal import DataObject, Proven, content, outlived, read_record, verify_record
from signing.structure import Breach
from signing.trust import TrustStore
from signing.verdict import Undecided

RESTED_ON = "sha256"
"""What evidence names files by: when it ends, all of a package needs other proof."""
_INSIDE, _BY = "{*}ContentTransferEncoded", "sha512"
"""Where a document carries a file in itself, in base64; and by what the copy beside it is held against it."""


def examine_renewals(
    findings: Sequence[Finding],
    steps: Sequence[Step],
    dossier: Dossier,
    hashed: Callable[[str, str], bytes],
    trust: Trust,
    at: datetime,
) -> tuple[Finding, ...]:
    """Returns `findings` as they stand at `at`, and one for each archive record behind them. `hashed` gives a
    file's hash by an algorithm. Once `RESTED_ON` has ended, a file that no record covers is undecided, but
    for a copy of what stands in the original; and that the package's own seal rests on it is a warning."""
    proven: dict[str, datetime] = {}
    own = []
    for step in steps:
        if step.record.renewal is not None:
            finding, names, since = _judged(step, dossier, hashed, trust, at)
            own.append(finding)
            proven |= dict.fromkeys(names, since)
    if not outlived(trust.trusted, RESTED_ON, at):
        return (*findings, *own)
    if ORIGINAL in proven and not outlived(trust.trusted, _BY, at):
        inside = _inside(dossier.original)
        copies = (name for name in dossier.attachments if name not in proven and hashed(name, _BY) in inside)
        proven |= dict.fromkeys(copies, proven[ORIGINAL])
    named = {ORIGINAL, *dossier.attachments, *(step.record.name for step in steps)}
    return (
        *(_outlived(each, proven, trust) if each.name in named else _resting(each) for each in findings),
        *own,
    )


def _inside(original: bytes) -> frozenset[bytes]:
    """Hashes of the files that the document carries in itself."""
    try:
        carried = [element.text or "" for element in parse(original).iter(_INSIDE)]
    except Malformed:
        return frozenset()
    found = set()
    for text in carried:
        try:
            found.add(hashlib.new(_BY, binascii.a2b_base64("".join(text.split()), strict_mode=True)).digest())
        except ValueError:
            continue
    return frozenset(found)


def _resting(finding: Finding) -> Finding:
    """The package's own seal is not renewed: what it alone keeps, the page and the commands, is as good as
    its algorithm."""
    if finding.name or finding.state is not State.SOUND:
        return finding
    return replace(finding, warnings=(*finding.warnings, SEAL_OUTLIVED))


def _judged(
    step: Step, dossier: Dossier, hashed: Callable[[str, str], bytes], trust: Trust, at: datetime
) -> tuple[Finding, tuple[str, ...], datetime]:
    """The finding on a record's archive record, and what it proves since when."""
    record = step.record
    assert record.renewal is not None
    name = renewal(number_of(record.name))
    try:
        objects = _covered(record, dossier, hashed)
    except Breach as breach:
        return refused(name, breach.reason, breach.detail), (), at
    verdict = verify_record(
        record.renewal,
        tuple(objects.values()),
        trust=trust.time or TrustStore.of([]),
        at=at,
        trusted=trust.trusted,
        not_before=step.says.at if step.says else None,
    )
    if isinstance(verdict, Proven):
        return Finding(name=name, signed_at=verdict.stamps[-1].at), tuple(objects), verdict.since
    if trust.time is None and verdict.reason is Reason.TSA_UNTRUSTED:
        return sound(name, warnings=(TIME_NOT_CHECKED,)), (), at
    if isinstance(verdict, Undecided) and verdict.reason is Reason.RENEWAL_ENDED:
        return sound(name, warnings=(RENEWAL_ENDED,)), (), at
    if isinstance(verdict, Undecided):
        undecided = Finding(name=name, state=State.UNDECIDED, reason=verdict.reason, detail=verdict.detail)
        return undecided, (), at
    return refused(name, verdict.reason, verdict.detail), (), at


def _covered(
    record: Record, dossier: Dossier, hashed: Callable[[str, str], bytes]
) -> Mapping[str, DataObject]:
    """The record itself, and those of the document's files that the tree has beside it. Raises `Breach`."""
    assert record.renewal is not None
    first = read_record(record.renewal).chains[0][0]
    found: dict[str, DataObject] = {record.name: content(record.content)}
    if first.tree and len(first.tree[0]) > 1:
        for name in (*(() if dossier.disposal else (ORIGINAL,)), *dossier.attachments):
            if hashed(name, first.digest) in first.tree[0]:
                found[name] = _object(name, hashed)
    return found


def _object(name: str, hashed: Callable[[str, str], bytes]) -> DataObject:
    return lambda digest: hashed(name, digest)


def _outlived(finding: Finding, proven: Mapping[str, datetime], trust: Trust) -> Finding:
    since = proven.get(finding.name)
    if finding.state is not State.SOUND:
        return finding
    if since is not None and not outlived(trust.trusted, RESTED_ON, since):
        return finding
    detail = f"{RESTED_ON} has ended, and no archive record shows that the file is older"
    return replace(finding, state=State.UNDECIDED, reason=Reason.HASH_OUTLIVED, detail=detail)
