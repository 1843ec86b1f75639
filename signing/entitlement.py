"""Who may sign what: being trusted is not enough, or any agency could write the axis's evidence.

    verdict = verify(document, trust=trust, at=now)
    if isinstance(verdict, Sound):
        verdict = entitled(verdict)     # the same, or Refused with NOT_ENTITLED

See docs/decisions/0008-who-may-sign-evidence.md.
"""

from __future__ import annotations

import re
import unicodedata

from cryptography import x509
from lxml import etree

from signing.chain import INFRASTRUCTURE_PURPOSES
from signing.evidence.writer import EVIDENCE
from signing.statements import acts, archive, retention
from signing.verdict import Reason, Refused, Sound

EVIDENCE_SIGNING = x509.ObjectIdentifier("2.25.170204289296398052401383194991094814748")
"""The extended key usage of an axis's evidence certificate; the arc of the UUID
800c275b-a133-45d2-882a-7f51a60e581c (ITU-T X.667)."""
EVIDENCE_ROOT = f"{{{EVIDENCE}}}Evidence"
"""The root of an evidence document (ETSI EN 319 522-3)."""
OWN_NAMESPACES = frozenset((archive.NAMESPACE, acts.NAMESPACE, retention.DECISION, retention.DESTRUCTION))
"""Of what an axis states about itself."""


def entitled(sound: Sound) -> Sound | Refused:
    """Holds a sound document against what its signer may sign.

    An evidence document, and what an axis states about itself, needs `EVIDENCE_SIGNING` in the signer's
    certificate, or that very certificate as the anchor: whoever names it says that it is the axis's. Every
    other document is refused when its signer's certificate is for evidence alone, an anchor or not. Whose
    name stands in a document is not looked at.
    """
    purposes = _purposes(sound.certificate)
    if sound.root.tag == EVIDENCE_ROOT or etree.QName(sound.root).namespace in OWN_NAMESPACES:
        is_anchor = sound.chain == (sound.certificate,)
        if is_anchor or EVIDENCE_SIGNING in purposes:
            return sound
        return _refused(sound, "it is an axis's to sign, and the certificate is not one for signing evidence")
    if EVIDENCE_SIGNING in purposes and purposes <= INFRASTRUCTURE_PURPOSES | {EVIDENCE_SIGNING}:
        return _refused(sound, "it is no evidence, and the certificate is for signing evidence alone")
    return sound


def bears(certificate: x509.Certificate, identifier: str) -> bool:
    """Tells whether an agency's identifier stands in the certificate's subject or alternative names, whole
    (`H90` does not stand in `H90.01`) and in any case of letters."""
    wanted = _folded(identifier.strip())
    if not wanted:
        return False
    whole = re.compile(rf"(?<![\w.]){re.escape(wanted)}(?!\w|\.\w)")
    return any(whole.search(_folded(name)) for name in _names(certificate))


def _purposes(certificate: x509.Certificate) -> frozenset[x509.ObjectIdentifier]:
    try:
        return frozenset(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return frozenset()


def _names(certificate: x509.Certificate) -> list[str]:
    names = _attributes(certificate.subject)
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return names
    for entry in alternative:
        if isinstance(entry, x509.DirectoryName):
            names += _attributes(entry.value)
        elif isinstance(entry.value, str):
            names.append(entry.value)
    return names


def _attributes(name: x509.Name) -> list[str]:
    return [attribute.value for attribute in name if isinstance(attribute.value, str)]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _refused(sound: Sound, detail: str) -> Refused:
    return Refused(
        reason=Reason.NOT_ENTITLED,
        detail=detail,
        certificate=sound.certificate,
        signed_at=sound.signed_at,
    )
