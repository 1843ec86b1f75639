"""What a signature says: what was signed, by whom, entitled to what, when."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from lxml import etree

from signing.algorithms import digest_of, fits, verifies
from signing.canonical import INCLUSIVE_FORM, NotCanonical, canonical_document, canonical_part
from signing.keyinfo import Candidate, read_candidates, require_same_key
from signing.parser import DEFAULT_LIMITS, Limits, parse
from signing.policy import DEFAULT_POLICY, Policy
from signing.structure import Breach, Reference, Structure, read_structure, take_out
from signing.trust import TrustStore
from signing.verdict import Reason, Refused, Sound, Undecided, Verdict
from signing.xades import Claims, read_claims

_LEGACY_DIGEST = "sha1"
_LEGACY_RSA_BITS = 1024
_MAX_RSA_BITS = 16_384
_MIN_CURVE_BITS = 256
_NI_SHA256 = "ni:///sha-256;"


def verify(
    document: bytes,
    *,
    trust: TrustStore,
    at: datetime,
    policy: Policy = DEFAULT_POLICY,
    detached: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Verdict:
    """Judges the one enveloped signature of `document` at the time `at`.

    `detached` gives the digests that the caller itself computed for what lies beside the document (URI ->
    SHA-256 hex). When it is given, every detached reference must be in it (`ATTACHMENT_MISSING`) and equal
    (`ATTACHMENT_MISMATCH`); when it is None, detached references are reported with the warning
    `DETACHED_NOT_CHECKED`.

    Never raises for what the document holds, except `Malformed` when it is not XML that may be read.
    """
    # 1. The gate: one signature, of the one shape that means something, by algorithms that may be used.
    # 2. The signer: the certificate that the signature names, and its key.
    # 3. The mathematics: SignedInfo under that key, then every digest in it.
    # 4. The time claimed, and the trust in the certificate.
    root = parse(document, limits)
    signer: Candidate | None = None
    try:
        structure = read_structure(root)
        place = _place(structure.signature)
        claims = _claims(structure)
        warnings = _admit_algorithms(structure, claims, policy)

        candidates = read_candidates(structure.key_info)
        signer = _signer(candidates, claims, structure, policy)
        warnings += _admit_key(signer, structure, policy)

        _check_signature(structure, signer)
        _check_own(structure)
        _check_document(root, structure)
        warnings += _check_detached(structure.detached, detached)
    except Breach as breach:
        certificate = signer.certificate if signer else None
        return Refused(reason=breach.reason, detail=breach.detail, certificate=certificate)
    except NotCanonical as error:
        return Refused(reason=Reason.SIGNATURE_MALFORMED, detail=str(error))
    proven = _Proven(
        root=root,
        place=place,
        structure=structure,
        signer=signer,
        helpers=tuple(each.certificate for each in candidates if each is not signer),
        signed_at=claims.signed_at,
        warnings=warnings,
    )
    return _judged(proven, trust, at, policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proven:
    """Mathematically right; nothing is said yet about whose key it is."""

    root: etree._Element
    place: tuple[str, ...]
    structure: Structure
    signer: Candidate
    helpers: tuple[x509.Certificate, ...]
    signed_at: datetime | None
    warnings: tuple[str, ...]


def _place(signature: etree._Element) -> tuple[str, ...]:
    return tuple(str(above.tag) for above in signature.iterancestors())[::-1]


def _claims(structure: Structure) -> Claims:
    return Claims() if structure.signed_properties is None else read_claims(structure.signed_properties)


def _admit_algorithms(structure: Structure, claims: Claims, policy: Policy) -> tuple[str, ...]:
    """Returns the warnings that the digests earn. Raises `Breach`."""
    digests = {structure.scheme.digest, structure.document.digest}
    digests.update(reference.digest for reference in structure.detached)
    digests.update(name for name, _ in claims.certificate_digests)
    digests.update(reference.digest for reference, _ in structure.own)
    refused = digests - policy.digests
    if not refused:
        return ()
    if refused != {_LEGACY_DIGEST}:
        raise Breach(Reason.ALGORITHM_FORBIDDEN, "a digest algorithm that the policy does not accept")
    if not policy.allow_legacy:
        raise Breach(Reason.LEGACY_ALGORITHM, "SHA-1 is not accepted")
    return (Reason.LEGACY_ALGORITHM.value,)


def _signer(
    candidates: tuple[Candidate, ...], claims: Claims, structure: Structure, policy: Policy
) -> Candidate:
    """The certificate that the signature itself names, else the one whose key verifies. Raises `Breach`."""
    named = [
        each
        for each in candidates
        if all(digest_of(name, each.der) == value for name, value in claims.certificate_digests)
    ]
    if not named:
        raise Breach(Reason.CERTIFICATE_MISMATCH, "none of the certificates is the one that was signed with")
    if len(named) == 1:
        return named[0]
    data = canonical_part(structure.signed_info, structure.form)
    breach = Breach(Reason.SIGNATURE_INVALID, "the signature is by none of the certificates")
    for each in named:
        if not fits(structure.scheme, each.key):
            continue
        try:
            _admit_strength(each.key, policy)
        except Breach as unfit:  # not a key to compute with: small ones break, large ones take for ever
            breach = unfit
            continue
        if verifies(structure.scheme, each.key, structure.value, data):
            return each
    raise breach


def _admit_key(signer: Candidate, structure: Structure, policy: Policy) -> tuple[str, ...]:
    """Returns the warnings that the key earns. Raises `Breach`."""
    key = signer.key
    if structure.key_info is not None:
        require_same_key(structure.key_info, key)
    if not fits(structure.scheme, key):
        raise Breach(
            Reason.ALGORITHM_FORBIDDEN, "the signature algorithm is not one of the certificate's key"
        )
    return _admit_strength(key, policy)


def _admit_strength(key: PublicKeyTypes, policy: Policy) -> tuple[str, ...]:
    """Returns the warnings that a key of a kind that fits earns. Raises `Breach`."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size > _MAX_RSA_BITS:
            raise Breach(Reason.ALGORITHM_FORBIDDEN, f"an RSA key of more than {_MAX_RSA_BITS} bits")
        if key.key_size >= policy.rsa_bits:
            return ()
        if policy.allow_legacy and key.key_size >= _LEGACY_RSA_BITS:
            return (Reason.LEGACY_ALGORITHM.value,)
        raise Breach(Reason.KEY_TOO_WEAK, f"an RSA key of {key.key_size} bits")
    assert isinstance(key, ec.EllipticCurvePublicKey)
    if key.curve.name not in policy.curves:
        if key.key_size < _MIN_CURVE_BITS:
            raise Breach(Reason.KEY_TOO_WEAK, f"an elliptic curve of {key.key_size} bits")
        raise Breach(Reason.ALGORITHM_FORBIDDEN, "an elliptic curve that is not accepted")
    return ()


def _check_signature(structure: Structure, signer: Candidate) -> None:
    data = canonical_part(structure.signed_info, structure.form)
    if not verifies(structure.scheme, signer.key, structure.value, data):
        raise Breach(Reason.SIGNATURE_INVALID, "the signature is not one of this certificate's key")


def _check_own(structure: Structure) -> None:
    """The parts of the signature that it covers itself: while it still stands in its place."""
    for reference, part in structure.own:
        form = (reference.form or INCLUSIVE_FORM).without_comments()
        if digest_of(reference.digest, canonical_part(part, form)) != reference.value:
            raise Breach(Reason.DIGEST_MISMATCH, "the signed properties are not those that were signed")


def _check_document(root: etree._Element, structure: Structure) -> None:
    """Takes the signature out of the tree, and the comments that it does not cover; then digests what is
    left."""
    reference = structure.document
    form = reference.form or INCLUSIVE_FORM
    if reference.uri != "#xpointer(/)":
        form = form.without_comments()
    take_out(structure.signature)
    if reference.uri.startswith("#") and reference.uri != "#xpointer(/)":
        if _has_instruction_outside(root):
            raise Breach(Reason.PARTIAL_SIGNATURE, "processing instructions outside the signed root")
        canonical = canonical_part(root, form)
    else:
        canonical = canonical_document(root, form)
    if digest_of(reference.digest, canonical) != reference.value:
        raise Breach(Reason.DIGEST_MISMATCH, "the document is not the one that was signed")
    if not form.comments:
        etree.strip_tags(root, etree.Comment)


def _has_instruction_outside(root: etree._Element) -> bool:
    instruction = etree.ProcessingInstruction
    return any(
        next(root.itersiblings(instruction, preceding=before), None) is not None for before in (True, False)
    )


def _check_detached(references: tuple[Reference, ...], held: Mapping[str, str] | None) -> tuple[str, ...]:
    """Returns the warnings. Raises `Breach`."""
    for reference in references:
        if reference.uri.startswith(_NI_SHA256):
            named = base64.urlsafe_b64encode(reference.value).decode().rstrip("=")
            if reference.uri != _NI_SHA256 + named:
                raise Breach(Reason.ATTACHMENT_MISMATCH, "a digest that is not the one its URI names")
        if held is None:
            continue
        if reference.uri not in held:
            raise Breach(Reason.ATTACHMENT_MISSING, "a signed attachment is not there")
        if held[reference.uri].lower() != reference.value.hex():
            raise Breach(Reason.ATTACHMENT_MISMATCH, "an attachment is not the one that was signed")
    return ("DETACHED_NOT_CHECKED",) if references and held is None else ()


def _judged(proven: _Proven, trust: TrustStore, at: datetime, policy: Policy) -> Verdict:
    """A refusal by trust comes first, then one by the time claimed; only then what is undecided."""
    certificate, signed_at = proven.signer.certificate, proven.signed_at
    judged = trust.judge(certificate, at=at, policy=policy, intermediates=proven.helpers)
    if isinstance(judged, Refused):
        return replace(judged, certificate=certificate, signed_at=signed_at)
    if signed_at is not None:
        reason: Reason | None = None
        if signed_at - at > policy.clock_skew:
            reason, detail = Reason.SIGNED_IN_FUTURE, "the signing time lies ahead"
        elif not certificate.not_valid_before_utc <= signed_at <= certificate.not_valid_after_utc:
            reason, detail = (
                Reason.SIGNED_OUTSIDE_VALIDITY,
                "the certificate did not hold at the signing time",
            )
        if reason is not None:
            return Refused(reason=reason, detail=detail, certificate=certificate, signed_at=signed_at)
    if isinstance(judged, Undecided):
        return replace(judged, certificate=certificate, signed_at=signed_at)
    return Sound(
        root=proven.root,
        place=proven.place,
        certificate=certificate,
        chain=judged.certificates,
        sources=judged.sources,
        signed_at=signed_at,
        detached={each.uri: each.value.hex() for each in proven.structure.detached},
        warnings=tuple(dict.fromkeys((*proven.warnings, *judged.warnings))),
    )
