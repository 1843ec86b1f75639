"""The stage of the package tests: a dispatch that went from a ministry to a province, with all its evidence.

Real seals, real evidence, a log with its proofs and a time-stamp, all made for this run.
"""

from __future__ import annotations

import functools
import hashlib
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from signing.dispatch import dispatch_id, ni_uri
from signing.entitlement import EVIDENCE_SIGNING
from signing.evidence import ContentPart, EventId, EvidenceRecord, Party
from signing.evidence import write as write_evidence
from signing.evidence.events import EventLabel
from signing.keys import MemorySigner
from signing.log import (
    Checkpoint,
    CompactRange,
    InclusionProof,
    LogPolicy,
    MemoryNoteSigner,
    NoteSigner,
    inclusion_proof,
    leaf_hash,
    sign_checkpoint,
    write_proof,
)
from signing.package import (
    Attachment,
    Contents,
    Evidence,
    Headline,
    Stamped,
    Statement,
    Trust,
    Verified,
    verify,
    write,
)
from signing.seal import seal
from signing.trust import TrustStore
from tests.pki import AT, Authority, Identity, authority
from tests.signing import stage
from tests.signing.timestamps import stage as time_stage

PEM = Encoding.PEM
SENDER, RECIPIENT = "000.00.00.G90", "000.00.00.H90"
DOCUMENT_ID = "000.00.00.G90,2026/03/02,7816/BM-VP"
NOW = AT + timedelta(days=30)
LETTER = (
    f'<letter xmlns="urn:test"><DocumentId>{DOCUMENT_ID}</DocumentId><body>Kính gửi</body></letter>'
).encode()
EVIDENCE_USAGE = ((x509.ExtendedKeyUsage([EVIDENCE_SIGNING]), False),)
FILES = (
    ("Phụ lục.pdf", b"%PDF-1.4 one"),
    ("Phụ lục.pdf", b"%PDF-1.4 two"),
    (unicodedata.normalize("NFD", "số liệu.csv"), b"1;2"),
)
"""Two files of one name, and Vietnamese spelled decomposed."""


@functools.cache
def root() -> Authority:
    return authority("Package Root")


@functools.cache
def agencies() -> Authority:
    return root().authority("Agencies CA")


@functools.cache
def identity(name: str) -> Identity:
    return agencies().issue(name, organization="Cơ quan")


@functools.cache
def axis() -> Identity:
    return root().issue("Evidence of AXIS.TEST", extensions=EVIDENCE_USAGE)


def signer(of: Identity) -> MemorySigner:
    return stage.signer(of)


def trust(**changes: Any) -> Trust:
    return replace(
        Trust(seals=TrustStore.of([root().certificate]), log=log_policy(), time=time_stage.trust()), **changes
    )


@functools.cache
def log_key() -> MemoryNoteSigner:
    return MemoryNoteSigner("axis.test/log", Ed25519PrivateKey.generate())


def log_policy() -> LogPolicy:
    return LogPolicy(origin="axis.test/log", keys=(log_key().key,))


def parts(original: bytes, files: Sequence[tuple[str, bytes]] = FILES) -> tuple[ContentPart, ...]:
    listed = [("original", original), *((f"cid:{n}", content) for n, (_, content) in enumerate(files))]
    return tuple(
        ContentPart(identifier=name, content_type="application/octet-stream", sha256=sha(content))
        for name, content in listed
    )


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@functools.cache
def original() -> bytes:
    beside = {f"cid:{number}": sha(content) for number, (_, content) in enumerate(FILES)}
    return seal(LETTER, signer=signer(identity(SENDER)), at=AT, detached=beside)


def record(event: EventId, at: datetime, *, by: Identity | None = None, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "evidence_id": f"0192f0c1-7a10-7000-8000-{int(at.timestamp()):012}",
        "event": event,
        "at": at,
        "issuer": Party(agency_id="AXIS.TEST", name="Trục liên thông văn bản"),
        "sender": Party(agency_id=SENDER, name="Bộ Mẫu"),
        "recipients": (Party(agency_id=RECIPIENT, name="UBND tỉnh Ví Dụ"),),
        "message_id": dispatch_id(SENDER, sha(original())),
        "submitted_at": AT,
        "document_id": DOCUMENT_ID,
        "parts": parts(original()),
    }
    return write_evidence(EvidenceRecord(**(fields | changes)), signer=signer(by or axis()))


@functools.cache
def arrived() -> bytes:
    """Statement 01: the recipient holds every part."""
    held = {ni_uri(part.sha256): part.sha256 for part in parts(original())}
    return seal(LETTER, signer=signer(identity(RECIPIENT)), at=AT + timedelta(minutes=2), detached=held)


@functools.cache
def done() -> bytes:
    """Statement 06, which the axis gave a receipt for."""
    return seal(b"<status>06</status>", signer=signer(identity(RECIPIENT)), at=AT + timedelta(hours=5))


@functools.cache
def records() -> tuple[Evidence | Statement, ...]:
    late = AT + timedelta(hours=5, minutes=1)
    receipt = record(
        EventId.SUBMISSION_ACCEPTANCE,
        late,
        message_id=sha(done()),
        submitted_at=late,
        sender=Party(agency_id=RECIPIENT),
        recipients=(Party(agency_id=SENDER),),
        parts=(ContentPart(identifier="statement", content_type="application/xml", sha256=sha(done())),),
    )
    label = EventLabel(vietnamese="Đã đến", english="Arrived")
    bare: tuple[Evidence | Statement, ...] = (
        Evidence(content=record(EventId.SUBMISSION_ACCEPTANCE, AT)),
        Evidence(content=record(EventId.CONTENT_CONSIGNMENT, AT)),
        Statement(content=arrived(), agency_id=RECIPIENT, label=label, code="01"),
        Evidence(content=record(EventId.CONTENT_HANDOVER, AT + timedelta(minutes=3), about_recipient=1)),
        Statement(content=done(), agency_id=RECIPIENT, label=label, code="06"),
        Evidence(content=receipt),
    )
    return bare


def logged(
    found: Sequence[Evidence | Statement],
    at: datetime = AT + timedelta(hours=6),
    by: Sequence[NoteSigner] = (),
) -> tuple[tuple[Evidence | Statement, ...], Stamped]:
    """The records with proofs, and the stamped checkpoint that these end in, among strangers' leaves; signed
    with the log's key, or `by` others."""
    leaves = [b"a stranger", *(each.content for each in found), b"another"]
    tree, written = CompactRange().append(leaf_hash(leaf) for leaf in leaves)
    nodes = dict(written)
    head = Checkpoint(origin="axis.test/log", size=tree.size, root=tree.root())
    note = sign_checkpoint(head, *(by or (log_key(),))).content()
    proved = tuple(
        replace(
            each,
            proof=write_proof(
                InclusionProof(
                    index=place,
                    path=inclusion_proof(place, tree.size, lambda wanted: [nodes[one] for one in wanted]),
                    checkpoint=note,
                )
            ),
        )
        for place, each in enumerate(found, 1)
    )
    token = time_stage.forged(note, at=at)
    return proved, Stamped(checkpoint=note, token=token)


def attachments(files: Sequence[tuple[str, bytes]] = FILES) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            name=name, sha256=sha(content), size=len(content), chunks=functools.partial(iter, (content,))
        )
        for name, content in files
    )


@functools.cache
def crls() -> tuple[x509.CertificateRevocationList, ...]:
    day = timedelta(days=1)
    return (
        root().crl(this_update=AT - day, next_update=AT + day),
        agencies().crl(this_update=AT - day, next_update=AT + day),
    )


def contents(**changes: Any) -> Contents:
    """The whole dossier, with log and time-stamp, or what `changes` make of it."""
    proved, stamped = _proved()
    fields: dict[str, Any] = {
        "original": original(),
        "attachments": attachments(),
        "records": proved,
        "stamps": (stamped,),
        "trust": trust(),
        "crls": crls(),
        "headline": Headline(
            subject="Về việc <thử> nghiệm & kiểm tra", code="7816/BM-VP", promulgated="2026-03-02"
        ),
    }
    return Contents(**(fields | changes))


@functools.cache
def _proved() -> tuple[tuple[Evidence | Statement, ...], Stamped]:
    return logged(records())


def small(*, evidence_by: Identity | None = None, **changes: Any) -> Contents:
    """A document without attachments, log or time-stamp, and the one evidence that it needs."""
    letter = seal(LETTER, signer=signer(identity(SENDER)), at=AT)
    own: dict[str, Any] = {"message_id": dispatch_id(SENDER, sha(letter)), "parts": parts(letter, ())}
    evidence = Evidence(content=record(EventId.SUBMISSION_ACCEPTANCE, AT, by=evidence_by, **own))
    plain: dict[str, Any] = {
        "original": letter,
        "attachments": (),
        "records": (evidence,),
        "stamps": (),
        "crls": (),
    }
    return contents(**(plain | changes))


def packed(of: Contents | None = None, *, by: str = RECIPIENT, at: datetime = NOW) -> bytes:
    out = io.BytesIO()
    write(of or contents(), out, signer=signer(identity(by)), at=at)
    return out.getvalue()


def verified(package: bytes, *, at: datetime = NOW, by: Trust | None = None) -> Verified:
    return verify(io.BytesIO(package), by or trust(), at=at)
