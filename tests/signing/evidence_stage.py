"""The stage of the evidence tests: an axis that signs, and what it says."""

from __future__ import annotations

import functools
from typing import Any

from lxml import etree

from signing.evidence import ContentPart, EventId, EvidenceRecord, Party, write
from signing.evidence.schema import evidence_schema
from signing.keys import MemorySigner
from signing.parser import parse
from signing.trust import TrustStore
from signing.verdict import Sound
from signing.verify import verify
from tests.pki import AT
from tests.signing import stage

EV = "{http://uri.etsi.org/19522/v1#}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"

PARTS = (
    ContentPart(identifier="original", content_type="application/xml", sha256="ab" * 32),
    ContentPart(identifier="cid:209", content_type="application/pdf", sha256="0f" * 32),
)


@functools.cache
def axis() -> MemorySigner:
    issuing = stage.root().authority("Axis CA")
    return stage.signer(issuing.issue("National Axis"))


def record(**changes: Any) -> EvidenceRecord:
    """A SubmissionAcceptance to three recipients, or what `changes` make of it."""
    fields: dict[str, Any] = {
        "evidence_id": "0192f0c1-7a10-7000-8000-000000000001",
        "event": EventId.SUBMISSION_ACCEPTANCE,
        "at": AT,
        "issuer": Party(agency_id="AXIS.01", name="Trục liên thông văn bản"),
        "sender": Party(agency_id="G22.01.02", name="Bộ Mẫu"),
        "recipients": tuple(Party(agency_id=f"H{n}.01", name=f"Sở Nội vụ {n}") for n in (1, 2, 3)),
        "message_id": "k2hqm5x7v3b4n6c8z9a1s2d3f4",
        "submitted_at": AT,
        "document_id": "G22.01.02,2026/03/02,15/CV-VP",
        "parts": PARTS,
    }
    return EvidenceRecord(**(fields | changes))


def verified(document: bytes) -> Sound:
    verdict = verify(document, trust=TrustStore.of([stage.root().certificate]), at=AT)
    assert isinstance(verdict, Sound), verdict
    return verdict


def tree(**changes: Any) -> etree._Element:
    """A written evidence as a tree, signature and all."""
    return parse(write(record(**changes), signer=axis()))


@functools.cache
def schema() -> etree.XMLSchema:
    return evidence_schema()
