"""Packages and statuses that nobody has sealed yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from edxml.model import (
    Attachment,
    Bussiness,
    Code,
    Organ,
    Package,
    Receiver,
    Replacement,
    ResponseFor,
    Status,
)
from storage.ledger.records import Entry
from tests.axis_server.houses import House

DOCUMENT_ID = "000.00.00.G90,2026/03/02,7816/BM-VP"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
NEXT_ID = "G90,2026/03/05,7900/BM-VP"


def document(
    *, to: Iterable[str] = ("H90",), sender: str = "G90", document_id: str = DOCUMENT_ID, **changes: Any
) -> Package:
    """A document package that nobody has sealed yet."""
    package = Package(
        sender=Organ(organ_id=sender, organ_name="Bộ Mẫu"),
        recipients=tuple(Organ(organ_id=one) for one in to),
        document_id=document_id,
        code=Code(number="7816", notation="BM-VP"),
        subject="V/v chuẩn bị số liệu",
        place="Hà Nội",
        promulgation_date="2026/03/02",
        due_date="2026/03/20",
        steering_type="1",
        attachments=(inline("209", "Công văn số 7816.pdf"),),
    )
    return replace(package, **changes)


def inline(content_id: str, name: str, content: bytes = PDF) -> Attachment:
    return Attachment(content_id=content_id, name=name, content_type="application/pdf", content=content)


def detached(content_id: str, name: str) -> Attachment:
    return Attachment(content_id=content_id, name=name, content_type="application/octet-stream")


def status(by: House, entry: Entry, code: str, description: str = "", **changes: Any) -> Status:
    """A status package that nobody has sealed yet."""
    unsigned = Status(
        sender=Organ(organ_id=by.id, organ_name=by.agency.name),
        response_for=ResponseFor(organ_id=entry.sender_id, code="7816/BM-VP", document_id=entry.document_id),
        status_code=code,
        description=description,
        timestamp="2026/03/02 10:15:00",
    )
    return replace(unsigned, **changes)


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
