"""XAdES-B-T: a sealed document grown by a time-stamp over its signature value (ETSI EN 319 132-1 clause 5.3).

What was sealed stays: growing only inserts an unsigned property behind the signed ones, and every byte around
it is the original's. But the grown document is another document, with another digest: what the archive, the
log and the ledger know is the B-level document, and they go on knowing it. A grown copy stands beside it and
never in its place.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from signing.algorithms import DS, EXCLUSIVE, XADES
from signing.canonical import EXCLUSIVE_FORM, FORMS, INCLUSIVE_FORM, Form, NotCanonical, canonical_part
from signing.markup import with_last_child, without_element
from signing.parser import DEFAULT_LIMITS, Limits, encoding_of, parse
from signing.policy import DEFAULT_POLICY, Policy
from signing.structure import Breach, base64_of, read_structure
from signing.timestamps.verification import Timestamp, verify_token
from signing.trust import TrustStore
from signing.verdict import Reason, Refused, Sound, Undecided
from signing.verify import verify

MAX_STAMPS = 8
"""Time-stamps over one signature: one from each of several authorities."""
_VALUE = f"{{{DS}}}SignatureValue"
_METHOD = f"{{{DS}}}CanonicalizationMethod"
_QUALIFYING = f"{{{DS}}}Object/{{{XADES}}}QualifyingProperties"
_UNSIGNED = f"{{{XADES}}}UnsignedProperties"
_STAMPS = f"{_QUALIFYING}/{_UNSIGNED}/{{{XADES}}}UnsignedSignatureProperties/{{{XADES}}}SignatureTimeStamp"
_ENCAPSULATED = f"{{{XADES}}}EncapsulatedTimeStamp"
_DER = "http://uri.etsi.org/01903/v1.2.2#DER"


class GrowError(Exception):
    """The document cannot grow: it bears no XAdES seal, or has unsigned properties already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """A sound seal that existed at a proven time. Only `verify_grown` makes one."""

    seal: Sound
    """Judged at the proven time."""
    timestamps: tuple[Timestamp, ...]
    """At least one, the earliest first."""


def content_to_stamp(document: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Returns what a SignatureTimeStamp of `document` is over: its ds:SignatureValue, tags and all, in
    exclusive canonical form. Raises `GrowError`, `Malformed`."""
    return canonical_part(_signature(parse(document, limits))[1], EXCLUSIVE_FORM)


def grow(document: bytes, tokens: Sequence[bytes], limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Returns a copy of a B-level `document` with one SignatureTimeStamp for each token over
    `content_to_stamp(document)`.

    The tokens are the caller's to judge first. Raises `GrowError`, `Malformed`.
    """
    if not 0 < len(tokens) <= MAX_STAMPS:
        raise GrowError(f"A document grows by 1 to {MAX_STAMPS} time-stamps.")
    root = parse(document, limits)
    signature, _ = _signature(root)
    places = signature.findall(_QUALIFYING)
    if len(places) != 1:
        raise GrowError("The seal has no XAdES properties that could grow.")
    if places[0].find(_UNSIGNED) is not None:
        raise GrowError("The seal has grown already. Grow the B-level document.")
    number = _number(root, places[0])
    return _edited(document, lambda utf8: with_last_child(utf8, number, _property(tokens)))


def ungrown(document: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Returns what a `document` that `grow` made grew from, byte for byte: the B-level document that the
    archive and the log know, to be held against their digests. Raises `GrowError`, `Malformed`."""
    root = parse(document, limits)
    found = _signature(root)[0].findall(f"{_QUALIFYING}/{_UNSIGNED}")
    if len(found) != 1:
        raise GrowError("The document has not grown.")
    number = _number(root, found[0])
    return _edited(document, lambda utf8: without_element(utf8, number))


def verify_grown(
    document: bytes,
    *,
    trust: TrustStore,
    authorities: TrustStore,
    at: datetime,
    policy: Policy = DEFAULT_POLICY,
    policies: frozenset[str] = frozenset(),
    detached: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Grown | Refused | Undecided:
    """Judges a B-T document: its time-stamps at `at`, then its seal at the earliest time that they prove.

    So a seal goes on being sound after its signer's certificate ran out, as long as the time-stamp can be
    judged. `authorities` are trusted with time, `trust` with seals. Every time-stamp must be sound; a
    signature said to be made after it is refused (`SIGNED_IN_FUTURE`). Raises `Malformed` as `signing.verify`
    does.
    """
    stamps = verify_stamps(
        document, authorities=authorities, at=at, policy=policy, policies=policies, limits=limits
    )
    if not isinstance(stamps, tuple):
        return stamps
    seal = verify(document, trust=trust, at=stamps[0].latest, policy=policy, detached=detached, limits=limits)
    return Grown(seal=seal, timestamps=stamps) if isinstance(seal, Sound) else seal


def verify_stamps(
    document: bytes,
    *,
    authorities: TrustStore,
    at: datetime,
    policy: Policy = DEFAULT_POLICY,
    policies: frozenset[str] = frozenset(),
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Timestamp, ...] | Refused | Undecided:
    """Judges the time-stamps of a B-T document alone: all, the earliest first, or the verdict on the first
    that is not sound. Raises `Malformed`."""
    try:
        found = _stamps(parse(document, limits))
    except Breach as breach:
        return Refused(reason=breach.reason, detail=breach.detail)
    except NotCanonical as error:
        return Refused(reason=Reason.SIGNATURE_MALFORMED, detail=str(error))
    stamps: list[Timestamp] = []
    for content, token in found:
        stamp = verify_token(
            token, content=content, trust=authorities, at=at, policy=policy, policies=policies
        )
        if not isinstance(stamp, Timestamp):
            return stamp
        stamps.append(stamp)
    return tuple(sorted(stamps, key=lambda each: each.latest))


def _number(root: etree._Element, wanted: etree._Element) -> int:
    return next(n for n, element in enumerate(root.iter("*")) if element is wanted)


def _edited(document: bytes, edit: Callable[[bytes], bytes]) -> bytes:
    """`document` with its text edited in UTF-8, in the encoding that it has."""
    encoding = encoding_of(document)
    if encoding in ("utf-8", "utf-8-sig"):
        return edit(document)
    return edit(document.decode(encoding).encode()).decode().encode(encoding)


def _signature(root: etree._Element) -> tuple[etree._Element, etree._Element]:
    """The one signature and its value."""
    try:
        signature = read_structure(root).signature
    except Breach as breach:
        raise GrowError(f"The document bears no seal that could grow: {breach.detail}.") from breach
    value = signature.find(_VALUE)
    assert value is not None
    return signature, value


def _property(tokens: Sequence[bytes]) -> bytes:
    stamps = "".join(
        f'<xades:SignatureTimeStamp><ds:CanonicalizationMethod xmlns:ds="{DS}" Algorithm="{EXCLUSIVE}">'
        "</ds:CanonicalizationMethod>"
        f"<xades:EncapsulatedTimeStamp>{b64encode(token).decode()}</xades:EncapsulatedTimeStamp>"
        "</xades:SignatureTimeStamp>"
        for token in tokens
    )
    return (
        f'<xades:UnsignedProperties xmlns:xades="{XADES}"><xades:UnsignedSignatureProperties>{stamps}'
        "</xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    ).encode()


def _stamps(root: etree._Element) -> list[tuple[bytes, bytes]]:
    """What each SignatureTimeStamp is over, and its token. Raises `Breach`, `NotCanonical`."""
    structure = read_structure(root)
    value = structure.signature.find(_VALUE)
    assert value is not None
    found = structure.signature.findall(_STAMPS)
    if not found:
        raise Breach(Reason.TIMESTAMP_MISSING, "no SignatureTimeStamp")
    if len(found) > MAX_STAMPS:
        raise Breach(Reason.TIMESTAMP_MALFORMED, f"more than {MAX_STAMPS} time-stamps")
    return [_stamp(element, value) for element in found]


def _stamp(element: etree._Element, value: etree._Element) -> tuple[bytes, bytes]:
    inside = list(element)
    form: Form | None = INCLUSIVE_FORM
    if inside and inside[0].tag == _METHOD:
        method = inside.pop(0)
        form = None if len(method) else FORMS.get(method.get("Algorithm", ""))
    if form is None or [child.tag for child in inside] != [_ENCAPSULATED]:
        raise Breach(Reason.TIMESTAMP_MALFORMED, "a SignatureTimeStamp that does not hold what it should")
    if inside[0].get("Encoding", _DER) != _DER:
        raise Breach(Reason.TIMESTAMP_MALFORMED, "a time-stamp that is not in DER")
    try:
        token = base64_of(inside[0])
    except Breach as breach:
        raise Breach(Reason.TIMESTAMP_MALFORMED, breach.detail) from breach
    return canonical_part(value, form), token
