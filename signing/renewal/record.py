"""An evidence record as RFC 4998 writes it (section 3 and appendix A), in DER, and in no other form.

Called an archive record here: evidence is what the axis issues.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import algos, cms, core, parser

from signing.reasons import Reason
from signing.structure import Breach
from signing.timestamps.request import IMPRINT_DIGESTS

LARGEST = 4 << 20
"""Bytes of a record: hundreds of time-stamps, each with its chain."""
MOST_STAMPS = 1000
MOST_CHAINS = 30
"""Each begins when a hash algorithm ends, and is over all before it: the work grows with their square."""
MOST_HASHES = 100_000
"""Of one list: a group with that many files."""
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError)
"""What asn1crypto raises where it touches what it cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveTimeStamp:
    """A time-stamp over the root of a hash tree, and the way there."""

    digest: str
    """The tree's algorithm, such as `sha256`; the token's imprint is by the same."""
    tree: tuple[tuple[bytes, ...], ...]
    """reducedHashtree, from the leaf's list to the root's. Empty: the token is over the one hash itself."""
    token: bytes
    """TimeStampToken, DER."""


Chain = tuple[ArchiveTimeStamp, ...]
"""ArchiveTimeStampChain: by one hash algorithm, each time-stamp over the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRecord:
    """EvidenceRecord: what one group of data objects is proven by, across algorithms."""

    chains: tuple[Chain, ...]
    """ArchiveTimeStampSequence. No chain is empty."""

    @property
    def digests(self) -> tuple[str, ...]:
        """Each algorithm once, in order of first use."""
        return tuple(dict.fromkeys(stamp.digest for chain in self.chains for stamp in chain))


class _PartialHashtree(core.SequenceOf):  # type: ignore[misc]
    _child_spec = core.OctetString


class _ReducedHashtree(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _PartialHashtree


class _ArchiveTimeStamp(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 - asn1crypto fills it in
        ("digest_algorithm", algos.DigestAlgorithm, {"implicit": 0, "optional": True}),
        ("attributes", cms.CMSAttributes, {"implicit": 1, "optional": True}),
        ("reduced_hashtree", _ReducedHashtree, {"implicit": 2, "optional": True}),
        ("time_stamp", core.Any),
    ]


class _Chain(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _ArchiveTimeStamp


class _Sequence(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _Chain


class _Algorithms(core.SequenceOf):  # type: ignore[misc]
    _child_spec = algos.DigestAlgorithm


class _EvidenceRecord(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 - asn1crypto fills it in
        ("version", core.Integer),
        ("digest_algorithms", _Algorithms),
        ("sequence", _Sequence),
    ]


def write_record(record: ArchiveRecord) -> bytes:
    """Returns the EvidenceRecord."""
    algorithms = [{"algorithm": digest} for digest in record.digests]
    sequence = [list(map(_shape, chain)) for chain in record.chains]
    fields = {"version": 1, "digest_algorithms": algorithms, "sequence": sequence}
    return bytes(_EvidenceRecord(fields).dump())


def write_sequence(chains: Sequence[Chain]) -> bytes:
    """Returns the ArchiveTimeStampSequence of these chains alone: what a hash-tree renewal covers (section
    5.2)."""
    return bytes(_Sequence([list(map(_shape, chain)) for chain in chains]).dump())


def read_record(der: bytes) -> ArchiveRecord:
    """Reads a record. Raises `Breach`: RENEWAL_MALFORMED.

    Every record has one spelling: what would be written otherwise is refused, and so are attributes and
    encryption, which nobody here would judge.
    """
    if len(der) > LARGEST:
        raise _malformed(f"more than {LARGEST} bytes")
    try:
        *_, header, content, trailer = parser.parse(der)
        if trailer or len(header) + len(content) != len(der):
            raise _malformed("bytes behind the end")
        read = _EvidenceRecord.load(der, strict=True)
        if len(read["sequence"]) > MOST_CHAINS:
            raise _malformed(f"more than {MOST_CHAINS} chains")
        if read["version"].native != 1:
            raise _malformed("another version than 1")
        record = ArchiveRecord(
            chains=tuple(tuple(map(_stamp, chain)) for chain in read["sequence"]),
        )
        if not record.chains or not all(record.chains):
            raise _malformed("a chain without a time-stamp")
        if write_record(record) != der:
            raise _malformed("parts that are not understood, or not DER")
    except _UNREADABLE as exc:
        raise _malformed("no EvidenceRecord") from exc
    if sum(map(len, record.chains)) > MOST_STAMPS:
        raise _malformed(f"more than {MOST_STAMPS} time-stamps")
    return record


def _shape(stamp: ArchiveTimeStamp) -> dict[str, object]:
    shape: dict[str, object] = {
        "digest_algorithm": {"algorithm": stamp.digest},
        "time_stamp": core.Asn1Value.load(stamp.token),
    }
    if stamp.tree:
        shape["reduced_hashtree"] = [list(hashes) for hashes in stamp.tree]
    return shape


def _stamp(read: core.Sequence) -> ArchiveTimeStamp:
    digest = read["digest_algorithm"]["algorithm"].native
    if digest not in IMPRINT_DIGESTS:
        raise _malformed("a hash algorithm that no time-stamp is accepted by")
    reduced = read["reduced_hashtree"]
    lists = () if isinstance(reduced, core.Void) else reduced
    tree = tuple(tuple(bytes(one.native) for one in hashes) for hashes in lists)
    if not all(0 < len(hashes) <= MOST_HASHES for hashes in tree):
        raise _malformed("an empty list of hashes")
    return ArchiveTimeStamp(digest=digest, tree=tree, token=bytes(read["time_stamp"].dump()))


def _malformed(detail: str) -> Breach:
    return Breach(Reason.RENEWAL_MALFORMED, detail)
