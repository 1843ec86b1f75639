"""A package or status as plain values: what `axis inspect` prints."""

from __future__ import annotations

import hashlib
from datetime import date

from edxml import agency_id, codes
from edxml.attachments import kind_of
from edxml.model import Attachment, Organ, Package, ResponseFor, StaffInfo, Status, Warn

Described = dict[str, object]


def describe(document: Package | Status) -> Described:
    """Returns what a document says, ready for JSON; keys keep their names, and every key is always there.

    `type` is `document` or `status`. Dates stand twice: as written, and in ISO 8601 (None when unreadable).
    """
    return _package(document) if isinstance(document, Package) else _status(document)


def _package(package: Package) -> Described:
    bussiness = package.bussiness
    return {
        "type": "document",
        "kind": _coded(codes.KIND, str(package.kind)),
        "document_id": package.document_id,
        "code": {"number": package.code.number, "notation": package.code.notation},
        "subject": package.subject,
        "document_type": {"code": package.type, "name": package.type_name},
        "sender": _organ(package.sender),
        "recipients": [_organ(recipient) for recipient in package.recipients],
        "place": package.place,
        "promulgation_date": package.promulgation_date,
        "promulgated": _iso(package.promulgated),
        "due_date": package.due_date,
        "due": _iso(package.due),
        "signed_by": {
            "competence": package.signer_competence,
            "position": package.signer_position,
            "full_name": package.signer_full_name,
        },
        "priority": _coded(codes.PRIORITY, package.other.priority),
        "steering": _coded(codes.STEERING, package.steering_type),
        "reason": bussiness.reason if bussiness else "",
        "receivers": [
            {"organ_id": each.organ_id, "change": _coded(codes.RECEIVER, each.receiver_type)}
            for each in (bussiness.receivers if bussiness else ())
        ],
        "replaces": [
            {"document_id": each.document_id, "organ_ids": list(each.organ_ids)}
            for each in (bussiness.replacements if bussiness else ())
        ],
        "response_for": [_response_for(each) for each in package.response_for],
        "staff": _staff(bussiness.staff if bussiness else None),
        "trace": [{"organ_id": each.organ_id, "timestamp": each.timestamp} for each in package.trace],
        "attachments": [_attachment(attachment) for attachment in package.attachments],
        "extensions": [extension.path for extension in package.extensions],
        "warnings": _warnings(package.warnings),
    }


def _status(status: Status) -> Described:
    return {
        "type": "status",
        "status": _coded(codes.STATUS, status.status_code),
        "description": status.description,
        "response_for": _response_for(status.response_for),
        "sender": _organ(status.sender),
        "recipients": [_organ(recipient) for recipient in status.recipients],
        "timestamp": status.timestamp,
        "reported_at": status.reported_at.isoformat() if status.reported_at else None,
        "staff": _staff(status.staff),
        "extensions": [extension.path for extension in status.extensions],
        "warnings": _warnings(status.warnings),
    }


def _coded(code_list: codes.CodeList, code: str) -> Described:
    label = code_list.get(code)
    return {
        "code": code,
        "vietnamese": label.vietnamese if label else None,
        "english": label.english if label else None,
    }


def _organ(organ: Organ) -> Described:
    return {
        "organ_id": organ.organ_id,
        "form": agency_id.parse(organ.organ_id).form.value,
        "organ_name": organ.organ_name,
    }


def _response_for(response_for: ResponseFor) -> Described:
    return {
        "organ_id": response_for.organ_id,
        "code": response_for.code,
        "promulgation_date": response_for.promulgation_date,
        "document_id": response_for.document_id,
    }


def _staff(staff: StaffInfo | None) -> Described | None:
    if staff is None:
        return None
    return {
        "department": staff.department,
        "staff": staff.staff,
        "mobile": staff.mobile,
        "email": staff.email,
    }


def _attachment(attachment: Attachment) -> Described:
    content = attachment.content
    return {
        "content_id": attachment.content_id,
        "name": attachment.name,
        "description": attachment.description,
        "declared_type": attachment.content_type,
        "kind": kind_of(content).value if content is not None else None,
        "size": len(content) if content is not None else None,
        "sha256": hashlib.sha256(content).hexdigest() if content is not None else None,
        "detached": attachment.detached,
    }


def _warnings(warnings: tuple[Warn, ...]) -> list[Described]:
    return [{"code": warning.code, "detail": warning.detail} for warning in warnings]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
