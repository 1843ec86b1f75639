"""What an archive record proves: that its data objects existed, since when, across algorithms that ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from signing.algorithms import digest_of
from signing.policy import DEFAULT_POLICY, Policy, Purpose
from signing.renewal.building import rehashed
from signing.renewal.record import ArchiveRecord, ArchiveTimeStamp, Chain, read_record
from signing.renewal.tree import led
from signing.structure import Breach
from signing.timestamps import Imprint, Timestamp, verify_token
from signing.timestamps.token import read_token
from signing.trust import TrustStore
from signing.verdict import Reason, Refused, Undecided

DataObject = Callable[[str], bytes]
"""Given the name of a hash algorithm, returns the object's hash by it: an attachment may be of any size."""
Trusted = Mapping[str, datetime]
"""Name of a hash algorithm, such as `sha256` -> until when it is trusted. What is not here has no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """The data objects existed at `since`, and were what they are now. Only `verify_record` makes one."""

    since: datetime
    """The latest that the first time-stamp may mean."""
    stamps: tuple[Timestamp, ...]
    """Through all chains, in order."""
    digests: tuple[str, ...]
    """Of the chains, in order."""
    until: datetime
    """When the last time-stamp ends, as far as is known now: by then it must be renewed again."""


def content(data: bytes) -> DataObject:
    """A data object that is in memory."""
    return lambda digest: digest_of(digest, data)


def outlived(trusted: Trusted, digest: str, at: datetime) -> bool:
    """Whether a hash algorithm was no longer trusted at `at`."""
    end = trusted.get(digest)
    return end is not None and at >= end


def verify_record(
    der: bytes,
    objects: Sequence[DataObject],
    *,
    trust: TrustStore,
    at: datetime,
    trusted: Trusted | None = None,
    not_before: datetime | None = None,
    whole: bool = True,
    policy: Policy = DEFAULT_POLICY,
) -> Proven | Refused | Undecided:
    """Judges a record over `objects`, at least one, at the time `at` (RFC 4998 section 5.3).

    `trust` holds the authorities trusted with time. `not_before` is when the objects began to exist, as far
    as that is known. With `whole`, the objects must be all of the group that was protected together. A record
    whose last time-stamp no longer holds is undecided: a later copy of it may go on. Never raises for what
    the record holds.
    """
    # 1. read       in its one form
    # 2. cover      the first chain has the objects; each other has them with all chains before it
    # 3. link       within a chain, each time-stamp has the one before, by one algorithm
    # 4. judge      each time-stamp at its own time, and as valid when the next one was made
    trusted = trusted or {}
    try:
        record = read_record(der)  # 1
        for number in range(len(record.chains)):
            _check_cover(record, number, objects, whole)  # 2
            _check_links(record.chains[number])  # 3
    except Breach as breach:
        return Refused(reason=breach.reason, detail=breach.detail)
    return _judged(record, trust, at, trusted, not_before, policy)  # 4


def _check_cover(record: ArchiveRecord, number: int, objects: Sequence[DataObject], whole: bool) -> None:
    """The first time-stamp of a chain is about the objects, and about all older chains. Raises `Breach`."""
    chain, before = record.chains[number], record.chains[:number]
    first = chain[0]
    expected = rehashed(first.digest, [hashed(first.digest) for hashed in objects], before)
    listed = first.tree[0] if first.tree else (_imprint(first).value,)
    missing = sum(one not in listed for one in expected)
    if missing and before:
        detail = f"chain {number + 1} does not have the object with the chains before it"
        raise Breach(Reason.RENEWAL_SEQUENCE_BROKEN, detail)
    if missing:
        raise Breach(Reason.RENEWAL_OBJECT_NOT_COVERED, f"{missing} of {len(expected)} not in the tree")
    if whole and (extra := len(set(listed) - set(expected))):
        detail = f"chain {number + 1} has {extra} more than the {len(expected)} given"
        raise Breach(Reason.RENEWAL_OBJECT_MISSING, detail)


def _check_links(chain: Chain) -> None:
    """Every tree leads to what was time-stamped, and every time-stamp but the first is over the one before.
    Raises `Breach`."""
    for number, stamp in enumerate(chain, 1):
        imprint = _imprint(stamp)
        if {stamp.digest, imprint.digest} != {chain[0].digest}:
            raise Breach(Reason.RENEWAL_HASH_MIXED, f"time-stamp {number} is by another hash algorithm")
        if number > 1:
            last = digest_of(stamp.digest, chain[number - 2].token)
            if last not in (stamp.tree[0] if stamp.tree else (imprint.value,)):
                raise Breach(Reason.RENEWAL_LINK_BROKEN, f"time-stamp {number} is over something else")
        if stamp.tree and led(stamp.digest, stamp.tree) != imprint.value:
            raise Breach(Reason.RENEWAL_IMPRINT_MISMATCH, f"the tree of time-stamp {number} leads elsewhere")


def _imprint(stamp: ArchiveTimeStamp) -> Imprint:
    """Raises `Breach` for what is no token."""
    return read_token(stamp.token).imprint


def _judged(
    record: ArchiveRecord,
    trust: TrustStore,
    at: datetime,
    trusted: Trusted,
    not_before: datetime | None,
    policy: Policy,
) -> Proven | Refused | Undecided:
    stamps: list[Timestamp] = []
    flat = [stamp for chain in record.chains for stamp in chain]
    for stamp in flat:
        before = stamps[-1] if stamps else None
        verdict = verify_token(
            stamp.token,
            content=_imprint(stamp),
            trust=trust,
            at=at,
            not_before=None if before else not_before,
            policy=policy,
        )
        if not isinstance(verdict, Timestamp):
            return verdict
        if before is not None and verdict.latest < before.earliest:
            detail = f"{verdict.at.isoformat()} renews {before.at.isoformat()}"
            return _refused(Reason.RENEWAL_ORDER_WRONG, detail, verdict)
        stamps.append(verdict)
    for number, (stamp, sound) in enumerate(zip(flat, stamps, strict=True), 1):
        last = number == len(flat)
        wrong = _ended(stamp, sound, at if last else stamps[number].latest, trust, trusted, policy)
        if wrong is not None:
            detail = f"time-stamp {number}: {wrong}"
            if last:
                return Undecided(reason=Reason.RENEWAL_ENDED, detail=detail, signed_at=sound.at)
            return _refused(Reason.RENEWAL_TOO_LATE, detail, sound)
    late = _late_tree(record, stamps, trusted)
    if late is not None:
        return late
    return Proven(
        since=stamps[0].latest,
        stamps=tuple(stamps),
        digests=tuple(chain[0].digest for chain in record.chains),
        until=ends(flat[-1].token, stamps[-1], trusted),
    )


def _late_tree(record: ArchiveRecord, stamps: Sequence[Timestamp], trusted: Trusted) -> Refused | None:
    """A chain's algorithm, which every tree in it rests on, was trusted until the next chain began."""
    began = 0
    for chain in record.chains[:-1]:
        began += len(chain)
        if outlived(trusted, chain[0].digest, stamps[began].latest):
            detail = f"{chain[0].digest} had ended when the chain behind it began"
            return _refused(Reason.RENEWAL_TOO_LATE, detail, stamps[began])
    return None


def _ended(
    stamp: ArchiveTimeStamp,
    sound: Timestamp,
    at: datetime,
    trust: TrustStore,
    trusted: Trusted,
    policy: Policy,
) -> str | None:
    """Says what of a time-stamp no longer held at `at`; None when all of it did."""
    for digest in sorted(_rests_on(stamp.token, sound)):
        if outlived(trusted, digest, at):
            return f"{digest} is no longer trusted"
    token = read_token(stamp.token)
    judged = trust.judge(
        sound.certificate,
        at=max(at, sound.at),
        policy=replace(policy, allow_legacy=False),
        purpose=Purpose.TIMESTAMP,
        intermediates=[each.certificate for each in token.certificates],
    )
    if isinstance(judged, Refused):
        return f"{judged.reason}: {judged.detail}"
    return None


def ends(token: bytes, sound: Timestamp, trusted: Trusted) -> datetime:
    """Returns when a sound time-stamp ends: with the first certificate of its chain, or with an algorithm
    that it rests on."""
    algorithms = [trusted[digest] for digest in _rests_on(token, sound) if digest in trusted]
    return min([each.not_valid_after_utc for each in sound.chain] + algorithms)


def _rests_on(token: bytes, sound: Timestamp) -> set[str]:
    """Hash algorithms of the imprint, of the signature, and of the certificates but the anchor."""
    signer = str(read_token(token).signer["digest_algorithm"]["algorithm"].native)
    hashes = [each.signature_hash_algorithm for each in sound.chain[:-1]]
    return {sound.imprint.digest, signer, *(each.name for each in hashes if each is not None)}


def _refused(reason: Reason, detail: str, stamp: Timestamp) -> Refused:
    return Refused(reason=reason, detail=detail, certificate=stamp.certificate, signed_at=stamp.at)
