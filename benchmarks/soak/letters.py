"""What agencies seal: documents, packages about earlier ones, and statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from axis.v1 import types_pb2
from edxml.codes import Kind
from edxml.model import (
    HEADER_PLACE,
    VIETNAM,
    Attachment,
    Bussiness,
    Code,
    Organ,
    OtherInfo,
    Package,
    Receiver,
    Replacement,
    ResponseFor,
    Status,
)
from edxml.writer import write
from signing.keys import Signer
from signing.seal import seal

NOTATION, DAY = "BM-VP", "2026/03/02"
REASON = "Văn bản có sai sót về số liệu"


def document_id(sender_id: str, number: int) -> str:
    return f"{sender_id},{DAY},{number}/{NOTATION}"


def document(sender_id: str, number: int, to: Sequence[str], *, priority: int) -> Package:
    return Package(
        sender=Organ(organ_id=sender_id, organ_name=f"Cơ quan {sender_id}"),
        recipients=tuple(Organ(organ_id=one) for one in to),
        document_id=document_id(sender_id, number),
        code=Code(number=str(number), notation=NOTATION),
        subject="V/v chuẩn bị số liệu báo cáo quý",
        place="Hà Nội",
        promulgation_date=DAY,
        steering_type="1",
        other=OtherInfo(priority=str(priority)),
        attachments=(
            Attachment(content_id="1", name="a.pdf", content_type="application/pdf", content=b"%PDF-1.4\n"),
        ),
    )


def about(
    package: Package,
    kind: Kind,
    to: Sequence[str],
    *,
    receivers: Mapping[str, str] | None = None,
    priority: int = 2,
) -> Package:
    """A revoke or an update of a document; `receivers` are whom an update adds (`1`) and removes (`0`)."""
    return Package(
        sender=package.sender,
        recipients=tuple(Organ(organ_id=one) for one in to),
        document_id=package.document_id,
        code=package.code,
        subject=package.subject,
        place=package.place,
        promulgation_date=package.promulgation_date,
        steering_type=package.steering_type,
        other=OtherInfo(priority=str(priority)),
        bussiness=Bussiness(
            doc_type=str(int(kind)),
            reason=REASON,
            document_id=package.document_id,
            receivers=tuple(
                Receiver(organ_id=one, receiver_type=how) for one, how in (receivers or {}).items()
            ),
        ),
    )


def replacement(newer: Package, older: Package, holders: Sequence[str]) -> Package:
    """A document that replaces an earlier one at those who hold it."""
    return Package(
        sender=newer.sender,
        recipients=newer.recipients,
        document_id=newer.document_id,
        code=newer.code,
        subject=newer.subject,
        place=newer.place,
        promulgation_date=newer.promulgation_date,
        steering_type=newer.steering_type,
        other=newer.other,
        attachments=newer.attachments,
        bussiness=Bussiness(
            doc_type=str(int(Kind.REPLACE)),
            reason=REASON,
            document_id=newer.document_id,
            replacements=(Replacement(document_id=older.document_id, organ_ids=tuple(holders)),),
        ),
    )


def sealed_package(package: Package, signer: Signer, at: datetime) -> bytes:
    return seal(write(package), signer=signer, at=at, place=HEADER_PLACE)


def statement(
    code: str,
    dispatch: types_pb2.Dispatch,
    *,
    speaker: str,
    addressee: str,
    signer: Signer,
    at: datetime,
    held: Mapping[str, str] | None = None,
) -> bytes:
    """A sealed status about a dispatch; `held` are references to what the speaker holds, for 01."""
    status = Status(
        sender=Organ(organ_id=speaker),
        response_for=ResponseFor(
            organ_id=addressee,
            code=f"{dispatch.code_number}/{dispatch.code_notation}",
            promulgation_date=DAY,
            document_id=dispatch.document_id,
        ),
        status_code=code,
        description=REASON,
        timestamp=at.astimezone(VIETNAM).strftime("%Y/%m/%d %H:%M:%S"),
    )
    return seal(write(status), signer=signer, at=at, place=HEADER_PLACE, detached=held or {})
