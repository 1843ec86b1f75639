"""The package's own seal: CAdES-BASELINE-B (ETSI EN 319 122-1), detached, over the manifest's bytes.

It says who put the package together, no more: what is in it is attested by seals of its own. Written in one
form of DER, as a function of certificates, digest, time and signature value; a reader makes it again from
these and compares, so that no byte of it is without meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from signing.algorithms import (
    ECDSA_SHA256,
    ECDSA_SHA384,
    ECDSA_SHA512,
    RSA_SHA256,
    SCHEMES,
    digest_of,
    verifies,
)
from signing.keyinfo import MAX_CERTIFICATES, Candidate, candidate_of
from signing.keys import Signer
from signing.package.opening import NotPackage
from signing.reasons import Reason
from signing.structure import Breach

_ALGORITHMS = {
    RSA_SHA256: ("sha256", "sha256_rsa"),
    ECDSA_SHA256: ("sha256", "sha256_ecdsa"),
    ECDSA_SHA384: ("sha384", "sha384_ecdsa"),
    ECDSA_SHA512: ("sha512", "sha512_ecdsa"),
}
"""Signature algorithm -> its digest, its name in CMS."""
_NAMES = {name: uri for uri, (_, name) in _ALGORITHMS.items()}
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, OverflowError)
LARGEST_SEAL = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSeal:
    """A seal whose mathematics hold; whose it is, trust has to say."""

    certificate: x509.Certificate
    certificates: tuple[x509.Certificate, ...]
    """All that it brings, the signer's among them."""
    signed_at: datetime
    """As claimed, to the second."""


def seal_manifest(manifest: bytes, *, signer: Signer, at: datetime) -> bytes:
    """Returns the CMS signature. The same manifest, key and time give the same bytes, where the key's
    signatures are deterministic: RSA PKCS#1 v1.5 and RFC 6979 are. `at` must be aware."""
    digest, _ = _ALGORITHMS[signer.algorithm]
    attributes = _attributes(digest_of(digest, manifest), signer.certificate, at)
    value = signer.sign(attributes.dump())
    return _message(
        (signer.certificate, *signer.chain), signer.certificate, signer.algorithm, attributes, value
    )


def read_seal(content: bytes, manifest: bytes) -> PackageSeal:
    """Checks form, digest and signature value. Raises `NotPackage`."""
    try:
        return _read(content, manifest)
    except _UNREADABLE as exc:
        raise NotPackage(Reason.PACKAGE_SEAL_MALFORMED, "no CMS signature of the one form") from exc
    except Breach as exc:
        raise NotPackage(Reason.PACKAGE_SEAL_MALFORMED, exc.detail) from exc


def _read(content: bytes, manifest: bytes) -> PackageSeal:
    if len(content) > LARGEST_SEAL:
        raise NotPackage(Reason.PACKAGE_SEAL_MALFORMED, f"more than {LARGEST_SEAL} bytes")
    signed = cms.ContentInfo.load(content, strict=True)["content"]
    (info,) = signed["signer_infos"]
    if not 0 < len(signed["certificates"]) <= MAX_CERTIFICATES:
        raise ValueError("no certificate, or too many")
    candidates = [candidate_of(each.chosen.dump()) for each in signed["certificates"]]
    signer = _signer(info, candidates)
    uri = _NAMES[info["signature_algorithm"]["algorithm"].native]
    stated = {each["type"].native: each["values"][0].native for each in info["signed_attrs"]}
    if stated["message_digest"] != digest_of(_ALGORITHMS[uri][0], manifest):
        raise NotPackage(Reason.PACKAGE_MANIFEST_ALTERED, "the manifest is not the one that was sealed")
    attributes = _attributes(stated["message_digest"], signer.certificate, stated["signing_time"])
    value = _plain_value(signer.key, info["signature"].native)
    others = [each.certificate for each in candidates if each is not signer]
    if _message((signer.certificate, *others), signer.certificate, uri, attributes, value) != content:
        raise ValueError("another form")
    if not verifies(SCHEMES[uri], signer.key, value, attributes.dump()):
        raise NotPackage(Reason.PACKAGE_SEAL_INVALID, "the signature is not one of its certificate's key")
    return PackageSeal(
        certificate=signer.certificate,
        certificates=tuple(each.certificate for each in candidates),
        signed_at=stated["signing_time"],
    )


def _signer(info: cms.SignerInfo, candidates: Sequence[Candidate]) -> Candidate:
    wanted = info["sid"].chosen.dump()
    return next(each for each in candidates if _identifier(each.certificate).dump() == wanted)


def _identifier(certificate: x509.Certificate) -> cms.IssuerAndSerialNumber:
    parsed = asn1.Certificate.load(certificate.public_bytes(Encoding.DER))
    return cms.IssuerAndSerialNumber({"issuer": parsed.issuer, "serial_number": parsed.serial_number})


def _attributes(digest: bytes, certificate: x509.Certificate, at: datetime) -> cms.CMSAttributes:
    der = certificate.public_bytes(Encoding.DER)
    parsed = asn1.Certificate.load(der)
    issuer = asn1.GeneralName("directory_name", parsed.issuer)
    identifier = tsp.ESSCertIDv2(
        {
            "cert_hash": digest_of("sha256", der),
            "issuer_serial": {"issuer": [issuer], "serial_number": parsed.serial_number},
        }
    )
    values: Sequence[tuple[str, object]] = (
        ("content_type", "data"),
        ("signing_time", cms.Time({"utc_time": at} if at.year < 2050 else {"general_time": at})),
        ("message_digest", digest),
        ("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [identifier]})),
    )
    return cms.CMSAttributes([{"type": kind, "values": [value]} for kind, value in values])


def _message(
    certificates: Sequence[x509.Certificate],
    signer: x509.Certificate,
    uri: str,
    attributes: cms.CMSAttributes,
    value: bytes,
) -> bytes:
    digest, name = _ALGORITHMS[uri]
    algorithm = algos.SignedDigestAlgorithm({"algorithm": name})
    if uri == RSA_SHA256:
        algorithm["parameters"] = core.Null()
    info = {
        "version": "v1",
        "sid": cms.SignerIdentifier("issuer_and_serial_number", _identifier(signer)),
        "digest_algorithm": {"algorithm": digest},
        "signed_attrs": attributes,
        "signature_algorithm": algorithm,
        "signature": _cms_value(signer.public_key(), value),
    }
    ders = dict.fromkeys(each.public_bytes(Encoding.DER) for each in certificates)
    signed = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": digest}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [asn1.Certificate.load(der) for der in ders],
        "signer_infos": [info],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def _cms_value(key: PublicKeyTypes, value: bytes) -> bytes:
    """A signature value in CMS's form, from XML signature's."""
    if isinstance(key, rsa.RSAPublicKey):
        return value
    half = len(value) // 2
    return encode_dss_signature(int.from_bytes(value[:half]), int.from_bytes(value[half:]))


def _plain_value(key: PublicKeyTypes, value: bytes) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return value
    size = (key.key_size + 7) // 8
    r, s = decode_dss_signature(value)
    return r.to_bytes(size) + s.to_bytes(size)
