"""Packages that somebody tries to send: good ones, and ones wrong in every way that the axis refuses.

prepare, code = ATTEMPTS["unsigned"]         # "UNSIGNED"; the code is empty for what is accepted
attempt = await prepare(world)
"""

from __future__ import annotations

import base64
import copy
import io
import re
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from axis_server.caller import Caller
from axis_server.documents.judgement import digest
from axis_server.sending.examination import IntakeLimits
from edxml.model import (
    HEADER_PLACE,
    NAMESPACE,
    Bussiness,
    Organ,
    Package,
    Receiver,
    Replacement,
    ResponseFor,
    Status,
)
from edxml.writer import write
from signing.algorithms import DS, ENVELOPED, EXCLUSIVE, RSA_SHA256, SHA256
from signing.seal import seal
from signing.trust import TrustStore
from storage.ledger.registry import Capabilities
from tests.axis_server.world import DOCUMENT_ID, LIMITS, PDF, House, World, detached, document, inline
from tests.pki import AT, Identity, authority
from tests.signing.forge import RSA_SHA1, XSLT, certificate_of, forged, reference, template

LARGE = b"large attachment " * 1000
NEXT_ID = "G90,2026/03/05,7900/BM-VP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A package on its way, and what it is to meet."""

    package: bytes | str
    """The bytes, or the SHA-256 of what is said to have been uploaded."""
    by: House
    may_send: bool = True
    """False for a delegate that may only receive."""
    to_upload: tuple[bytes, ...] = ()
    """What would be uploaded before it is sent."""
    limits: IntakeLimits = field(default=LIMITS)

    @property
    def caller(self) -> Caller:
        return replace(self.by.caller(), may_send=self.may_send)

    @property
    def coming(self) -> dict[str, int]:
        return {digest(blob): len(blob) for blob in self.to_upload}


Prepare = Callable[[World], Awaitable[Attempt]]
Spoil = Callable[[World], bytes]


# Ways to be wrong.


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


# Ways to seal wrongly.


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


def _spoilt(spoil: Spoil) -> Prepare:
    async def prepare(world: World) -> Attempt:
        return Attempt(package=spoil(world), by=world.ministry)

    return prepare


# Against what the axis knows.


def revoke(*to: str) -> Package:
    return document(to=to or ("H90",), bussiness=Bussiness(doc_type="1", reason="Sai số liệu"))


def update(*to: str, removed: tuple[str, ...] = (), added: tuple[str, ...] = ()) -> Package:
    receivers = [Receiver(organ_id=one, receiver_type="0") for one in removed]
    receivers += [Receiver(organ_id=one, receiver_type="1") for one in added]
    return document(
        to=to or ("H90",),
        bussiness=Bussiness(doc_type="2", reason="Cập nhật", receivers=tuple(receivers)),
    )


def replacement(
    *to: str, of: Mapping[str, tuple[str, ...]] | None = None, document_id: str = NEXT_ID
) -> Package:
    replaced = {DOCUMENT_ID: ()} if of is None else of
    return document(
        to=to or ("H90",),
        document_id=document_id,
        bussiness=Bussiness(
            doc_type="3",
            reason="Thay thế văn bản đã gửi",
            replacements=tuple(Replacement(document_id=one, organ_ids=to) for one, to in replaced.items()),
        ),
    )


def about_a_document(unsigned: Package, *then: Package) -> Prepare:
    """A package of the ministry after it sent the document to the province and the department, `then` sent
    others."""

    async def prepare(world: World) -> Attempt:
        await world.sent(world.province, world.department)
        for earlier in then:
            await world.intake.submit(world.ministry.caller(), world.sealed(world.ministry, earlier))
        return Attempt(package=world.sealed(world.ministry, unsigned), by=world.ministry)

    return prepare


async def _of_another_agency(world: World) -> Attempt:
    await world.sent(world.province)
    theirs = replace(revoke("H90"), sender=Organ(organ_id="K99"))
    return Attempt(package=world.sealed(world.stranger, theirs), by=world.stranger)


async def _ended(world: World) -> Attempt:
    entry = await world.sent(world.province, world.department)
    await world.report(world.province, entry, "02", "Không đúng thẩm quyền")
    package = world.sealed(world.ministry, update("H91.01", added=("H90",)))
    return Attempt(package=package, by=world.ministry)


async def _retried(world: World) -> Attempt:
    package = world.sealed(world.ministry, document())
    await world.intake.submit(world.ministry.caller(), package)
    world.trust = TrustStore.of(
        [world.pki.root.certificate], crls=[world.pki.root.crl(revoked=[world.ministry.identity])]
    )
    return Attempt(package=package, by=world.ministry)


async def _not_delegated(world: World) -> Attempt:
    return Attempt(package=world.sealed(world.ministry, document()), by=world.ministry, may_send=False)


async def _revoked(world: World) -> Attempt:
    world.trust = TrustStore.of(
        [world.pki.root.certificate], crls=[world.pki.root.crl(revoked=[world.ministry.identity])]
    )
    package = world.sealed(world.ministry, document())
    return Attempt(package=package, by=world.ministry)


async def _suspended_recipient(world: World) -> Attempt:
    world.suspend(world.province)
    package = world.sealed(world.ministry, document())
    return Attempt(package=package, by=world.ministry)


def _unfit(capabilities: Capabilities) -> Prepare:
    async def prepare(world: World) -> Attempt:
        agency = replace(world.province.agency, capabilities=capabilities)
        world.register(replace(world.province, agency=agency))
        package = world.sealed(world.ministry, document(to=["H91.01", "H90"]))
        return Attempt(package=package, by=world.ministry)

    return prepare


async def _unfit_for_what_comes(world: World) -> Attempt:
    agency = replace(world.province.agency, capabilities=Capabilities(attachment_bytes=len(LARGE) - 1))
    world.register(replace(world.province, agency=agency))
    package = with_detached(digest(LARGE))(world)
    return Attempt(package=package, by=world.ministry, to_upload=(LARGE,))


async def _unfit_to_join(world: World) -> Attempt:
    await world.sent(world.department)
    agency = replace(world.province.agency, capabilities=Capabilities(attachment_bytes=len(PDF) - 1))
    world.register(replace(world.province, agency=agency))
    unsigned = replace(update("H91.01", added=("H90",)), attachments=())
    return Attempt(package=world.sealed(world.ministry, unsigned), by=world.ministry)


async def _with_an_upload(world: World) -> Attempt:
    return Attempt(package=with_detached(digest(LARGE))(world), by=world.ministry, to_upload=(LARGE,))


async def _too_large_an_upload(world: World) -> Attempt:
    limits = replace(LIMITS, attachment_bytes=len(LARGE) - 1, package_bytes=len(LARGE) - 1)
    package = with_detached(digest(LARGE))(world)
    return Attempt(
        package=package,
        by=world.ministry,
        to_upload=(LARGE,),
        limits=limits,
    )


async def _too_large(world: World) -> Attempt:
    limits = replace(LIMITS, package_bytes=100)
    return Attempt(package=b"x" * 101, by=world.ministry, limits=limits)


async def _never_uploaded(world: World) -> Attempt:
    return Attempt(package=digest(b"never"), by=world.ministry)


async def _uploaded(world: World) -> Attempt:
    package = world.sealed(world.ministry, document())
    return Attempt(package=await world.uploaded(world.ministry, package), by=world.ministry)


ATTEMPTS: dict[str, tuple[Prepare, str]] = {
    **{name: (_spoilt(spoil), code) for name, (spoil, code) in SPOILT.items()},
    "a document": (_spoilt(edxml(to=("000.00.00.H90", "H91.01"))), ""),
    "a document under the sender's old name": (_spoilt(edxml(sender="000.00.00.G90")), ""),
    "an odd document": (_spoilt(edxml(subject="á" * 100_000, due_date="2026/02/01")), ""),
    "a document that was uploaded": (_uploaded, ""),
    "a document with an attachment to come": (_with_an_upload, ""),
    "a retry whose certificate was revoked since": (_retried, ""),
    "a delegate that may only receive": (_not_delegated, "NOT_DELEGATED"),
    "a revoked certificate": (_revoked, "CERTIFICATE_REVOKED"),
    "a suspended recipient": (_suspended_recipient, "SUSPENDED_RECIPIENT"),
    "a recipient that takes no such kind": (
        _unfit(Capabilities(kinds=frozenset({1, 2, 3}))),
        "RECIPIENT_UNFIT",
    ),
    "a recipient that takes no such attachment": (
        _unfit(Capabilities(attachment_bytes=len(PDF) - 1)),
        "RECIPIENT_UNFIT",
    ),
    "a recipient that takes nothing so large as what comes": (_unfit_for_what_comes, "RECIPIENT_UNFIT"),
    "one who would join and takes no such attachment": (_unfit_to_join, "RECIPIENT_UNFIT"),
    "an attachment that the axis would not take": (_too_large_an_upload, "ATTACHMENT_TOO_LARGE"),
    "too large": (_too_large, "PACKAGE_TOO_LARGE"),
    "never uploaded": (_never_uploaded, "NOT_FOUND"),
    "a revoke": (about_a_document(revoke("H90", "H91.01")), ""),
    "a second revoke": (about_a_document(revoke("H90"), revoke("H90", "H91.01")), ""),
    "a revoke of another agency's document": (_of_another_agency, "DOCUMENT_UNKNOWN"),
    "a revoke from nobody who had it": (about_a_document(revoke("K99")), "NOT_A_RECIPIENT"),
    "an update": (about_a_document(update("H90", removed=("H91.01",), added=("K99",))), ""),
    "an update that adds nobody known": (about_a_document(update(added=("X1",))), "UNKNOWN_RECIPIENT"),
    "an update that removes a stranger": (about_a_document(update(removed=("K99",))), "NOT_A_RECIPIENT"),
    "an update that contradicts itself": (
        about_a_document(update(removed=("H90",), added=("000.00.00.H90",))),
        "EDXML_AMBIGUOUS",
    ),
    "an update that adds one who refused": (_ended, "RECIPIENT_ENDED"),
    "an update during a recall": (about_a_document(update(), revoke("H90")), "DOCUMENT_RECALLED"),
    "a replacement": (about_a_document(replacement("H90", "H91.01")), ""),
    "a replacement under the old number": (
        about_a_document(replacement(document_id=DOCUMENT_ID, of={DOCUMENT_ID: ("H90",)})),
        "",
    ),
    "a replacement during a recall": (about_a_document(replacement(), revoke("H90")), "DOCUMENT_RECALLED"),
    "a replacement for a stranger": (
        about_a_document(replacement(of={DOCUMENT_ID: ("K99",)})),
        "NOT_A_RECIPIENT",
    ),
    "a replacement under another document's number": (
        about_a_document(
            replacement(document_id=DOCUMENT_ID, of={NEXT_ID: ()}), document(document_id=NEXT_ID)
        ),
        "DOCUMENT_ID_TAKEN",
    ),
    "another document under the same number": (
        about_a_document(document(subject="Khác")),
        "DOCUMENT_ID_TAKEN",
    ),
}
"""With the code that each meets; an empty one is accepted."""
