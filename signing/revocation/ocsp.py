"""OCSP: a request about one certificate, and an answer as a source of what is known (RFC 6960).

An answer bears the issuer's word when the issuer's own key signed it, or a responder's whose certificate the
same issuer issued directly for OCSP signing and which was valid when the answer was made. Whether such a
responder was itself revoked is judged in `signing.revocation.judgement`.

`good` means not revoked, `revoked` since when and why, `unknown` means nothing: the certificate stays
undecided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.issuance import signed_certificate
from signing.keyinfo import UNREADABLE
from signing.policy import Policy
from signing.revocation.source import VERIFICATIONS_KEPT, Entry, entry_of
from signing.strength import digest_weakness, key_weakness

LARGEST_ANSWER = 64 << 10
_MOST_CERTIFICATES = 8
_YEARS = (1970, 9000)
_DIGESTS = {"sha1", "sha256", "sha384", "sha512"}
"""What a CertID may be digested by. SHA-1, the default of most, only names the certificate here."""


class OcspError(Exception):
    """No answer that can be used: malformed, a refusal such as tryLater, about another certificate, of
    another request, or not by an authorised responder. What is known stays what it was."""


class Status(StrEnum):
    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspRequest:
    """A request about `certificate`, as it was sent."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    nonce: bytes | None
    der: bytes
    """The body of an `application/ocsp-request`."""


@dataclass(frozen=True, slots=True, eq=False)
class OcspAnswer:
    """An OCSP response about one certificate. `read_answer` makes one."""

    response: ocsp.OCSPResponse
    _authorised: dict[x509.Certificate, tuple[x509.Certificate | None]] = field(default_factory=dict)

    @property
    def der(self) -> bytes:
        """The whole response, to be kept or stapled."""
        return self.response.public_bytes(Encoding.DER)

    @property
    def sha256(self) -> str:
        """See `Source.sha256`."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def status(self) -> Status:
        return Status(self.response.certificate_status.name.lower())

    @property
    def this_update(self) -> datetime:
        return self.response.this_update_utc

    @property
    def produced_at(self) -> datetime:
        return self.response.produced_at_utc

    @property
    def usable(self) -> bool:
        return True

    def span(self, policy: Policy) -> tuple[datetime, datetime] | None:
        """See `Source.span`: thisUpdate to nextUpdate, each with the policy's skew; without nextUpdate, as
        long as the policy lets such an answer count."""
        until = self.response.next_update_utc or self.this_update + policy.unbounded_answer
        if until < self.this_update:
            return None
        return self.this_update - policy.clock_skew, until + policy.clock_skew + policy.revocation_grace

    def takes_in(self, certificate: x509.Certificate) -> bool:
        """Tells whether it knows `certificate`."""
        return self.status is not Status.UNKNOWN and self.names(certificate)

    def names(self, certificate: x509.Certificate) -> bool:
        """Tells whether it is about a certificate of this number by an issuer of this name."""
        if self.response.serial_number != certificate.serial_number:
            return False
        issuer = asn1.Certificate.load(certificate.public_bytes(Encoding.DER)).issuer.dump()
        return self.response.issuer_name_hash == _digest(self.response.hash_algorithm, issuer)

    def entry(self, certificate: x509.Certificate) -> Entry | None:
        """See `Source.entry`."""
        since = self.response.revocation_time_utc
        if self.status is not Status.REVOKED or since is None or not self.names(certificate):
            return None
        values = (extension.value for extension in self.response.single_extensions)
        dates = (value.invalidity_date_utc for value in values if isinstance(value, x509.InvalidityDate))
        return entry_of(self.response.revocation_reason, since, next(dates, None))

    def allowed(self, policy: Policy) -> bool:
        """See `Source.allowed`; the responder that the answer brings is held to the policy too."""
        try:
            return digest_weakness(self.response.signature_hash_algorithm, policy) is None and not any(
                key_weakness(each, policy) or digest_weakness(each.signature_hash_algorithm, policy)
                for each in self.delegates()
            )
        except UnsupportedAlgorithm:
            return False

    def signed_by(self, issuer: x509.Certificate) -> bool:
        """See `Source.signed_by`."""
        return self.responder(issuer) is not None

    def responder(self, issuer: x509.Certificate) -> x509.Certificate | None:
        """Returns whose key signed the answer: `issuer`, or a responder that it authorised; else None."""
        known = self._authorised.get(issuer)
        if known is None:
            if len(self._authorised) >= VERIFICATIONS_KEPT:
                self._authorised.clear()
            known = self._authorised[issuer] = (self._responder(issuer),)
        return known[0]

    def delegates(self) -> Iterator[x509.Certificate]:
        """The certificates that it brings and that it says signed it."""
        for certificate in self.response.certificates[:_MOST_CERTIFICATES]:
            if self._is_responder(certificate):
                yield certificate

    def _responder(self, issuer: x509.Certificate) -> x509.Certificate | None:
        parsed = asn1.Certificate.load(issuer.public_bytes(Encoding.DER))
        algorithm = self.response.hash_algorithm
        named = _digest(algorithm, parsed.subject.dump()), _digest(algorithm, _key_bits(parsed))
        if named != (self.response.issuer_name_hash, self.response.issuer_key_hash):
            return None
        if self._is_responder(issuer) and self._verifies(issuer):
            return issuer
        authorised = (each for each in self.delegates() if _delegated(each, issuer, self.produced_at))
        return next((each for each in authorised if self._verifies(each)), None)

    def _is_responder(self, certificate: x509.Certificate) -> bool:
        parsed = asn1.Certificate.load(certificate.public_bytes(Encoding.DER))
        key = self.response.responder_key_hash
        if key is not None:
            return key == hashlib.sha1(_key_bits(parsed)).digest()  # noqa: S324  RFC 6960 has no other
        return self.response.responder_name == certificate.subject

    def _verifies(self, signer: x509.Certificate) -> bool:
        key, data = signer.public_key(), self.response.tbs_response_bytes
        try:
            digest = self.response.signature_hash_algorithm
            if isinstance(key, rsa.RSAPublicKey) and digest is not None:
                key.verify(self.response.signature, data, padding.PKCS1v15(), digest)
            elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
                key.verify(self.response.signature, data, ec.ECDSA(digest))
            else:
                return False
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True


def ocsp_request(
    certificate: x509.Certificate, issuer: x509.Certificate, *, nonce: bytes | None = None
) -> OcspRequest:
    """Asks about `certificate`. `nonce` is the caller's randomness, 16 to 32 bytes (RFC 8954), or None: then
    an answer that the responder made beforehand is as good."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303  names only
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    der = builder.build().public_bytes(Encoding.DER)
    return OcspRequest(certificate=certificate, issuer=issuer, nonce=nonce, der=der)


def read_answer(der: bytes) -> OcspAnswer:
    """Reads a kept or stapled response, which must be about one certificate (RFC 5019 section 2.2.1); it is
    not judged yet. Raises `OcspError`."""
    if len(der) > LARGEST_ANSWER:
        raise OcspError(f"more than {LARGEST_ANSWER} bytes")
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise OcspError(f"the responder answered {response.response_status.name.lower()}")
        if len(list(response.responses)) != 1:
            raise OcspError("not exactly one answer")
        _read_whole(response)
    except UNREADABLE as exc:
        raise OcspError("bytes that are no OCSP response") from exc
    if any(each.critical for each in (*response.extensions, *response.single_extensions)):
        raise OcspError("a critical extension that is not understood")
    return OcspAnswer(response)


def accepted(der: bytes, request: OcspRequest, policy: Policy) -> OcspAnswer:
    """Returns the answer to `request` in a response that has just come, ready to be kept.

    A nonce that it has must be the request's; a responder that answers without one is common (RFC 5019), and
    is held by thisUpdate alone. Raises `OcspError`.
    """
    answer = read_answer(der)
    if not answer.names(request.certificate):
        raise OcspError("the answer is about another certificate")
    nonce = next((e.value for e in answer.response.extensions if isinstance(e.value, x509.OCSPNonce)), None)
    if nonce is not None and request.nonce is not None and nonce.nonce != request.nonce:
        raise OcspError("the nonce is not the request's: the answer may be an old one sent again")
    if not answer.allowed(policy):
        raise OcspError("the answer uses an algorithm or a key that is not accepted")
    if not answer.signed_by(request.issuer):
        raise OcspError("the answer is not by the issuer nor by a responder that it authorised")
    return answer


def _read_whole(response: ocsp.OCSPResponse) -> None:
    """Touches what is read lazily, so that it fails here and not in a judgement. Raises `ValueError` and
    others."""
    _ = response.hash_algorithm, response.certificate_status, response.revocation_reason
    _ = response.extensions, response.single_extensions, response.responder_name
    times = response.this_update_utc, response.next_update_utc, response.produced_at_utc
    if not all(_YEARS[0] <= each.year <= _YEARS[1] for each in times if each is not None):
        raise ValueError("a time that nobody can mean")
    parsed = asn1_ocsp.OCSPResponse.load(response.public_bytes(Encoding.DER))
    if parsed["response_bytes"]["response"].parsed["signature"].contents[0]:
        raise ValueError("a signature is whole octets")
    for certificate in response.certificates[:_MOST_CERTIFICATES]:
        _ = certificate.public_key(), certificate.subject, certificate.issuer, certificate.extensions
        if certificate.serial_number <= 0:
            raise ValueError("a serial number is positive (RFC 5280, 4.1.2.2)")
        asn1.Certificate.load(certificate.public_bytes(Encoding.DER)).issuer.dump()


def _delegated(responder: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
    """RFC 6960 section 4.2.2.2: issued directly by the same issuer, for OCSP signing, and valid then."""
    try:
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return (
        ExtendedKeyUsageOID.OCSP_SIGNING in usage
        and responder.not_valid_before_utc <= at <= responder.not_valid_after_utc
        and signed_certificate(issuer, responder)
    )


def _key_bits(certificate: asn1.Certificate) -> bytes:
    """The BIT STRING of the public key without its first octet: what issuerKeyHash is over."""
    bits: bytes = certificate.public_key["public_key"].contents[1:]
    return bits


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    return hashlib.new(algorithm.name, data).digest() if algorithm.name in _DIGESTS else b""
