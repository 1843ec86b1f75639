"""What a signer claims under its own signature: when, and with which certificate (ETSI EN 319 132-1, clause
5.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from signing.algorithms import DS, XADES
from signing.spelling import VIETNAM
from signing.structure import Breach, base64_of, digest_method
from signing.verdict import Reason

_SIGNATURE_PROPERTIES = f"{{{XADES}}}SignedSignatureProperties"
_TIME = f"{{{XADES}}}SigningTime"
_CERTIFICATES = (f"{{{XADES}}}SigningCertificate", f"{{{XADES}}}SigningCertificateV2")
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?P<fraction>\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)?", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What SignedProperties say; only worth something once their digest is checked."""

    signed_at: datetime | None = None
    """In UTC. Without a zone it is meant in +07:00, as all times of the field are."""
    certificate_digests: tuple[tuple[str, bytes], ...] = ()
    """Digest name and value of the signer's certificate: of SigningCertificate, SigningCertificateV2 or
    both."""


def read_claims(signed_properties: etree._Element) -> Claims:
    """Reads SigningTime and SigningCertificate or SigningCertificateV2. Raises `Breach`."""
    groups = [child for child in signed_properties if child.tag == _SIGNATURE_PROPERTIES]
    claimed: dict[str, etree._Element] = {}
    for element in (element for group in groups for element in group):
        if element.tag in claimed:
            raise Breach(Reason.SIGNATURE_MALFORMED, "signed properties that say the same thing twice")
        claimed[element.tag] = element
    return Claims(
        signed_at=_time(claimed[_TIME]) if _TIME in claimed else None,
        certificate_digests=tuple(
            _certificate_digest(claimed[name]) for name in _CERTIFICATES if name in claimed
        ),
    )


def _time(element: etree._Element) -> datetime:
    text = (element.text or "").strip(" \t\r\n")
    match = _DATE_TIME.fullmatch(text)
    if len(element) or match is None:
        raise Breach(Reason.SIGNATURE_MALFORMED, "a SigningTime that is no date and time")
    try:
        claimed = datetime.fromisoformat(text)
        return (claimed if match["zone"] else claimed.replace(tzinfo=VIETNAM)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Breach(Reason.SIGNATURE_MALFORMED, "a SigningTime that is no date and time") from error


def _certificate_digest(element: etree._Element) -> tuple[str, bytes]:
    """Of the first Cert, which is the signer's; others name its chain."""
    first = next(iter(element), None)
    digest = None if first is None else first.find(f"{{{XADES}}}CertDigest")
    inside = [] if digest is None else list(digest)
    if [child.tag for child in inside] != [f"{{{DS}}}DigestMethod", f"{{{DS}}}DigestValue"]:
        raise Breach(Reason.SIGNATURE_MALFORMED, "a signing certificate without digest")
    return digest_method(inside[0]), base64_of(inside[1])
