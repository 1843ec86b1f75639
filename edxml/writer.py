"""The strict writer."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from lxml import etree

from edxml import codes
from edxml.gather import path_of, says
from edxml.model import (
    NAMESPACE,
    Attachment,
    Bussiness,
    Extension,
    ForeignAttribute,
    NotEdxml,
    Organ,
    Package,
    StaffInfo,
    Status,
)
from edxml.reader import read
from edxml.shape import DOCUMENT, STATUS, Part
from signing.parser import Malformed, parse

Values = dict[str, Any]

_PREFIX = "edXML"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"(?:\{([^{}]+)\})?([^\W\d][\w.-]*)")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE_ESCAPES = _ESCAPES | str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;"})


class Unwritable(ValueError):
    """The model cannot be a package: XML cannot carry a text, or a reader would refuse what came out."""


def write(document: Package | Status) -> bytes:
    """Writes an unsigned package: UTF-8, one namespace prefix, the standard's order, attachments as raw
    base64.

    `read(parse(write(p)))` equals `p`, but for its warnings, when texts are trimmed and lists hold no empty
    entries, as in every model that was read. A detached attachment is a manifest entry without content.
    Extensions follow what the standard names in their place. Raises `Unwritable`.
    """
    if isinstance(document, Status):
        shape, values = STATUS, _status_values(document)
    else:
        shape, values = DOCUMENT, _package_values(document)
    page = _Page(document.extensions, document.attributes)
    page.group(shape, values, None, opening=f' xmlns:{_PREFIX}="{NAMESPACE}"')
    written = b'<?xml version="1.0" encoding="UTF-8"?>\n' + "".join(page.pieces).encode() + b"\n"
    if document.extensions or document.attributes:
        _prove_strangers(written, document)
    return written


def _prove_strangers(written: bytes, document: Package | Status) -> None:
    """Reads back what was written: an extension must neither be lost nor be taken for a known element."""
    try:
        found = read(parse(written))
    except (Malformed, NotEdxml) as exc:
        raise Unwritable(f"With its extensions the package cannot be read: {exc}") from exc
    extensions = sorted((each.path, _canonical(each)) for each in document.extensions)
    attributes = sorted((each.path, each.name, each.value) for each in document.attributes)
    if extensions != sorted(
        (each.path, each.xml.decode()) for each in found.extensions
    ) or attributes != sorted((each.path, each.name, each.value) for each in found.attributes):
        raise Unwritable("An extension or attribute has no place in the package, or is none.")


class _Page:
    """The text so far, and what the standard does not name but must find its place."""

    def __init__(self, extensions: Iterable[Extension], attributes: Iterable[ForeignAttribute]) -> None:
        self.pieces: list[str] = []
        self.extensions: dict[str, list[str]] = {}
        self.attributes: dict[str, list[ForeignAttribute]] = {}
        for extension in extensions:
            parent = extension.path.rpartition("/")[0]
            self.extensions.setdefault(parent, []).append(_canonical(extension))
        for attribute in attributes:
            self.attributes.setdefault(attribute.path, []).append(attribute)
        self.needed = {
            "/".join(names[:count])
            for names in (path.split("/") for path in (*self.extensions, *self.attributes))
            for count in range(1, len(names) + 1)
        }

    def group(self, shape: Part, values: Values, place: Any, opening: str = "") -> None:
        path = path_of(place)
        self.pieces.append(f"<{_PREFIX}:{shape.name}{opening}{self._attributes(shape, path)}>")
        for part in shape.parts or ():
            if part.many:
                for number, value in enumerate(filter(says, values.get(part.key, ())), 1):
                    self._part(part, value, (place, part.name, number))
            else:
                self._part(part, values.get(part.key), (place, part.name, 0))
        self.pieces += self.extensions.pop(path, ())
        self.pieces.append(f"</{_PREFIX}:{shape.name}>")

    def _part(self, part: Part, value: Any, place: Any) -> None:
        if not _worth_writing(part, value) and not (self.needed and path_of(place) in self.needed):
            return
        if part.parts is not None:
            self.group(part, value or {}, place)
            return
        attributes = self._attributes(part, path_of(place)) if self.attributes else ""
        text = _escaped(value or "", part.name, _ESCAPES)
        self.pieces.append(f"<{_PREFIX}:{part.name}{attributes}>{text}</{_PREFIX}:{part.name}>")

    def _attributes(self, part: Part, path: str) -> str:
        written = {name: value for name, value in part.implied if name == "version"}
        for attribute in self.attributes.pop(path, ()):
            if attribute.name in written and attribute.name != "version":
                raise Unwritable(f"{path}: an attribute stands twice.")
            written[attribute.name] = attribute.value
        return "".join(
            _attribute(name, value, number) for number, (name, value) in enumerate(written.items(), 1)
        )


def _worth_writing(part: Part, value: Any) -> bool:
    """Whether a value, of which only the part's own keys count, says anything or must stand all the same."""
    if part.always:
        return value is not None or part.parts is not None
    if part.many or part.parts is None:
        return says(value)
    return any(_worth_writing(each, value.get(each.key)) for each in part.parts) if value else False


def _attribute(name: str, value: str, number: int) -> str:
    match = _NAME.fullmatch(name)
    if match is None or match[2] == "xmlns":
        raise Unwritable("An attribute's name is no XML name.")
    text = _escaped(value, "An attribute", _ATTRIBUTE_ESCAPES)
    namespace, local = match.groups()
    if namespace is None:
        return f' {local}="{text}"'
    if name.startswith(_XML):
        return f' xml:{local}="{text}"'
    uri = _escaped(namespace, "An attribute", _ATTRIBUTE_ESCAPES)
    return f' xmlns:a{number}="{uri}" a{number}:{local}="{text}"'


def _escaped(text: str, name: str, escapes: Mapping[int, str]) -> str:
    forbidden = _NOT_XML.search(text)
    if forbidden:
        raise Unwritable(f"{name} holds U+{ord(forbidden[0]):04X}, which XML cannot carry.")
    return text.translate(escapes)


def _canonical(extension: Extension) -> str:
    try:
        root = parse(extension.xml)
        if etree.QName(root).localname != extension.path.rpartition("/")[2]:
            raise Unwritable(f"{extension.path}: the extension is another element.")
        canonical: bytes = etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
    except (Malformed, etree.C14NError) as exc:
        raise Unwritable(f"{extension.path}: the extension is no XML element.") from exc
    return canonical.decode()


def _texts(noun: Organ | StaffInfo | Any) -> Values:
    """The values of a noun whose fields are the keys of its `Part`."""
    return {field.name: getattr(noun, field.name) for field in fields(noun)}


def _sender(document: Package | Status) -> Values:
    if not document.sender.organ_id:
        raise Unwritable("The sender has no identifier.")
    return _texts(document.sender)


def _staff(staff: StaffInfo | None) -> Values:
    return _texts(staff) if staff else {}


def _status_values(status: Status) -> Values:
    if status.status_code not in codes.STATUS:
        raise Unwritable("The status code is not in the standard's list.")
    if not (status.response_for.document_id or status.response_for.code):
        raise Unwritable("The status does not say which document it is about.")
    message = {
        "From": _sender(status),
        "To": [_texts(recipient) for recipient in status.recipients],
        "ResponseFor": _texts(status.response_for),
        "staff": _staff(status.staff),
        "status_code": status.status_code,
        "description": status.description,
        "timestamp": status.timestamp,
    }
    return {"edXMLEnvelope": {"edXMLHeader": {"MessageHeader": message}}}


def _package_values(package: Package) -> Values:
    texts = _texts(package)
    if not (package.recipients or package.document_id or says(_texts(package.code)) or package.subject):
        raise Unwritable("The package says neither what it is nor to whom it goes.")
    other = _texts(package.other)
    message = {
        **texts,
        "From": _sender(package),
        "To": [_texts(recipient) for recipient in package.recipients],
        "Code": _texts(package.code),
        "PromulgationInfo": texts,
        "DocumentType": texts,
        "SignerInfo": texts,
        "ToPlaces": texts,
        "OtherInfo": {**other, "Appendixes": other, "ReplyFors": other, "ReferenceCodes": other},
        "ResponseFor": [_texts(each) for each in package.response_for],
        "ResponseForTask": texts,
    }
    trace = {
        "TraceHeader": [_texts(each) for each in package.trace],
        "Bussiness": _bussiness(package.bussiness),
    }
    references, contents = _attachments(package.attachments)
    return {
        "edXMLEnvelope": {
            "edXMLHeader": {"MessageHeader": message, "TraceHeaderList": trace},
            "edXMLBody": {"edXMLManifest": {"Reference": references}},
        },
        "AttachmentEncoded": {"Attachment": contents},
    }


def _bussiness(bussiness: Bussiness | None) -> Values:
    if bussiness is None:
        return {}
    if bussiness.doc_type not in codes.KIND:
        raise Unwritable("BussinessDocType is none of 0, 1, 2, 3.")
    texts = _texts(bussiness)
    return {
        **texts,
        "BussinessDocumentInfo": {
            "document_info": bussiness.document_info,
            "document_receiver": bussiness.document_receiver,
            "ReceiverList": {"Receiver": [_texts(each) for each in bussiness.receivers]},
        },
        "ReplacementInfoList": {
            "ReplacementInfo": [
                {"document_id": each.document_id, "OrganIdList": {"organ_ids": each.organ_ids}}
                for each in bussiness.replacements
            ]
        },
        "staff": _staff(bussiness.staff),
    }


def _attachments(attachments: tuple[Attachment, ...]) -> tuple[list[Values], list[Values]]:
    """Returns the manifest's references and the inline contents."""
    references, contents = [], []
    seen: set[str] = set()
    for attachment in attachments:
        content_id = attachment.content_id
        if not content_id or content_id in seen or content_id[:4].lower() == "cid:":
            raise Unwritable("Each attachment needs a ContentId of its own, without cid:.")
        seen.add(content_id)
        texts = _texts(attachment) | {"content_id": f"cid:{content_id}"}
        references.append(texts)
        if attachment.content is not None:
            base64 = binascii.b2a_base64(attachment.content, newline=False).decode("ascii")
            contents.append(texts | {"base64": base64})
    return references, contents
