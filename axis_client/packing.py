"""What goes out: a sealed package, the files beside it, and what the axis's evidence must say of them."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lxml import etree

from axis_client import files
from axis_client.errors import LocalError, explain
from axis_client.files import Blob, printable
from axis_client.sentences import READER_SENTENCES
from edxml.agency_id import normalise
from edxml.model import HEADER_PLACE, NAMESPACE, Attachment, NotEdxml, Organ, Package, Status
from edxml.reader import read
from edxml.writer import Unwritable, write
from signing.evidence import ContentPart
from signing.keys import Signer
from signing.parser import DEFAULT_LIMITS, Malformed, parse
from signing.seal import SealError, seal
from signing.verdict import SENTENCES, Reason

DSIG = "http://www.w3.org/2000/09/xmldsig#"
_TYPES = mimetypes.MimeTypes()
"""Python's own table, the same on every machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A sealed package, ready to be sent as these very bytes."""

    sealed: bytes
    sha256: str
    package: Package
    blobs: tuple[Blob, ...]
    """The files that lie beside it, each digest once."""
    digests: Mapping[str, str]
    """ContentId -> digest of the attachments that lie beside it, as the seal has them."""

    @property
    def parts(self) -> tuple[ContentPart, ...]:
        """Every file with its digest, the package first, as the evidence must list them."""
        original, *names = self.package.part_identifiers
        found = [ContentPart(identifier=original, content_type="application/xml", sha256=self.sha256)]
        for name, attachment in zip(names, self.package.attachments, strict=True):
            digest = _digest(attachment, self.digests)
            found.append(ContentPart(identifier=name, content_type=attachment.content_type, sha256=digest))
        return tuple(found)


def _digest(attachment: Attachment, detached: Mapping[str, str]) -> str:
    if attachment.content is not None:
        return hashlib.sha256(attachment.content).hexdigest()
    return detached.get(attachment.content_id, "")


def is_sealed(root: etree._Element) -> bool:
    """True when an XML signature stands anywhere in the tree. A pseudo-signature in edXML's namespace is
    none."""
    return next(root.iter(f"{{{DSIG}}}Signature"), None) is not None


def is_edxml(root: etree._Element) -> bool:
    return etree.QName(root).namespace == NAMESPACE


def is_package(root: etree._Element) -> bool:
    """True for an edXML document, false for a status and for all else. Raises `LocalError` for edXML that
    cannot be understood."""
    return is_edxml(root) and isinstance(open_edxml(root), Package)


def read_document(path: Path) -> bytes:
    """Reads a package's file, within the parser's bound. Raises `LocalError`."""
    document = files.read(path, DEFAULT_LIMITS.bytes)
    if document is None:
        raise unreadable_xml(Malformed(Reason.XML_TOO_LARGE, files.printable(path)))
    return document


def open_xml(document: bytes) -> etree._Element:
    """Parses within the project's limits. Raises `LocalError`."""
    try:
        return parse(document)
    except Malformed as exc:
        raise unreadable_xml(exc) from exc


def unreadable_xml(error: Malformed) -> LocalError:
    """The error of XML that may not be read, under the same code wherever it is met."""
    said = SENTENCES[error.reason]
    return LocalError(
        error.reason,
        f"{said.english} ({error.detail})",
        message_vi=said.vietnamese,
        hint=said.next_step,
        hint_vi=said.next_step_vietnamese,
    )


def unreadable_edxml(error: NotEdxml) -> LocalError:
    """The error of edXML that cannot be understood, under the reader's own code."""
    said = READER_SENTENCES[error.reason]
    return LocalError(
        error.reason,
        f"{said.english} {error.detail}",
        message_vi=said.vietnamese,
        hint=said.hint,
        hint_vi=said.hint_vietnamese,
    )


def open_edxml(root: etree._Element) -> Package | Status:
    """Reads a package or a status. Raises `LocalError`."""
    try:
        return read(root)
    except NotEdxml as exc:
        raise unreadable_edxml(exc) from exc


def open_package(root: etree._Element) -> Package:
    """Reads a document package. Raises `LocalError`: not edXML, or a status."""
    package = open_edxml(root)
    if not isinstance(package, Package):
        raise explain(LocalError, "NOT_A_DOCUMENT")
    return package


def pack(
    document: bytes,
    blobs: Sequence[Blob],
    recipients: Sequence[Organ] | None,
    *,
    signer: Signer,
    at: datetime,
) -> Outgoing:
    """Seals an unsealed package with its files, or takes a sealed one exactly as it is.

    `recipients` replaces those of an unsealed package. Raises `LocalError`.
    """
    root = open_xml(document)
    if is_sealed(root):
        return _as_sealed(document, root, blobs, recipients)
    package = open_package(root)
    addressed = package if recipients is None else replace(package, recipients=_keep(package, recipients))
    bound, digests = _bind(addressed, blobs)
    unsealed = document if bound == package else written(bound)
    detached = {f"cid:{content_id}": digest for content_id, digest in digests.items()}
    sealed = seal_bytes(unsealed, signer=signer, at=at, place=HEADER_PLACE, detached=detached)
    return _outgoing(sealed, bound, blobs, digests)


def written(document: Package | Status) -> bytes:
    """Writes edXML. Raises `LocalError` for what no edXML can carry."""
    try:
        return write(document)
    except Unwritable as exc:
        raise explain(LocalError, "EDXML_UNWRITABLE", str(exc)) from exc


def seal_bytes(
    document: bytes, *, signer: Signer, at: datetime, place: str, detached: Mapping[str, str]
) -> bytes:
    """Seals, in this package's terms. Raises `LocalError`."""
    try:
        return seal(document, signer=signer, at=at, place=place, detached=detached)
    except SealError as exc:
        raise explain(LocalError, "SEAL_IMPOSSIBLE", str(exc)) from exc


def _as_sealed(
    document: bytes, root: etree._Element, blobs: Sequence[Blob], recipients: Sequence[Organ] | None
) -> Outgoing:
    package = open_package(root)
    if recipients is not None:
        named, meant = (
            {normalise(organ.organ_id) for organ in organs} for organs in (package.recipients, recipients)
        )
        if named != meant:
            raise explain(LocalError, "RECIPIENTS_SEALED", ", ".join(sorted(named)))
    digests = dict(_sealed_digests(root))
    for blob in blobs:
        if blob.sha256 not in digests.values():
            raise explain(LocalError, "ATTACHMENT_NOT_SEALED", printable(blob.path), sha256=blob.sha256)
    return _outgoing(document, package, blobs, digests)


def same_content(sealed: bytes, other: bytes) -> bool:
    """True when two sealed packages say the same, whoever sealed them and when: every field, every attachment
    and every digest of what lies beside. Raises `LocalError`."""
    one, two = open_xml(sealed), open_xml(other)
    alike = dict(_sealed_digests(one)) == dict(_sealed_digests(two))
    return alike and is_sealed(one) and open_edxml(one) == open_edxml(two)


def _outgoing(sealed: bytes, package: Package, blobs: Sequence[Blob], digests: Mapping[str, str]) -> Outgoing:
    return Outgoing(
        sealed=sealed,
        sha256=hashlib.sha256(sealed).hexdigest(),
        package=package,
        blobs=tuple({blob.sha256: blob for blob in blobs}.values()),
        digests=digests,
    )


def _sealed_digests(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Yields ContentId and SHA-256 of what the seal says lies beside the package; the axis judges the seal
    itself."""
    for reference in root.iter(f"{{{DSIG}}}Reference"):
        uri = reference.get("URI", "")
        value = reference.findtext(f"{{{DSIG}}}DigestValue", "")
        if uri.startswith("cid:"):
            try:
                yield uri.removeprefix("cid:"), base64.b64decode(value).hex()
            except ValueError as exc:
                broken = Malformed(Reason.SIGNATURE_MALFORMED, f"the digest of {uri} is no base64")
                raise unreadable_xml(broken) from exc


def _keep(package: Package, recipients: Sequence[Organ]) -> tuple[Organ, ...]:
    """What the package already says of a recipient stays."""
    known = {organ.organ_id: organ for organ in package.recipients}
    return tuple(known.get(organ.organ_id, organ) for organ in recipients)


def _bind(package: Package, blobs: Sequence[Blob]) -> tuple[Package, dict[str, str]]:
    """Joins each file to the manifest entry without content that bears its name, or adds an entry for it."""
    attachments = list(package.attachments)
    digests: dict[str, str] = {}
    for blob in blobs:
        waiting = [a for a in attachments if a.detached and a.content_id not in digests]
        name = _name(blob)
        exact = [a for a in waiting if a.name == name]
        alike = exact or [a for a in waiting if _folded(a.name) == _folded(name)]
        if len(alike) > 1:
            raise explain(LocalError, "ATTACHMENT_AMBIGUOUS", name)
        if alike:
            digests[alike[0].content_id] = blob.sha256
        else:
            entry = _entry(blob, {attachment.content_id for attachment in attachments})
            attachments.append(entry)
            digests[entry.content_id] = blob.sha256
    if len(attachments) == len(package.attachments):
        return package, digests
    return replace(package, attachments=tuple(attachments)), digests


def _entry(blob: Blob, taken: set[str]) -> Attachment:
    """Makes a manifest entry, its ContentId from the digest: sealing again names it alike."""
    stem = blob.sha256[:32]
    content_id = next(c for c in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if c not in taken)
    name = _name(blob)
    kind = _TYPES.guess_type(name)[0] or "application/octet-stream"
    return Attachment(content_id=content_id, name=name, content_type=kind, description=name)


def _name(blob: Blob) -> str:
    """Returns the file's name as XML takes it; bytes that are not UTF-8 become `_`."""
    text = "".join("_" if "\udc80" <= c <= "\udcff" else c for c in blob.path.name)
    return "".join("_" if unicodedata.category(c) == "Cc" else c for c in text)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name)
