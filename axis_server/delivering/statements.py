"""Reading a sealed statement: who states what, about which delivery. Pure, and slow: for a worker thread."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Caller
from axis_server.documents.contents import bounded
from axis_server.documents.judgement import Rules, digest, judge, speaks_for
from axis_server.errors import Declined, Detail
from axis_server.reasons import Code
from axis_server.wording import at_most
from edxml.codes import ARRIVED, SENDER_STATUSES, STATUSES_WITH_REASON
from edxml.model import Status
from signing.dispatch import ni_uri
from signing.revocation import Source
from storage.ledger.records import Entry, Statement
from storage.ledger.registry import Agency

STATEMENT_BYTES = 1 << 20
"""A statement has no attachments; one that proves a thousand parts has some 300 kB."""
PLAIN_BYTES = 64 << 10
"""Of one that proves no parts: it is kept for ever, and the same status may be reported often."""
REASON_BYTES = 12_000
"""Longest reason, in UTF-8: four pages. It stands in evidence, history and lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A statement that was judged: what it says, and of which delivery."""

    statement: Statement
    document_id: str
    """As it names the document, composed."""
    reason: str
    delegate: Agency | None
    """Who acted for the agency in whose name it speaks, when that was another one."""
    sealed: Mapping[str, str]
    """What it seals beside itself: URI to SHA-256."""
    sources: tuple[Source, ...] = ()
    """What says that its certificate was not revoked."""

    @property
    def asks(self) -> bool:
        """It is the sender's: a status 13."""
        return self.statement.status_code in SENDER_STATUSES


def judge_statement(
    content: bytes, *, caller: Caller, entry: Entry, view: DirectoryView, rules: Rules, at: datetime
) -> Report:
    """Judges a status package that the caller gives about a dispatch.

    From names whose statement it is: the sender of the dispatch for a 13, else the recipient, which may be a
    unit that takes its letters in the caller's mailbox. ResponseFor names the other one. Whether there is
    such a delivery is for the ledger to say. Raises `Declined`.
    """
    judged = judge(content, caller=caller, view=view, rules=rules, at=at)
    status = judged.model
    if not isinstance(status, Status):
        raise Declined(Code.NOT_A_STATUS)
    about = status.response_for
    bounded(about.document_id, "ResponseFor/DocumentId")
    if status.status_code != ARRIVED and len(content) > PLAIN_BYTES:
        raise Declined(
            Code.PACKAGE_TOO_LARGE,
            at_most(PLAIN_BYTES, "a statement without parts", "gói trạng thái không kèm tệp"),
        )
    if status.status_code in SENDER_STATUSES:
        author = entry.sender_id
        if author != caller.agency_id:
            raise forbidden(status.status_code)
        if not speaks_for(status.sender.organ_id, author, view):
            raise Declined(
                Code.STATEMENT_MISMATCH,
                Detail(f"From/OrganId does not name {author}", f"From/OrganId không phải {author}"),
            )
        recipient = _named(about.organ_id, "ResponseFor/OrganId", view)
    else:
        author = recipient = _named(status.sender.organ_id, "From/OrganId", view)
        if not speaks_for(about.organ_id, entry.sender_id, view):
            raise Declined(
                Code.STATEMENT_MISMATCH,
                Detail(
                    "ResponseFor/OrganId does not name the sender", "ResponseFor/OrganId không phải bên gửi"
                ),
            )
    return Report(
        statement=Statement(
            statement_id=digest(content),
            dispatch_id=entry.dispatch_id,
            agency_id=author,
            recipient_id=recipient,
            status_code=status.status_code,
            received_at=at,
            content=content,
        ),
        document_id=_composed(about.document_id),
        reason=_reason_of(status),
        delegate=judged.delegate or (None if author == caller.agency_id else caller.agency),
        sealed=judged.sound.detached,
        sources=judged.sound.sources,
    )


def forbidden(status_code: str) -> Declined:
    """Says who may report a status."""
    who = "sender" if status_code in SENDER_STATUSES else "recipient"
    return Declined(
        Code.STATUS_FORBIDDEN,
        Detail(
            f"status {status_code} is the {who}'s to report",
            f"trạng thái {status_code} do {'bên gửi' if who == 'sender' else 'bên nhận'} báo",
        ),
        facts={"status": status_code, "who": who},
    )


def check_document(report: Report, entries: Collection[Entry]) -> None:
    """Raises `Declined` (STATEMENT_MISMATCH) unless the statement names the document of one of `entries`."""
    if report.document_id not in {_composed(entry.document_id) for entry in entries}:
        raise Declined(
            Code.STATEMENT_MISMATCH,
            Detail(
                "ResponseFor/DocumentId is not that of the dispatch",
                "ResponseFor/DocumentId không phải mã của văn bản này",
            ),
        )


def check_handover(entry: Entry, sealed: Mapping[str, str]) -> None:
    """Raises `Declined` (HANDOVER_INCOMPLETE) unless the statement seals the digest of every part, and
    nothing else."""
    wanted = {ni_uri(part.sha256): part.sha256 for part in entry.parts}
    missing = [str(part.number) for part in entry.parts if sealed.get(ni_uri(part.sha256)) != part.sha256]
    if missing:
        named = ", ".join(missing[:30])
        raise Declined(
            Code.HANDOVER_INCOMPLETE,
            Detail(
                f"{len(entry.parts) - len(missing)} of {len(entry.parts)} parts; missing: {named}",
                f"{len(entry.parts) - len(missing)}/{len(entry.parts)} phần; còn thiếu: {named}",
            ),
            facts={"parts": named, "count": str(len(missing))},
        )
    if strays := set(sealed) - set(wanted):
        raise Declined(
            Code.HANDOVER_INCOMPLETE,
            Detail(
                f"{len(strays)} references name no part of the dispatch",
                f"{len(strays)} tham chiếu không thuộc văn bản này",
            ),
        )


def _named(organ_id: str, field: str, view: DirectoryView) -> str:
    agency = view.resolve(organ_id)
    if agency is None:
        raise Declined(
            Code.STATEMENT_MISMATCH,
            Detail(
                f"{field} names no agency of the directory", f"{field}: không có cơ quan này trong danh bạ"
            ),
        )
    return agency.agency_id


def _reason_of(status: Status) -> str:
    """Returns the reason where the law wants one, else nothing. Raises `Declined`: REASON_REQUIRED."""
    if status.status_code not in STATUSES_WITH_REASON:
        return ""
    if not status.description.strip():
        raise Declined(Code.REASON_REQUIRED)
    return bounded(status.description, "Description", REASON_BYTES)


def _composed(text: str) -> str:
    """Takes time that grows with the square of the length: for bounded texts."""
    return unicodedata.normalize("NFC", text.strip())
