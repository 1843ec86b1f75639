"""Evidence documents, read back: from a verified tree to an `EvidenceRecord`."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime

from lxml import etree

from signing.algorithms import DS, SHA256
from signing.evidence.events import EVENT_URI, EventId
from signing.evidence.record import ContentPart, EventReason, EvidenceRecord, NotEvidence, Party
from signing.evidence.writer import (
    AGENCY_ID_SCHEME,
    EVIDENCE,
    ID_ATTRIBUTE,
    NAME_ATTRIBUTE,
    REASON_URI,
    SAML,
    VERSION,
)
from signing.parser import text_of
from signing.verdict import Sound

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_SHA256_BYTES = 32


def read(sound: Sound) -> EvidenceRecord:
    """Reads what a verified evidence document says. Raises `NotEvidence`.

    Elements that a record has no place for (extensions, log entries) are passed over. What it
    does have a place for must be there as often as the standard says, and must mean one thing.
    """
    root = sound.root
    if root.tag != _name("Evidence") or root.get("version") != VERSION:
        raise NotEvidence(f"the document is no Evidence of version {VERSION}")
    recipients = _recipients(root)
    content = _optional(root, "UserContentInfo")
    sender_delegate = _optional(root, "SenderDelegateDetails")
    delegate = _recipients_delegate(root)
    return EvidenceRecord(
        evidence_id=_text(root, "EvidenceIdentifier"),
        event=_event(_text(root, "ERDSEventId")),
        at=_time(_text(root, "EventTime")),
        issuer=_issuer(_one(_one(root, "EvidenceIssuerDetails"), "Identity")),
        sender=_party(_one(root, "SenderDetails")),
        recipients=recipients,
        sender_delegate=None if sender_delegate is None else _party(sender_delegate),
        recipients_delegate=None if delegate is None else _party(delegate),
        message_id=_text(root, "MessageIdentifier"),
        submitted_at=_submitted(_optional(root, "SubmissionTime")),
        about_recipient=_about(_optional(root, "EvidenceRefersToRecipient"), len(recipients)),
        document_id="" if content is None else text_of(_optional(content, "AppLayerIdentifier")),
        parts=() if content is None else _parts(_one(content, "PartsInfo")),
        reasons=_reasons(_optional(root, "EventReasons")),
        policy_ids=_policies(_optional(root, "EvidenceIssuerPolicyID")),
    )


def _name(local: str, namespace: str = EVIDENCE) -> str:
    return f"{{{namespace}}}{local}"


def _optional(parent: etree._Element, local: str, namespace: str = EVIDENCE) -> etree._Element | None:
    found = parent.findall(_name(local, namespace))
    if len(found) > 1:
        raise NotEvidence(f"{local} stands {len(found)} times")
    return found[0] if found else None


def _one(parent: etree._Element, local: str, namespace: str = EVIDENCE) -> etree._Element:
    found = _optional(parent, local, namespace)
    if found is None:
        raise NotEvidence(f"{local} is missing")
    return found


def _text(parent: etree._Element, local: str) -> str:
    text = text_of(_one(parent, local))
    if not text:
        raise NotEvidence(f"{local} is empty")
    return text


def _event(uri: str) -> EventId:
    try:
        return EventId(uri.removeprefix(EVENT_URI)) if uri.startswith(EVENT_URI) else _no_event(uri)
    except ValueError:
        return _no_event(uri)


def _no_event(uri: str) -> EventId:
    raise NotEvidence(f"{uri[:100]!r} is no event of EN 319 522")


def _time(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise NotEvidence(f"{text[:50]!r} is no time with a zone")
    try:
        return datetime.fromisoformat(text)
    except ValueError as exc:
        raise NotEvidence(f"{text!r} is no time") from exc


def _submitted(element: etree._Element | None) -> datetime | None:
    return None if element is None else _time(text_of(element))


def _about(element: etree._Element | None, recipients: int) -> int | None:
    if element is None:
        return None
    text = text_of(element)
    if not _NUMBER.fullmatch(text) or int(text) > recipients:
        raise NotEvidence(f"{text[:20]!r} is no number of a recipient")
    return int(text)


def _issuer(identity: etree._Element) -> Party:
    agency_id = _attribute(identity, ID_ATTRIBUTE)
    if not agency_id:
        raise NotEvidence("the issuer has no agency id")
    return Party(agency_id=agency_id, name=_attribute(identity, NAME_ATTRIBUTE))


def _attribute(identity: etree._Element, name: str) -> str:
    found = [each for each in identity.findall(_name("Attribute", SAML)) if each.get("Name") == name]
    if len(found) > 1:
        raise NotEvidence(f"the attribute {name} stands {len(found)} times")
    return text_of(_one(found[0], "AttributeValue", SAML)) if found else ""


def _party(details: etree._Element) -> Party:
    identifier = _one(details, "Identifier")
    if identifier.get("IdentifierSchemeName") != AGENCY_ID_SCHEME:
        raise NotEvidence("an identifier is no agency id")
    identity = _optional(details, "Identity")
    name = "" if identity is None else _attribute(identity, NAME_ATTRIBUTE)
    return Party(agency_id=_text(details, "Identifier"), name=name)


def _recipients(root: etree._Element) -> tuple[Party, ...]:
    """One empty RecipientDetails says that no recipient is known."""
    found = root.findall(_name("RecipientDetails"))
    if not found:
        raise NotEvidence("RecipientDetails is missing")
    if len(found) == 1 and len(found[0]) == 0:
        return ()
    return tuple(_party(details) for details in found)


def _recipients_delegate(root: etree._Element) -> etree._Element | None:
    """It must act for the very recipient that the evidence refers to."""
    delegate = _optional(root, "RecipientsDelegateDetails")
    if delegate is not None and text_of(_one(delegate, "DelegatingRecipients")) != text_of(
        _optional(root, "EvidenceRefersToRecipient")
    ):
        raise NotEvidence("the delegate acts for another recipient")
    return delegate


def _parts(info: etree._Element) -> tuple[ContentPart, ...]:
    parts = tuple(_part(part) for part in info.findall(_name("PartInfo")))
    if not parts:
        raise NotEvidence("PartsInfo is empty")
    return parts


def _part(part: etree._Element) -> ContentPart:
    if _one(part, "DigestMethod", DS).get("Algorithm") != SHA256:
        raise NotEvidence("the digest of a part is no SHA-256")
    try:
        digest = b64decode("".join(text_of(_one(part, "DigestValue", DS)).split()), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise NotEvidence("the digest of a part is no base64") from exc
    if len(digest) != _SHA256_BYTES:
        raise NotEvidence("the digest of a part has the wrong length")
    return ContentPart(
        identifier=text_of(_one(part, "Identifier")),
        content_type=text_of(_one(part, "ContentType")),
        sha256=digest.hex(),
    )


def _reasons(element: etree._Element | None) -> tuple[EventReason, ...]:
    return () if element is None else tuple(_each_reason(element))


def _each_reason(element: etree._Element) -> Iterator[EventReason]:
    for reason in element.findall(_name("EventReason")):
        details = [text_of(each) for each in reason.findall(_name("Details"))]
        yield EventReason(code=_text(reason, "Code").removeprefix(REASON_URI), details="\n".join(details))


def _policies(element: etree._Element | None) -> tuple[str, ...]:
    return () if element is None else tuple(text_of(each) for each in element.findall(_name("PolicyID")))
