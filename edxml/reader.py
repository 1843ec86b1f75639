"""The tolerant reader.

It goes over the children once, by the structure in `edxml.shape`, and then builds the nouns. What it meets
and does not refuse, it warns of; the codes:

FIELD_TOO_LONG         a text is longer than the law allows
FIELD_MISSING          an element that the standard demands is missing or empty
RECIPIENT_EMPTY        a `To` that says nothing stands among the recipients, and was left out
ORGAN_ID_MISSING       a recipient is named without an identifier
IDS_DISAGREE           two places that should name one document or one attachment do not
NOT_IN_MANIFEST        an attachment stands in the package, but not in its manifest
ATTACHMENT_DISAGREES   manifest and attachment describe it differently; the manifest's words were read
ATTACHMENT_EMPTY       an attachment is an empty file
WRONG_CONTENT_TYPE     an attachment is not what its label says
PRIORITY_UNKNOWN, STEERING_UNKNOWN, RECEIVER_TYPE_UNKNOWN    a code that is not in its list
DATE_UNREADABLE        a date or timestamp is none
STATUS_14              status 14, a known misprint, was read as 15
STATUS_UNPADDED        a status was written with one digit
PSEUDO_SIGNATURE       a signature in the package namespace, which is none: the package is not signed by it
NAMESAKE               an element with a known name in a foreign namespace, not read as the known one
WARNINGS_CUT           there were more
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from typing import Any

from lxml import etree

from edxml import codes
from edxml.attachments import fits_label, kind_of
from edxml.gather import WHITESPACE, Notes, gather
from edxml.model import (
    NAMESPACE,
    Attachment,
    Bussiness,
    Code,
    NotEdxml,
    Organ,
    OtherInfo,
    Package,
    Receiver,
    Replacement,
    ResponseFor,
    StaffInfo,
    Status,
    TraceHeader,
    date_of,
    timestamp_of,
)
from edxml.shape import DOCUMENT, STATUS
from signing.parser import text_of

Values = dict[str, Any]

_ROOT = f"{{{NAMESPACE}}}edXML"
_STATUS_CODE = "/".join(
    f"{{{NAMESPACE}}}{name}" for name in ("edXMLEnvelope", "edXMLHeader", "MessageHeader", "StatusCode")
)
_WHITESPACE = WHITESPACE.encode()


def read(root: etree._Element) -> Package | Status:
    """Reads an edXML tree: any child order, any prefix, missing or empty elements, leftovers of .NET
    producers.

    The tree comes from `signing.parser.parse`, or is `signing.verdict.Sound.root`, whose signature has been
    taken out. It is not changed. Raises `NotEdxml`, also where two readers could see two different
    documents: an element that may stand once stands twice, a text has children, a status carries a
    document.
    """
    if root.tag != _ROOT:
        raise NotEdxml("NOT_EDXML", "The root is not edXML in the namespace of QCVN 102:2016.")
    notes = Notes()
    if _is_status(root):
        return _status(gather(root, STATUS, notes), notes)
    return _package(gather(root, DOCUMENT, notes), notes)


def _is_status(root: etree._Element) -> bool:
    """Whether a status code stands where one belongs; an empty one says nothing."""
    return any(text_of(element).strip(WHITESPACE) for element in root.iterfind(_STATUS_CODE))


def _header(values: Values) -> tuple[Values, Values]:
    """Returns edXMLHeader and MessageHeader."""
    header = values.get("edXMLEnvelope", {}).get("edXMLHeader", {})
    message = header.get("MessageHeader")
    if not message:
        raise NotEdxml("EDXML_INCOMPLETE", "The package has no message header.")
    return header, message


def _organ(values: Values) -> Organ:
    return Organ(**{"organ_id": "", **values})


def _sender(message: Values) -> Organ:
    sender = _organ(message.get("From", {}))
    if not sender.organ_id:
        raise NotEdxml("EDXML_INCOMPLETE", "The package does not say who sends it: From has no OrganId.")
    return sender


def _recipients(message: Values, notes: Notes) -> tuple[Organ, ...]:
    recipients = tuple(_organ(values) for values in message.get("To", ()))
    for number, recipient in enumerate(recipients, 1):
        if not recipient.organ_id:
            notes.warn("ORGAN_ID_MISSING", f"Recipient {number} has no OrganId.")
    return recipients


def _staff(values: Values) -> StaffInfo | None:
    staff = values.get("staff")
    return StaffInfo(**staff) if staff and any(staff.values()) else None


def _status(values: Values, notes: Notes) -> Status:
    _, message = _header(values)
    written = message["status_code"]
    if not (written.isascii() and written.isdigit() and len(written) <= 2):
        raise NotEdxml("STATUS_UNKNOWN", "The status code is not a number of two digits.")
    code = written.zfill(2)
    if code != written:
        notes.warn("STATUS_UNPADDED", f"Status {written} was read as {code}.")
    if code == codes.STATUS_TYPO:
        notes.warn("STATUS_14", f"Status 14 was read as {codes.STATUS_MEANT}, which it is a misprint of.")
        code = codes.STATUS_MEANT
    if code not in codes.STATUS:
        raise NotEdxml("STATUS_UNKNOWN", f"Status {code} is not in the standard's list.")
    response_for = ResponseFor(**message.get("ResponseFor", {}))
    if not (response_for.document_id or response_for.code):
        raise NotEdxml("EDXML_INCOMPLETE", "The status does not say which document it is about.")
    status = Status(
        sender=_sender(message),
        response_for=response_for,
        status_code=code,
        description=message.get("description", ""),
        timestamp=message.get("timestamp", ""),
        staff=_staff(message),
        recipients=_recipients(message, notes),
        extensions=notes.sorted_extensions(),
        attributes=notes.sorted_attributes(),
    )
    if status.timestamp and status.reported_at is None:
        notes.warn("DATE_UNREADABLE", "Timestamp is not of the form yyyy/MM/dd HH:mm:ss.")
    return notes.give(status)


def _package(values: Values, notes: Notes) -> Package:
    header, message = _header(values)
    if not any(message.get(key) for key in ("To", "document_id", "Code", "subject")):
        raise NotEdxml("EDXML_INCOMPLETE", "The message is neither a document nor a status.")
    trace = header.get("TraceHeaderList", {})
    bussiness = _bussiness(trace.get("Bussiness", {}))
    document_id = message.get("document_id", "")
    stated_id = bussiness.document_id if bussiness else ""
    if document_id and stated_id and document_id != stated_id:
        notes.warn("IDS_DISAGREE", "DocumentId of the header and of Bussiness differ; the header's was read.")
    package = Package(
        sender=_sender(message),
        recipients=_recipients(message, notes),
        document_id=document_id or stated_id,
        code=Code(**message.get("Code", {})),
        subject=message.get("subject", ""),
        content=message.get("content", ""),
        due_date=message.get("due_date", ""),
        steering_type=message.get("steering_type", ""),
        application_type=message.get("application_type", ""),
        **message.get("PromulgationInfo", {}),
        **message.get("DocumentType", {}),
        **message.get("SignerInfo", {}),
        to_places=tuple(message.get("ToPlaces", {}).get("to_places", ())),
        other=_other(message.get("OtherInfo", {})),
        response_for=tuple(ResponseFor(**each) for each in message.get("ResponseFor", ())),
        response_for_task=tuple(message.get("ResponseForTask", {}).get("response_for_task", ())),
        bussiness=bussiness,
        trace=tuple(
            TraceHeader(**{"organ_id": "", "timestamp": "", **each}) for each in trace.get("TraceHeader", ())
        ),
        attachments=_attachments(values, notes),
        extensions=notes.sorted_extensions(),
        attributes=notes.sorted_attributes(),
    )
    _warn_of_oddities(package, notes)
    return notes.give(package)


def _other(values: Values) -> OtherInfo:
    lists = {name: values.get(name, {}) for name in ("Appendixes", "ReplyFors", "ReferenceCodes")}
    texts: Values = {key: value for key, value in values.items() if isinstance(value, str)}
    return OtherInfo(
        **texts,
        appendixes=tuple(lists["Appendixes"].get("appendixes", ())),
        reply_fors=tuple(lists["ReplyFors"].get("reply_fors", ())),
        reference_codes=tuple(lists["ReferenceCodes"].get("reference_codes", ())),
    )


def _bussiness(values: Values) -> Bussiness | None:
    information = values.get("BussinessDocumentInfo", {})
    bussiness = Bussiness(
        doc_type=values.get("doc_type") or "0",
        reason=values.get("reason", ""),
        document_id=values.get("document_id", ""),
        paper=values.get("paper", ""),
        document_info=information.get("document_info", ""),
        document_receiver=information.get("document_receiver", ""),
        receivers=tuple(
            Receiver(**{"organ_id": "", "receiver_type": "", **each})
            for each in information.get("ReceiverList", {}).get("Receiver", ())
        ),
        replacements=tuple(
            Replacement(
                document_id=each.get("document_id", ""),
                organ_ids=tuple(each.get("OrganIdList", {}).get("organ_ids", ())),
            )
            for each in values.get("ReplacementInfoList", {}).get("ReplacementInfo", ())
        ),
        staff=_staff(values),
    )
    if bussiness.doc_type not in codes.KIND:
        raise NotEdxml("KIND_UNKNOWN", "BussinessDocType is none of 0, 1, 2, 3.")
    return bussiness if values.get("doc_type") or bussiness != Bussiness() else None


def _attachments(values: Values, notes: Notes) -> tuple[Attachment, ...]:
    """Joins manifest and contents by ContentId; each id may stand once in either."""
    manifest = values.get("edXMLEnvelope", {}).get("edXMLBody", {}).get("edXMLManifest", {})
    references = _by_content_id(manifest.get("Reference", ()), notes)
    contents = _by_content_id(values.get("AttachmentEncoded", {}).get("Attachment", ()), notes)
    attachments: list[Attachment] = []
    for content_id in dict.fromkeys((*references, *contents)):
        reference, content = references.get(content_id), contents.get(content_id, {})
        if reference is None:
            notes.warn("NOT_IN_MANIFEST", "An attachment is not named in the manifest.")
            reference = {}
        texts = {}
        for key in ("name", "content_type", "description"):
            listed, beside = reference.get(key, ""), content.get(key, "")
            texts[key] = listed or beside
            if listed and beside and listed != beside:
                notes.warn("ATTACHMENT_DISAGREES", f"Manifest and attachment differ in {key}.")
        attachment = Attachment(content_id=content_id, content=_decoded(content.get("base64")), **texts)
        _warn_of_content(attachment, len(attachments) + 1, notes)
        attachments.append(attachment)
    return tuple(attachments)


def _by_content_id(entries: Iterable[Values], notes: Notes) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for entry in entries:
        content_id, href = (_without_cid(entry.get(key, "")) for key in ("content_id", "href"))
        if content_id and href and content_id != href:
            notes.warn(
                "IDS_DISAGREE", "ContentId and xlink:href of an attachment differ; ContentId was read."
            )
        content_id = content_id or href
        if not content_id:
            raise NotEdxml("ATTACHMENT_UNNAMED", "An attachment has no ContentId.")
        if content_id in found:
            raise NotEdxml("DUPLICATE_CONTENT_ID", "Two attachments carry the same ContentId.")
        found[content_id] = entry
    return found


def _without_cid(content_id: str) -> str:
    while content_id[:4].lower() == "cid:":
        content_id = content_id[4:].strip(WHITESPACE)
    return content_id


def _decoded(base64: str | None) -> bytes | None:
    """Strict base64: its alphabet, right padding, nothing after it; XML white space may stand anywhere."""
    if base64 is None:
        return None
    try:
        characters = base64.encode("ascii").translate(None, _WHITESPACE)
        if len(characters) % 4 or characters.endswith(b"==="):
            raise binascii.Error("padding")
        return binascii.a2b_base64(characters, strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as exc:
        raise NotEdxml("BASE64_MALFORMED", "An attachment's content is not base64.") from exc


def _warn_of_content(attachment: Attachment, number: int, notes: Notes) -> None:
    if not attachment.name:
        notes.warn("FIELD_MISSING", f"Attachment {number} has no AttachmentName.")
    if attachment.content is None:
        return
    if not attachment.content:
        notes.warn("ATTACHMENT_EMPTY", f"Attachment {number} is an empty file.")
    elif not fits_label(attachment.content, attachment.content_type):
        kind = kind_of(attachment.content)
        notes.warn("WRONG_CONTENT_TYPE", f"Attachment {number} is not what its label says, but {kind}.")


def _warn_of_oddities(package: Package, notes: Notes) -> None:
    for name, value in (
        ("DocumentId", package.document_id),
        ("CodeNumber", package.code.number),
        ("CodeNotation", package.code.notation),
        ("PromulgationDate", package.promulgation_date),
        ("Subject", package.subject),
        ("SteeringType", package.steering_type),
    ):
        if not value:
            notes.warn("FIELD_MISSING", f"{name} is missing.")
    for name, value in (
        ("PromulgationDate", package.promulgation_date),
        ("DueDate", package.due_date),
        *(("PromulgationDate of ResponseFor", each.promulgation_date) for each in package.response_for),
    ):
        if value and date_of(value) is None:
            notes.warn("DATE_UNREADABLE", f"{name} is not of the form yyyy/MM/dd.")
    for each in package.trace:
        if timestamp_of(each.timestamp) is None:
            notes.warn("DATE_UNREADABLE", "A Timestamp is not of the form yyyy/MM/dd HH:mm:ss.")
    if package.other.priority and package.other.priority not in codes.PRIORITY:
        notes.warn("PRIORITY_UNKNOWN", "Priority is none of 0 to 4 and was taken for normal.")
    if package.steering_type and package.steering_type not in codes.STEERING:
        notes.warn("STEERING_UNKNOWN", "SteeringType is none of 0 to 3.")
    for receiver in package.bussiness.receivers if package.bussiness else ():
        if receiver.receiver_type not in codes.RECEIVER:
            notes.warn("RECEIVER_TYPE_UNKNOWN", "ReceiverType is neither 0 nor 1.")
    if len("\n".join(package.to_places)) > 1000:
        notes.warn("FIELD_TOO_LONG", "ToPlaces has more than 1000 characters.")
