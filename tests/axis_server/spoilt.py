"""Packages that are wrong in every way that the axis sees in the bytes alone.

spoil, code = SPOILT["unsigned"]
package = spoil(world)
"""

from __future__ import annotations

import base64
import copy
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from axis_server.documents.judgement import digest
from edxml.model import (
    HEADER_PLACE,
    NAMESPACE,
    Bussiness,
    Organ,
    Replacement,
    ResponseFor,
    Status,
)
from edxml.writer import write
from signing.algorithms import DS, ENVELOPED, EXCLUSIVE, RSA_SHA256, SHA256
from signing.seal import seal
from tests.axis_server.packages import DOCUMENT_ID, PDF, detached, document, inline
from tests.axis_server.world import World
from tests.pki import AT, Identity, authority
from tests.signing.forge import RSA_SHA1, XSLT, certificate_of, forged, reference, template

LARGE = b"large attachment " * 1000
Spoil = Callable[[World], bytes]


def tampered(world: World) -> bytes:
    return world.sealed(world.ministry, document()).replace("chuẩn bị".encode(), "Chuẩn bị".encode())


def entities(world: World) -> bytes:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><edXML>&b;</edXML>'
    return b'<?xml version="1.0"?>' + bomb


def malformed_base64(world: World) -> bytes:
    unsigned = write(document()).replace(base64.b64encode(PDF)[:8], b"!!!!****")
    return world.sealed_bytes(world.ministry, unsigned)


def zipped(size: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", bytes(size))
    return packed.getvalue()


def bomb(world: World) -> bytes:
    return world.sealed(world.ministry, document(attachments=(inline("1", "a.zip", zipped(100 << 20)),)))


def sealed_within(*names: str) -> Spoil:
    """Puts the seal into an element of the first attachment, or behind the envelope."""
    place = "/".join(f"{{{NAMESPACE}}}{name}" for name in ("AttachmentEncoded", "Attachment", *names))

    def sealed(world: World) -> bytes:
        signer = world.ministry.signer
        return seal(write(document()), signer=signer, at=world.now, place=place if names else "")

    return sealed


def edxml(**changes: object) -> Spoil:
    return lambda world: world.sealed(world.ministry, document(**changes))  # type: ignore[arg-type]


def rewritten(pattern: str, by: str, **changes: object) -> Spoil:
    """Seals a package as `pattern` is replaced in what the strict writer wrote."""

    def sealed(world: World) -> bytes:
        written = write(document(**changes)).decode()  # type: ignore[arg-type]
        spoilt, times = re.subn(pattern, by, written, flags=re.DOTALL)
        assert times
        return world.sealed_bytes(world.ministry, spoilt.encode())

    return sealed


def a_status(world: World) -> bytes:
    answered = ResponseFor(organ_id="H90", document_id=DOCUMENT_ID)
    accepted = Status(sender=Organ(organ_id="G90"), response_for=answered, status_code="03")
    return world.sealed(world.ministry, accepted)


def an_unknown_status(world: World) -> bytes:
    answered = ResponseFor(organ_id="H90", document_id=DOCUMENT_ID)
    accepted = write(Status(sender=Organ(organ_id="G90"), response_for=answered, status_code="03"))
    return world.sealed_bytes(world.ministry, accepted.replace(b">03<", b">77<"))


def letter(world: World) -> bytes:
    return seal(b"<letter/>", signer=world.ministry.signer, at=world.now)


def with_detached(sha256: str) -> Spoil:
    unsigned = document(attachments=(detached("1", "a.bin"),))
    return lambda world: world.sealed(world.ministry, unsigned, {"1": sha256})


def signature_of(sealed: bytes) -> tuple[etree._Element, etree._Element]:
    tree = etree.fromstring(sealed)
    (signature,) = tree.iter(f"{{{DS}}}Signature")
    return tree, signature


def pseudo(world: World) -> bytes:
    end = f"</edXML:{HEADER_PLACE.rpartition('}')[2]}>".encode()
    return write(document()).replace(end, b"<edXML:Signature>signed</edXML:Signature>" + end)


def twice_sealed(world: World) -> bytes:
    tree, signature = signature_of(world.sealed(world.ministry, document()))
    tree.append(copy.deepcopy(signature))
    return etree.tostring(tree)


def without(name: str) -> Spoil:
    """A sealed package whose signature lost an element."""

    def spoilt(world: World) -> bytes:
        tree, signature = signature_of(world.sealed(world.ministry, document()))
        (element,) = signature.iter(f"{{{DS}}}{name}")
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
        return etree.tostring(tree)

    return spoilt


def another_value(world: World) -> bytes:
    tree, signature = signature_of(world.sealed(world.ministry, document()))
    (value,) = signature.iter(f"{{{DS}}}SignatureValue")
    value.text = base64.b64encode(bytes(64)).decode()
    return etree.tostring(tree)


def forged_by(signature: str, key: str = "p256", mark: str = "") -> Spoil:
    """A mathematically right signature of another form; `mark` goes into the header's tag."""

    def sealed(world: World) -> bytes:
        unsigned = write(document()).replace(b"<edXML:edXMLHeader", f"<edXML:edXMLHeader{mark}".encode())
        identity = world.pki.root.issue("Bộ Mẫu", key=key)
        return forged(unsigned, signature, by=identity, into="//*[local-name()='edXMLHeader']")

    return sealed


def another_certificate(world: World) -> bytes:
    sealed = world.sealed(world.ministry, document())
    other = world.pki.root.issue("Other")
    return sealed.replace(certificate_of(world.ministry.identity).encode(), certificate_of(other).encode())


def weak_digest(world: World) -> bytes:
    return world.sealed(world.ministry, document()).replace(
        SHA256.encode(), b"http://www.w3.org/2001/04/xmldsig-more#md5"
    )


def another_transform(world: World) -> bytes:
    sealed = world.sealed(world.ministry, document())
    return sealed.replace(
        f'<ds:Transform Algorithm="{ENVELOPED}"'.encode(), f'<ds:Transform Algorithm="{XSLT}"'.encode()
    )


@dataclass(frozen=True)
class WeakSigner:
    """Signs with a key that only the switch for old packages would let pass."""

    identity: Identity
    algorithm: str = RSA_SHA256
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def certificate(self) -> x509.Certificate:
        return self.identity.certificate

    def sign(self, data: bytes) -> bytes:
        assert isinstance(self.identity.key, rsa.RSAPrivateKey)
        return self.identity.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def weak(world: World) -> bytes:
    signer = WeakSigner(world.pki.root.issue("Bộ Mẫu", key="rsa1024"))
    return seal(write(document()), signer=signer, at=world.now, place=HEADER_PLACE)


def signed_with(issue: Callable[[World], Identity], *, at: timedelta = timedelta(0)) -> Spoil:
    """Seals with another certificate, or as if at another time."""

    def sealed(world: World) -> bytes:
        signer = replace(world.ministry, identity=issue(world)).signer
        return seal(write(document()), signer=signer, at=world.now + at, place=HEADER_PLACE)

    return sealed


SPOILT: dict[str, tuple[Spoil, str]] = {
    "no XML": (lambda world: b"%PDF-1.4", "XML_MALFORMED"),
    "nothing": (lambda world: b"", "XML_MALFORMED"),
    "cut": (lambda world: world.sealed(world.ministry, document())[:-40], "XML_MALFORMED"),
    "entity bomb": (entities, "XML_FORBIDDEN"),
    "10,000 deep": (lambda world: b"<a>" * 10_000 + b"</a>" * 10_000, "XML_TOO_LARGE"),
    "unsigned": (lambda world: write(document()), "UNSIGNED"),
    "a signature that is none": (pseudo, "PSEUDO_SIGNATURE"),
    "sealed twice": (twice_sealed, "MULTIPLE_SIGNATURES"),
    "a seal without its value": (without("SignatureValue"), "SIGNATURE_MALFORMED"),
    "a seal over a part": (
        forged_by(template(reference("#part", [EXCLUSIVE])), mark=' Id="part"'),
        "PARTIAL_SIGNATURE",
    ),
    "an id twice": (
        lambda world: forged(
            write(document())
            .replace(b"<edXML:edXMLHeader", b'<edXML:edXMLHeader Id="x"')
            .replace(b"<edXML:edXMLBody", b'<edXML:edXMLBody Id="x"'),
            template(),
            by=world.ministry.identity,
            into="//*[local-name()='edXMLHeader']",
        ),
        "DUPLICATE_ID",
    ),
    "a transform that computes": (another_transform, "TRANSFORM_FORBIDDEN"),
    "two references to the document": (
        forged_by(template(reference(), reference())),
        "REFERENCE_FORBIDDEN",
    ),
    "a digest that nobody takes": (weak_digest, "ALGORITHM_FORBIDDEN"),
    "sealed with SHA-1": (forged_by(template(method=RSA_SHA1), key="rsa2048"), "LEGACY_ALGORITHM"),
    "a weak key": (weak, "KEY_TOO_WEAK"),
    "tampered": (tampered, "DIGEST_MISMATCH"),
    "another signature value": (another_value, "SIGNATURE_INVALID"),
    "no certificate": (without("KeyInfo"), "CERTIFICATE_MISSING"),
    "another certificate": (another_certificate, "CERTIFICATE_MISMATCH"),
    "unknown root": (signed_with(lambda world: authority("Elsewhere").issue("Bộ")), "UNTRUSTED_SIGNER"),
    "expired": (
        signed_with(lambda world: world.pki.root.issue("Old", not_after=AT - timedelta(days=1))),
        "CERTIFICATE_EXPIRED",
    ),
    "not yet valid": (
        signed_with(lambda world: world.pki.root.issue("New", not_before=AT + timedelta(days=1))),
        "CERTIFICATE_NOT_YET_VALID",
    ),
    "a key for something else": (
        signed_with(lambda world: world.pki.root.issue("Cipher", usage={"key_encipherment"})),
        "KEY_USAGE_FORBIDDEN",
    ),
    "an issuer that may not": (
        signed_with(lambda world: world.pki.root.authority("No CA", ca=False).issue("Bộ Mẫu")),
        "CHAIN_INVALID",
    ),
    "sealed tomorrow": (
        signed_with(lambda world: world.ministry.identity, at=timedelta(days=1)),
        "SIGNED_IN_FUTURE",
    ),
    "sealed before its certificate": (
        signed_with(
            lambda world: world.pki.root.issue("New", not_before=AT - timedelta(days=1)),
            at=-timedelta(days=9),
        ),
        "SIGNED_OUTSIDE_VALIDITY",
    ),
    "no revocation list": (
        signed_with(lambda world: world.pki.root.issue("Bộ", crl_url="http://crl.example/root.crl")),
        "REVOCATION_UNKNOWN",
    ),
    "a certificate that nobody registered": (
        signed_with(lambda world: world.pki.root.issue("Not registered")),
        "SIGNER_MISMATCH",
    ),
    "another agency's name": (edxml(sender="K99"), "SENDER_MISMATCH"),
    "not edXML": (letter, "NOT_EDXML"),
    "a status": (a_status, "NOT_A_DOCUMENT"),
    "an unknown status": (an_unknown_status, "STATUS_UNKNOWN"),
    "no sender": (rewritten("<edXML:From>.*?</edXML:From>", ""), "EDXML_INCOMPLETE"),
    "two subjects": (
        rewritten("(<edXML:Subject>.*?</edXML:Subject>)", r"\1\1"),
        "EDXML_AMBIGUOUS",
    ),
    "unknown elements without end": (
        rewritten("(<edXML:Subject>)", "<edXML:Stamp/>" * 1001 + r"\1"),
        "EXTENSIONS_UNFIT",
    ),
    "an unknown kind": (
        rewritten(
            "<edXML:BussinessDocType>0", "<edXML:BussinessDocType>7", bussiness=Bussiness(doc_type="0")
        ),
        "KIND_UNKNOWN",
    ),
    "an attachment without a name": (
        rewritten("<edXML:ContentId>.*?</edXML:ContentId>", ""),
        "ATTACHMENT_UNNAMED",
    ),
    "two attachments of one name": (
        rewritten("cid:2<", "cid:1<", attachments=(inline("1", "a"), inline("2", "b"))),
        "DUPLICATE_CONTENT_ID",
    ),
    "malformed base64": (malformed_base64, "BASE64_MALFORMED"),
    "zip bomb": (bomb, "ZIP_BOMB"),
    "zip files just below a bomb, each": (
        lambda world: world.sealed(
            world.ministry,
            document(attachments=tuple(inline(str(n), "a.zip", zipped(60 << 20)) for n in range(2))),
        ),
        "ZIP_BOMB",
    ),
    "a seal within an attachment": (sealed_within("ContentTransferEncoded"), "EDXML_AMBIGUOUS"),
    "a seal beside the header": (sealed_within(), "EDXML_AMBIGUOUS"),
    "no DocumentId": (edxml(document_id=""), "DOCUMENT_ID_MISSING"),
    "a revoke without DocumentId": (
        edxml(document_id="", bussiness=Bussiness(doc_type="1", reason="Sai")),
        "DOCUMENT_ID_MISSING",
    ),
    "endless DocumentId": (edxml(document_id="x" * 5000), "FIELD_TOO_LONG"),
    "endless name": (edxml(attachments=(inline("1", "x" * 5000),)), "FIELD_TOO_LONG"),
    "a name of too many bytes": (edxml(attachments=(inline("1", "ế" * 171),)), "FIELD_TOO_LONG"),
    "an endless ContentId": (edxml(attachments=(inline("\U00020000" * 129, "a"),)), "FIELD_TOO_LONG"),
    "too many bytes of names": (
        edxml(attachments=tuple(inline(str(n), "x" * 512, b"a") for n in range(999))),
        "FIELD_TOO_LONG",
    ),
    "no recipient": (edxml(to=()), "NO_RECIPIENT"),
    "unknown recipient": (edxml(to=("H90", "X1")), "UNKNOWN_RECIPIENT"),
    "too many recipients": (edxml(to=[f"X{n}" for n in range(3001)]), "TOO_MANY_RECIPIENTS"),
    "too many attachments": (
        edxml(attachments=tuple(inline(str(n), "a.txt", b"a") for n in range(1000))),
        "TOO_MANY_ATTACHMENTS",
    ),
    "an attachment left out": (edxml(attachments=(detached("1", "a"),)), "ATTACHMENT_NOT_SEALED"),
    "an attachment never uploaded": (with_detached(digest(LARGE)), "ATTACHMENT_MISSING"),
    "a sealed reference to nothing": (
        lambda world: world.sealed(world.ministry, document(), {"1": digest(LARGE)}),
        "ATTACHMENT_MISSING",
    ),
    "a revoke without a reason": (edxml(bussiness=Bussiness(doc_type="1")), "REASON_REQUIRED"),
    "a revoke of what was never sent": (
        edxml(bussiness=Bussiness(doc_type="1", reason="Sai")),
        "DOCUMENT_UNKNOWN",
    ),
    "a replacement of itself": (
        edxml(
            bussiness=Bussiness(
                doc_type="3", reason="Sai", replacements=(Replacement(document_id=DOCUMENT_ID),)
            )
        ),
        "DOCUMENT_UNKNOWN",
    ),
}
"""What is wrong with the bytes alone, or against an axis that has seen nothing."""
