"""Evidence documents, written (ETSI EN 319 522-3 V1.2.1, element order as in `schema/evidence.xsd`).

The text is built in its exclusive canonical form (namespaces declared where they are used, no empty tags,
canonical escapes), so that it can be hashed and sealed as it stands. What a signer's certificate decides is
prepared once.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Hashable
from functools import lru_cache
from typing import cast

from cryptography.hazmat.primitives.serialization import Encoding

from signing.algorithms import DS, SHA256
from signing.evidence.events import EVENT_URI, NEGATIVE_EVENTS
from signing.evidence.record import ContentPart, EventReason, EvidenceRecord, Party
from signing.keys import Signer
from signing.seal import Sealer
from signing.spelling import escaped, local

EVIDENCE = "http://uri.etsi.org/19522/v1#"
VERSION = "EN319522v1.1.1"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
NAME_ATTRIBUTE = "urn:oid:2.5.4.10"
"""organizationName (X.520): the agency's name."""
ID_ATTRIBUTE = "urn:oid:2.5.4.97"
"""organizationIdentifier (X.520): the issuer's agency id, since EvidenceIssuerDetails has no Identifier."""
AGENCY_ID_SCHEME = "urn:national-axis:agency-id"
REASON_URI = "urn:national-axis:reason:"

_CODE = re.compile(r"[A-Za-z0-9._-]{1,100}")
_DIGEST_METHOD = f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{SHA256}"></ds:DigestMethod>'


class EvidenceWriter:
    """Writes evidence with one signer. Safe to share between threads."""

    def __init__(self, signer: Signer) -> None:
        self._sealer = Sealer(signer)
        digest = hashlib.sha256(signer.certificate.public_bytes(Encoding.DER)).digest()
        self._certificate = (
            f"<CertificateDetails><CertID><CertDigest>{_DIGEST_METHOD}{_digest_value(digest)}</CertDigest>"
            "</CertID></CertificateDetails>"
        )

    def write(self, record: EvidenceRecord) -> bytes:
        """See `signing.evidence.write`."""
        return self._sealer.seal_canonical(self._document(record).encode(), at=record.at)

    def _document(self, record: EvidenceRecord) -> str:
        _check(record)
        return "".join(
            (
                f'<Evidence xmlns="{EVIDENCE}" version="{VERSION}">',
                f"<EvidenceIdentifier>{escaped(record.evidence_id)}</EvidenceIdentifier>",
                f"<ERDSEventId>{EVENT_URI}{record.event}</ERDSEventId>",
                _reasons(record.reasons),
                f"<EventTime>{local(record.at)}</EventTime>",
                _policies(record.policy_ids),
                f"<EvidenceIssuerDetails><Identity>{_attribute(ID_ATTRIBUTE, record.issuer.agency_id)}",
                _attribute(NAME_ATTRIBUTE, record.issuer.name) if record.issuer.name else "",
                f"</Identity>{self._certificate}</EvidenceIssuerDetails>",
                f"<SenderDetails>{_party(record.sender)}</SenderDetails>",
                f"<SenderDelegateDetails>{_party(record.sender_delegate)}</SenderDelegateDetails>"
                if record.sender_delegate
                else "",
                "".join(
                    [f"<RecipientDetails>{_party(party)}</RecipientDetails>" for party in record.recipients]
                )
                or "<RecipientDetails></RecipientDetails>",
                _recipients_delegate(record),
                f"<SubmissionTime>{local(record.submitted_at)}</SubmissionTime>"
                if record.submitted_at
                else "",
                f"<EvidenceRefersToRecipient>{record.about_recipient}</EvidenceRefersToRecipient>"
                if record.about_recipient
                else "",
                f"<MessageIdentifier>{escaped(record.message_id)}</MessageIdentifier>",
                _content(record.document_id, record.parts),
                "</Evidence>",
            )
        )


def writer_for(signer: Signer) -> EvidenceWriter:
    """Returns the writer of a signer, prepared once: preparing costs more than writing."""
    return _prepared(cast(Hashable, signer))


@lru_cache(maxsize=8)
def _prepared(signer: Hashable) -> EvidenceWriter:
    return EvidenceWriter(cast(Signer, signer))


def _check(record: EvidenceRecord) -> None:
    """A record that its document could not carry is the caller's mistake."""
    if record.event in NEGATIVE_EVENTS and not record.reasons:
        raise ValueError(f"{record.event} needs a reason")
    if record.about_recipient is not None and not 1 <= record.about_recipient <= len(record.recipients):
        raise ValueError(f"there is no recipient number {record.about_recipient}")
    if record.document_id and not record.parts:
        raise ValueError("a document id needs a part beside it")
    if record.recipients_delegate is not None and record.about_recipient is None:
        raise ValueError("a recipient's delegate needs the recipient that it acts for")
    delegates = [one for one in (record.sender_delegate, record.recipients_delegate) if one is not None]
    if not all(party.agency_id for party in (record.issuer, record.sender, *record.recipients, *delegates)):
        raise ValueError("a party needs an agency id")
    if not (record.evidence_id and record.message_id):
        raise ValueError("an evidence needs its own id and its message's")


def _attribute(name: str, value: str) -> str:
    return (
        f'<saml:Attribute xmlns:saml="{SAML}" Name="{name}">'
        f"<saml:AttributeValue>{escaped(value)}</saml:AttributeValue></saml:Attribute>"
    )


def _party(party: Party) -> str:
    identity = f"<Identity>{_attribute(NAME_ATTRIBUTE, party.name)}</Identity>" if party.name else ""
    agency_id = escaped(party.agency_id)
    return f'{identity}<Identifier IdentifierSchemeName="{AGENCY_ID_SCHEME}">{agency_id}</Identifier>'


def _recipients_delegate(record: EvidenceRecord) -> str:
    """Names the one recipient that is delegated by its number."""
    if record.recipients_delegate is None:
        return ""
    return (
        f"<RecipientsDelegateDetails>{_party(record.recipients_delegate)}"
        f"<DelegatingRecipients>{record.about_recipient}</DelegatingRecipients></RecipientsDelegateDetails>"
    )


def _reasons(reasons: tuple[EventReason, ...]) -> str:
    if not reasons:
        return ""
    return f"<EventReasons>{''.join(map(_reason, reasons))}</EventReasons>"


def _reason(reason: EventReason) -> str:
    if not _CODE.fullmatch(reason.code):
        raise ValueError(f"{reason.code!r} is no reason code")
    details = f"<Details>{escaped(reason.details)}</Details>" if reason.details else ""
    return f"<EventReason><Code>{REASON_URI}{reason.code}</Code>{details}</EventReason>"


def _policies(policy_ids: tuple[str, ...]) -> str:
    if not policy_ids:
        return ""
    each = "".join(f"<PolicyID>{escaped(policy)}</PolicyID>" for policy in policy_ids)
    return f"<EvidenceIssuerPolicyID>{each}</EvidenceIssuerPolicyID>"


def _content(document_id: str, parts: tuple[ContentPart, ...]) -> str:
    if not parts:
        return ""
    document = f"<AppLayerIdentifier>{escaped(document_id)}</AppLayerIdentifier>" if document_id else ""
    return f"<UserContentInfo>{document}<PartsInfo>{''.join(map(_part, parts))}</PartsInfo></UserContentInfo>"


def _part(part: ContentPart) -> str:
    digest = bytes.fromhex(part.sha256)
    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError(f"{part.sha256!r} is no SHA-256")
    return (
        f"<PartInfo><Identifier>{escaped(part.identifier)}</Identifier>"
        f"<ContentType>{escaped(part.content_type)}</ContentType>{_DIGEST_METHOD}{_digest_value(digest)}</PartInfo>"
    )


def _digest_value(digest: bytes) -> str:
    return f'<ds:DigestValue xmlns:ds="{DS}">{b64encode(digest).decode()}</ds:DigestValue>'
