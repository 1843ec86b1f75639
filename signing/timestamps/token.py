"""A time-stamp token, read into plain nouns: CMS SignedData over a TSTInfo (RFC 3161, RFC 5652, RFC 5816).

What is read here is not believed yet. The gate is strict: one signer, signed attributes, each once, and no
structure that has no meaning in a time-stamp.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1

from signing.keyinfo import MAX_CERTIFICATES, Candidate, candidate_of
from signing.reasons import Reason
from signing.structure import Breach
from signing.timestamps.request import IMPRINT_DIGESTS, Imprint
from signing.timestamps.strict import UNREADABLE, loaded

_TIME = re.compile(rb"(\d{14})(?:\.(\d{0,8}[1-9]))?Z")
"""RFC 3161 section 2.4.2: seconds are written, a fraction has no trailing zeros, the zone is Z."""

MOST_INACCURATE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as it stands; only `signing.timestamps.verify_token` makes a `Timestamp` of it."""

    imprint: Imprint
    at: datetime
    """genTime."""
    accuracy: timedelta | None
    """How far the true time may lie from `at` to either side; None when the authority does not say."""
    nonce: int | None
    policy: str
    serial: int
    authority: asn1.GeneralName | None
    """`tsa`: the name that the authority gives itself."""
    content: bytes
    """TSTInfo, the bytes that messageDigest is over."""
    signer: cms.SignerInfo
    attributes: Mapping[str, core.Asn1Value]
    """The signed attributes' values by type, each the only one."""
    certificates: tuple[Candidate, ...]


def read_token(der: bytes) -> Token:
    """Reads a token. Raises `Breach`."""
    signed = _signed_data(der)
    try:
        encapsulated = signed["encap_content_info"]
        if encapsulated["content_type"].native != "tst_info":
            raise _malformed("the signed content is no TSTInfo")
        content = bytes(encapsulated["content"])
        signer = _signer(signed)
        attributes = _attributes(signer)
        certificates = _certificates(signed)
    except UNREADABLE as exc:
        raise _malformed("a token that cannot be read") from exc
    info = loaded(tsp.TSTInfo, content)
    try:
        _ = info.native  # as above
        return Token(
            imprint=_imprint(info),
            at=_time(info["gen_time"]),
            accuracy=_accuracy(info["accuracy"]),
            nonce=info["nonce"].native,
            policy=info["policy"].dotted,
            serial=info["serial_number"].native,
            authority=None if isinstance(info["tsa"], core.Void) else info["tsa"],
            content=content,
            signer=signer,
            attributes=attributes,
            certificates=certificates,
        )
    except UNREADABLE as exc:
        raise _malformed("a TSTInfo that cannot be read") from exc


def _malformed(detail: str) -> Breach:
    return Breach(Reason.TIMESTAMP_MALFORMED, detail)


def _signed_data(der: bytes) -> cms.SignedData:
    outer = loaded(cms.ContentInfo, der)
    try:
        if outer["content_type"].native != "signed_data":
            raise _malformed("a token that is no SignedData")
        signed = outer["content"]
        if signed["version"].native != "v3":  # RFC 5652 section 5.1: the content is not id-data
            raise _malformed("a SignedData of another version than 3")
        return signed
    except UNREADABLE as exc:
        raise _malformed("a SignedData that cannot be read") from exc


def _signer(signed: cms.SignedData) -> cms.SignerInfo:
    """The one signer, whose digest is the one that the SignedData announces."""
    if len(signed["signer_infos"]) != 1:
        raise _malformed("not exactly one signer")
    signer = signed["signer_infos"][0]
    version = {"issuer_and_serial_number": "v1", "subject_key_identifier": "v3"}[signer["sid"].name]
    if signer["version"].native != version:
        raise _malformed("a SignerInfo whose version is not that of its signer's identifier")
    announced = [_plain(each) for each in signed["digest_algorithms"]]
    if announced != [_plain(signer["digest_algorithm"])]:
        raise _malformed("the digest announced is not the signer's")
    _ = signer.native  # reads the whole of it, now and not where it is used
    return signer


def _plain(algorithm: core.Sequence) -> str:
    """The name of a digest algorithm, which has no parameters."""
    if algorithm["parameters"].native is not None:
        raise _malformed("parameters of a digest algorithm")
    return str(algorithm["algorithm"].native)


def _attributes(signer: cms.SignerInfo) -> dict[str, core.Asn1Value]:
    found: dict[str, core.Asn1Value] = {}
    for attribute in signer["signed_attrs"]:
        name = attribute["type"].native
        if name in found or len(attribute["values"]) != 1:
            raise _malformed("a signed attribute that does not stand exactly once")
        found[name] = attribute["values"][0]
    return found


def _certificates(signed: cms.SignedData) -> tuple[Candidate, ...]:
    choices = () if isinstance(signed["certificates"], core.Void) else signed["certificates"]
    if len(choices) > MAX_CERTIFICATES:
        raise _malformed(f"more than {MAX_CERTIFICATES} certificates")
    if any(choice.name != "certificate" for choice in choices):
        raise _malformed("a certificate of a kind that makes no time-stamps")
    try:
        return tuple(candidate_of(choice.chosen.dump()) for choice in choices)
    except Breach as exc:
        raise _malformed(exc.detail) from exc


def _imprint(info: tsp.TSTInfo) -> Imprint:
    if info["version"].native != "v1":
        raise _malformed("a TSTInfo of another version than 1")
    extensions = () if isinstance(info["extensions"], core.Void) else info["extensions"]
    if any(each["critical"].native for each in extensions):
        raise _malformed("a critical extension, and none is understood")
    imprint = info["message_imprint"]
    digest = _plain(imprint["hash_algorithm"])
    if digest not in IMPRINT_DIGESTS:
        raise Breach(Reason.TIMESTAMP_ALGORITHM_FORBIDDEN, "an imprint by a digest that is not accepted")
    return Imprint(digest=digest, value=imprint["hashed_message"].native)


def _time(element: core.GeneralizedTime) -> datetime:
    match = _TIME.fullmatch(element.contents)
    if match is None:
        raise _malformed("a genTime that is not written as RFC 3161 has it")
    seconds = datetime.strptime(match[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return seconds + timedelta(microseconds=int((match[2] or b"").ljust(6, b"0")[:6]))


def _accuracy(element: core.Asn1Value) -> timedelta | None:
    if isinstance(element, core.Void):
        return None
    seconds, millis, micros = (element[name].native or 0 for name in ("seconds", "millis", "micros"))
    if seconds < 0 or not 0 <= millis <= 999 or not 0 <= micros <= 999:
        raise _malformed("an accuracy outside its bounds")
    accuracy = timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)
    if accuracy > MOST_INACCURATE:
        raise _malformed(f"an accuracy of more than {MOST_INACCURATE}, which says nothing")
    return accuracy
