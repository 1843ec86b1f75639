"""Seals: XAdES-BASELINE-B, enveloped (ETSI EN 319 132-1).

SignedInfo and SignedProperties are written in their exclusive canonical form, and stand so in the document:
what was hashed is what can be read there. What depends on the signer alone is prepared once, in a `Sealer`.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.algorithms import DS, ENVELOPED, EXCLUSIVE, SHA256, XADES, XADES_TYPE
from signing.canonical import EXCLUSIVE_FORM, canonical_document
from signing.keys import Signer
from signing.markup import with_last_child
from signing.parser import DEFAULT_LIMITS, Limits, encoding_of, parse
from signing.spelling import local
from signing.structure import DETACHED_SCHEMES, MAX_DETACHED

_ATTRIBUTE_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
)

_DIGEST_METHOD = f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod>'
_TRANSFORM_EXCLUSIVE = f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform>'
_TRANSFORM_ENVELOPED = f'<ds:Transform Algorithm="{ENVELOPED}"></ds:Transform>'
_TRANSFORMS_DOCUMENT = f"<ds:Transforms>{_TRANSFORM_ENVELOPED}{_TRANSFORM_EXCLUSIVE}</ds:Transforms>"
_TRANSFORMS_PROPERTIES = f"<ds:Transforms>{_TRANSFORM_EXCLUSIVE}</ds:Transforms>"


class SealError(Exception):
    """The document cannot be sealed as it is: already signed, or without the place for a signature."""


def seal(
    document: bytes,
    *,
    signer: Signer,
    at: datetime,
    place: str = "",
    detached: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Returns `document` with an enveloped signature, ready to be sent as these very bytes.

    One `ds:Reference URI=""` (enveloped-signature, exclusive c14n) covers everything but the signature; one
    reference covers the XAdES SignedProperties; `detached` adds one reference each, URI (`cid:`, `ni:`) ->
    SHA-256 in hex, without transforms. `at` is aware; it becomes the SigningTime, in +07:00.

    `place` names where the signature goes, as a path of expanded names from the root, such as
    `{ns}edXMLEnvelope/{ns}edXMLHeader`; empty means last in the root. The text outside the signature stays as
    it was. Raises `SealError`, `Malformed`.
    """
    return Sealer(signer).seal(document, at=at, place=place, detached=detached, limits=limits)


class Sealer:
    """Seals with one signer, whose certificate is digested and encoded once. Threads may share it."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        certificate = signer.certificate.public_bytes(Encoding.DER)
        self._signing_certificate = (
            "<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"
            f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{SHA256}"></ds:DigestMethod>'
            f'<ds:DigestValue xmlns:ds="{DS}">{_digest(certificate)}</ds:DigestValue></xades:CertDigest>'
            f"<xades:IssuerSerialV2>{_issuer_serial(certificate)}</xades:IssuerSerialV2>"
            "</xades:Cert></xades:SigningCertificateV2>"
        )
        self._key_info = (
            "<ds:KeyInfo><ds:X509Data>"
            + "".join(_certificate_element(each) for each in (signer.certificate, *signer.chain))
            + "</ds:X509Data></ds:KeyInfo>"
        )
        self._signed_info_head = (
            f'<ds:SignedInfo xmlns:ds="{DS}">'
            f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod>'
            f'<ds:SignatureMethod Algorithm="{signer.algorithm}"></ds:SignatureMethod>'
        )

    def seal(
        self,
        document: bytes,
        *,
        at: datetime,
        place: str = "",
        detached: Mapping[str, str] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> bytes:
        """See `seal`."""
        root = parse(document, limits)
        if next(root.iter(f"{{{DS}}}Signature"), None) is not None:
            raise SealError("The document is already signed.")
        number = 0
        if place:
            places = root.findall(place)
            if len(places) != 1:
                raise SealError(f"The document has {len(places)} places for the signature, not one: {place}")
            number = next(n for n, element in enumerate(root.iter("*")) if element is places[0])
        signature = self._signature(canonical_document(root, EXCLUSIVE_FORM), at, detached or {})
        encoding = encoding_of(document)
        if encoding in ("utf-8", "utf-8-sig"):
            return with_last_child(document, number, signature)
        return (
            with_last_child(document.decode(encoding).encode(), number, signature).decode().encode(encoding)
        )

    def seal_canonical(
        self, document: bytes, *, at: datetime, detached: Mapping[str, str] | None = None
    ) -> bytes:
        """Seals a document that is its own exclusive canonical form (as `lxml`'s `method="c14n",
        exclusive=True` gives it), last in the root: the same bytes as `seal` makes, in less than half the
        time.

        That `document` is canonical is the caller's promise; otherwise the seal will not verify.
        """
        if b"SignedInfo>" in document:  # canonical text escapes the bracket, so this is markup
            raise SealError("The document is already signed.")
        return with_last_child(document, 0, self._signature(document, at, detached or {}))

    def _signature(self, canonical: bytes, at: datetime, detached: Mapping[str, str]) -> bytes:
        if len(detached) > MAX_DETACHED:
            raise SealError(f"More than {MAX_DETACHED} attachments cannot be sealed with one document.")
        digest = hashlib.sha256(canonical)
        name = f"seal-{digest.hexdigest()[:16]}"
        references = [
            f'<ds:Reference Id="{name}-0" URI="">{_TRANSFORMS_DOCUMENT}{_DIGEST_METHOD}'
            f"<ds:DigestValue>{b64encode(digest.digest()).decode()}</ds:DigestValue></ds:Reference>"
        ]
        references += [
            _detached_reference(f"{name}-{n}", uri, sha256)
            for n, (uri, sha256) in enumerate(detached.items(), 1)
        ]
        properties = self._properties(name, at, len(detached))
        references.append(
            f'<ds:Reference Type="{XADES_TYPE}" URI="#{name}-properties">{_TRANSFORMS_PROPERTIES}'
            f"{_DIGEST_METHOD}<ds:DigestValue>{_digest(properties.encode())}</ds:DigestValue></ds:Reference>"
        )
        signed_info = f"{self._signed_info_head}{''.join(references)}</ds:SignedInfo>"
        value = b64encode(self._signer.sign(signed_info.encode())).decode()
        return (
            f'<ds:Signature xmlns:ds="{DS}" Id="{name}">{signed_info}'
            f"<ds:SignatureValue>{value}</ds:SignatureValue>{self._key_info}"
            f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#{name}">{properties}'
            "</xades:QualifyingProperties></ds:Object></ds:Signature>"
        ).encode()

    def _properties(self, name: str, at: datetime, detached: int) -> str:
        if at.tzinfo is None:
            raise ValueError("the time of a seal needs a zone")
        formats = "".join(
            f'<xades:DataObjectFormat ObjectReference="#{name}-{n}"><xades:MimeType>'
            f"{'application/octet-stream' if n else 'text/xml'}</xades:MimeType></xades:DataObjectFormat>"
            for n in range(detached + 1)
        )
        return (
            f'<xades:SignedProperties xmlns:xades="{XADES}" Id="{name}-properties">'
            "<xades:SignedSignatureProperties>"
            f"<xades:SigningTime>{local(at, 'seconds')}</xades:SigningTime>"
            f"{self._signing_certificate}</xades:SignedSignatureProperties>"
            f"<xades:SignedDataObjectProperties>{formats}</xades:SignedDataObjectProperties>"
            "</xades:SignedProperties>"
        )


def _detached_reference(name: str, uri: str, sha256: str) -> str:
    if not uri.startswith(DETACHED_SCHEMES):
        raise SealError(f"A detached reference must be one of {', '.join(DETACHED_SCHEMES)}")
    try:
        digest = bytes.fromhex(sha256)
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise SealError("The digest of a detached reference is no SHA-256 in hexadecimal.")
    return (
        f'<ds:Reference Id="{name}" URI="{_attribute(uri)}">{_DIGEST_METHOD}'
        f"<ds:DigestValue>{b64encode(digest).decode()}</ds:DigestValue></ds:Reference>"
    )


def _attribute(value: str) -> str:
    """`value` as a canonical form writes it in an attribute."""
    return value.translate(_ATTRIBUTE_ENTITIES)


def _digest(data: bytes) -> str:
    return b64encode(hashlib.sha256(data).digest()).decode()


def _certificate_element(certificate: x509.Certificate) -> str:
    encoded = b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return f"<ds:X509Certificate>{encoded}</ds:X509Certificate>"


def _issuer_serial(certificate: bytes) -> str:
    """IssuerSerialV2: the DER of an IssuerSerial (RFC 5035), in base64."""
    parsed = asn1_x509.Certificate.load(certificate)
    issuer = asn1_x509.GeneralName("directory_name", parsed.issuer)
    value = cms.IssuerSerial({"issuer": [issuer], "serial": parsed.serial_number})
    return b64encode(value.dump()).decode()
