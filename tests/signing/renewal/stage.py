"""The stage of the renewal tests: three authorities of three ages, and groups of data objects under them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from signing.algorithms import digest_of
from signing.renewal import (
    ArchiveRecord,
    ArchiveTimeStamp,
    Chain,
    Proven,
    content,
    group,
    imprint_of,
    imprint_over,
    path,
    rehashed,
    root,
    time_stamp_renewed,
    verify_record,
    write_record,
)
from signing.trust import TrustStore
from signing.verdict import Reason
from tests.pki import Authority, Identity, authority
from tests.signing.timestamps.stage import forged, tsa_of

GROUPS: tuple[tuple[bytes, ...], ...] = (
    (b"evidence 0", b"original 0", b"attachment 0"),
    (b"evidence 1",),
    (b"statement 2",),
    (b"evidence 3", b"original 3"),
    (b"evidence 4",),
)
T2026, T2033, T2038, T2045 = (datetime(year, 6, 1, tzinfo=UTC) for year in (2026, 2033, 2038, 2045))
SHA256_ENDS: Mapping[str, datetime] = {"sha256": datetime(2040, 1, 1, tzinfo=UTC)}


@functools.cache
def time_root() -> Authority:
    """Its key is of P-521, so that what it issues is signed by SHA-512."""
    return authority("Time Root", key="p521", not_after=datetime(2080, 1, 1, tzinfo=UTC))


@functools.cache
def aged(begins: int, ends: int, key: str = "p256") -> Identity:
    return tsa_of(
        time_root(),
        key=key,
        not_before=datetime(begins, 1, 1, tzinfo=UTC),
        not_after=datetime(ends, 1, 1, tzinfo=UTC),
    )


def first() -> Identity:
    return aged(2024, 2034)


def second() -> Identity:
    return aged(2032, 2042)


def third() -> Identity:
    return aged(2036, 2060, "p521")


@functools.cache
def trust() -> TrustStore:
    return TrustStore.of([time_root().certificate])


def hashes(digest: str, group_: Sequence[bytes]) -> list[bytes]:
    return [digest_of(digest, one) for one in group_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The records of all groups, which share their time-stamps."""

    records: tuple[ArchiveRecord, ...]

    def der(self, index: int) -> bytes:
        return write_record(self.records[index])


def initial(
    groups: Sequence[Sequence[bytes]] = GROUPS, *, by: Identity | None = None, at: datetime = T2026
) -> Built:
    return chained("sha256", groups, [()] * len(groups), by=by or first(), at=at)


def chained(
    digest: str,
    groups: Sequence[Sequence[bytes]],
    before: Sequence[tuple[Chain, ...]],
    *,
    by: Identity,
    at: datetime,
    **wrong: Any,
) -> Built:
    """A new chain for each group, behind the chains that it has."""
    lists = [rehashed(digest, hashes(digest, one), has) for one, has in zip(groups, before, strict=True)]
    row = [group(digest, one) for one in lists]
    top = root(digest, row)
    assert top is not None
    token = forged(imprint_of(top, digest), by=by, at=at, **{"signed_by": digest} | wrong)
    records = []
    for index, (one, has) in enumerate(zip(lists, before, strict=True)):
        tree = (tuple(sorted(one)), *path(digest, row, index))
        stamp = ArchiveTimeStamp(digest=digest, tree=tree, token=token)
        records.append(ArchiveRecord(chains=(*has, (stamp,))))
    return Built(records=tuple(records))


def renewed(built: Built, *, by: Identity | None = None, at: datetime = T2033, **wrong: Any) -> Built:
    """Time-stamp renewal of all records at once: they share the last token."""
    last = built.records[0].chains[-1][-1]
    token = forged(imprint_over(last), by=by or second(), at=at, **{"signed_by": last.digest} | wrong)
    return Built(
        records=tuple(
            ArchiveRecord(chains=(*one.chains[:-1], time_stamp_renewed(one.chains[-1], token)))
            for one in built.records
        )
    )


def rehashed_to(
    built: Built,
    digest: str = "sha512",
    *,
    groups: Sequence[Sequence[bytes]] = GROUPS,
    by: Identity | None = None,
    at: datetime = T2038,
) -> Built:
    """Hash-tree renewal."""
    return chained(digest, groups, [one.chains for one in built.records], by=by or third(), at=at)


@functools.cache
def grown() -> Built:
    """2026 by SHA-256, renewed in 2033 by another authority, re-hashed by SHA-512 in 2038."""
    return rehashed_to(renewed(initial()))


def judged(der: bytes, objects: Sequence[bytes] = GROUPS[0], **wanted: Any) -> Reason:
    """The reason of the verdict on a record."""
    given: dict[str, Any] = {"trust": trust(), "at": T2045, "trusted": SHA256_ENDS} | wanted
    verdict = verify_record(der, [content(one) for one in objects], **given)
    return Reason.SOUND if isinstance(verdict, Proven) else verdict.reason
