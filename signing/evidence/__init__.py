"""Evidence documents: ETSI EN 319 522-3 V1.2.1, signed with XAdES-BASELINE-B.

    document = write(record, signer=axis_key)            # bytes to keep and to hand out
    verdict = verify(document, trust=trust, at=now)      # signing.verify
    if isinstance(verdict, Sound):
        read(verdict) == record
        missing_parts(read(verdict), my_parts)           # () when every digest is mine

Nouns are in `record` and `events`, the XML in `writer` and `reader`, the schema in `schema/`.
"""

from __future__ import annotations

from signing.evidence.events import EVENT_LABELS, NEGATIVE_EVENTS, EventId, EventLabel
from signing.evidence.reader import read
from signing.evidence.record import (
    ContentPart,
    EventReason,
    EvidenceRecord,
    NotEvidence,
    Party,
    missing_parts,
)
from signing.evidence.writer import EvidenceWriter, writer_for
from signing.keys import Signer

__all__ = [
    "EVENT_LABELS",
    "NEGATIVE_EVENTS",
    "ContentPart",
    "EventId",
    "EventLabel",
    "EventReason",
    "EvidenceRecord",
    "EvidenceWriter",
    "NotEvidence",
    "Party",
    "missing_parts",
    "read",
    "write",
]


def write(record: EvidenceRecord, *, signer: Signer) -> bytes:
    """Returns the signed evidence document: valid against `schema/evidence.xsd`, times in +07:00.

    The same record twice gives the same bytes but for the signature value. Characters that XML cannot carry
    become U+FFFD. Raises `ValueError` for a record that no evidence can carry: a negative event without a
    reason, a time without a zone, a party without an id.
    """
    return writer_for(signer).write(record)
