"""The mathematics of a token: which certificate made it, bound how, and whether the signature is right.

A signature alone does not say whose it is: the same key may stand in several certificates. So the signed
attributes must name the certificate by its digest (ESSCertIDv2, RFC 5816; ESSCertID, RFC 2634).
"""

from __future__ import annotations

from asn1crypto import cms, core, tsp
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from signing.algorithms import digest_of
from signing.keyinfo import Candidate
from signing.policy import Policy
from signing.reasons import Reason
from signing.structure import Breach
from signing.timestamps.request import IMPRINT_DIGESTS
from signing.timestamps.strict import UNREADABLE
from signing.timestamps.token import Token

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
"""As a signature algorithm it leaves the digest to digestAlgorithm (RFC 3370 section 3.2)."""
_SET_OF = b"\x31"
LEGACY_BINDING = "LEGACY_ALGORITHM"


def signer_of(token: Token) -> Candidate:
    """Returns the certificate that the SignerInfo names. Raises `Breach`."""
    identifier = token.signer["sid"].chosen
    for each in token.certificates:
        parsed = _parsed(each)
        if isinstance(identifier, cms.IssuerAndSerialNumber):
            serial, issuer = parsed.serial_number, parsed.issuer.dump()
            found = (serial, issuer) == (identifier["serial_number"].native, identifier["issuer"].dump())
        else:
            found = parsed.key_identifier == identifier.native
        if found:
            return each
    raise Breach(Reason.TSA_CERTIFICATE_MISSING, "the token does not bring its signer's certificate")


def check_binding(token: Token, signer: Candidate) -> tuple[str, ...]:
    """Checks the ESSCertID and ESSCertIDv2 that are there, at least one, each by its first entry, which is
    the signer's; returns warnings. Raises `Breach`.

    ESSCertID digests by SHA-1 and says so nowhere else. What is asked of it is only that nobody finds a
    second certificate of the same digest, which SHA-1 still withstands: it counts, with a warning when it
    stands alone.
    """
    newer, older = token.attributes.get("signing_certificate_v2"), token.attributes.get("signing_certificate")
    if newer is None and older is None:
        raise Breach(Reason.TSA_CERTIFICATE_UNBOUND, "no ESSCertID and no ESSCertIDv2")
    try:
        for attribute in (newer, older):
            if attribute is not None:
                _check_identifier(attribute["certs"][0], signer)
        _check_name(token, signer)
    except UNREADABLE as exc:
        raise Breach(Reason.TIMESTAMP_MALFORMED, "a signing certificate that cannot be read") from exc
    return () if newer is not None else (LEGACY_BINDING,)


def check_signature(token: Token, signer: Candidate, policy: Policy) -> None:
    """Checks content type, message digest and the signature over the signed attributes (RFC 5652 section
    5.4).

    Raises `Breach`.
    """
    digest = token.signer["digest_algorithm"]["algorithm"].native
    if digest not in IMPRINT_DIGESTS or digest not in policy.digests:
        raise _forbidden("a digest that is not accepted")
    try:
        kind = token.attributes["content_type"].native
        stated = token.attributes["message_digest"].native
    except UNREADABLE as exc:
        raise Breach(Reason.TIMESTAMP_MALFORMED, "no content type or message digest under signature") from exc
    if kind != "tst_info":
        raise Breach(Reason.TIMESTAMP_MALFORMED, "the signed content type is not TSTInfo")
    if stated != digest_of(digest, token.content):
        raise Breach(Reason.TIMESTAMP_SIGNATURE_INVALID, "the content is not the one that was signed")
    signed = _SET_OF + token.signer["signed_attrs"].dump()[1:]
    if not _verifies(token.signer, signer, digest, signed):
        raise Breach(Reason.TIMESTAMP_SIGNATURE_INVALID, "the signature is not one of this certificate's key")


def _forbidden(detail: str) -> Breach:
    return Breach(Reason.TIMESTAMP_ALGORITHM_FORBIDDEN, detail)


def _parsed(candidate: Candidate) -> cms.Certificate:
    return cms.Certificate.load(candidate.certificate.public_bytes(Encoding.DER))


def _check_identifier(identifier: core.Sequence, signer: Candidate) -> None:
    """One ESSCertID or ESSCertIDv2 against the signer's certificate."""
    if isinstance(identifier, tsp.ESSCertID):
        digest = "sha1"
    else:
        digest = identifier["hash_algorithm"]["algorithm"].native
        if digest not in IMPRINT_DIGESTS:
            raise _forbidden("an ESSCertIDv2 by a digest that is not accepted")
    mismatch = Breach(Reason.TSA_CERTIFICATE_MISMATCH, "the certificate named under signature is another")
    if identifier["cert_hash"].native != digest_of(digest, signer.der):
        raise mismatch
    serial = identifier["issuer_serial"]
    if isinstance(serial, core.Void):
        return
    parsed = _parsed(signer)
    names = [name.chosen.untag().dump() for name in serial["issuer"] if name.name == "directory_name"]
    if serial["serial_number"].native != parsed.serial_number or names != [parsed.issuer.dump()]:
        raise mismatch


def _check_name(token: Token, signer: Candidate) -> None:
    """The name that the authority gives itself is one of its certificate (RFC 3161 section 2.4.2)."""
    name, parsed = token.authority, _parsed(signer)
    if name is None or (name.name == "directory_name" and name.chosen == parsed.subject):
        return
    alternative = parsed.subject_alt_name_value or ()
    if (name.name, name.native) not in [(each.name, each.native) for each in alternative]:
        raise Breach(Reason.TSA_CERTIFICATE_MISMATCH, "the authority gives itself another name")


def _verifies(info: cms.SignerInfo, signer: Candidate, digest: str, data: bytes) -> bool:
    key, signature, algorithm = signer.key, info["signature"].native, _HASHES[digest]
    scheme = _scheme(info["signature_algorithm"], digest)
    try:
        if isinstance(key, rsa.RSAPublicKey) and scheme is not None:
            key.verify(signature, data, scheme, algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and scheme is None:
            key.verify(signature, data, ec.ECDSA(algorithm))
        else:
            raise _forbidden("the signature algorithm is not one of the certificate's key")
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _scheme(method: core.Sequence, digest: str) -> padding.AsymmetricPadding | None:
    """The RSA padding that a signature algorithm names; None for ECDSA. Raises `Breach`."""
    try:
        family = method.signature_algo
        if method["algorithm"].dotted != _RSA_ENCRYPTION and method.hash_algo != digest:
            raise _forbidden("a signature over another digest than announced")
        if family == "rsassa_pkcs1v15":
            return padding.PKCS1v15()
        if family == "ecdsa":
            return None
        if family == "rsassa_pss":
            parameters = method["parameters"]
            mask = parameters["mask_gen_algorithm"]
            if mask["algorithm"].native == "mgf1" and mask["parameters"]["algorithm"].native == digest:
                return padding.PSS(padding.MGF1(_HASHES[digest]), parameters["salt_length"].native)
    except UNREADABLE as exc:
        raise _forbidden("a signature algorithm that cannot be read") from exc
    raise _forbidden("a signature algorithm that is not accepted")
