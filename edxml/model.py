"""The nouns of an edXML package, in the standard's order and (in English) its terms.

Cardinality and spelling: QCVN 102:2016 and its 2022 amendment. Every text is as written (NFC or NFD, spaces
kept inside, trimmed at the ends); a missing and an empty element are both an empty string, so that a model
says what a package says and not how its producer spelled it. A list holds no empty entries, and a group
whose every text is empty is `None` (or the default). What the model has no field for is kept in
`extensions` and `attributes`. A signature is not part of the model.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from edxml.codes import PRIORITY

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
ORIGINAL = "original"
"""How the package itself is called among the parts of a dispatch."""
HEADER_PLACE = f"{{{NAMESPACE}}}edXMLEnvelope/{{{NAMESPACE}}}edXMLHeader"
"""Where the seal goes, for `signing.seal.seal(place=...)`."""
VIETNAM = timezone(timedelta(hours=7), "+07:00")

_DATE = re.compile(r"(\d{4})([/-])(\d{1,2})\2(\d{1,2})", re.ASCII)
_TIMESTAMP = re.compile(r"(\d{4})([/-])(\d{1,2})\2(\d{1,2})[ T](\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?", re.ASCII)


def date_of(text: str) -> date | None:
    """Reads `yyyy/MM/dd` (or with hyphens); None when it is no date."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        return None


def timestamp_of(text: str) -> datetime | None:
    """Reads `yyyy/MM/dd HH:mm:ss` (or with hyphens), to the second, as Vietnam time; None when it is none."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[i]) for i in (1, 3, 4, 5, 6, 7))
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=VIETNAM)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warn:
    """Something odd that is not refused."""

    code: str
    """Stable, such as `FIELD_TOO_LONG`, `IDS_DISAGREE`, `WRONG_CONTENT_TYPE`, `STATUS_14`,
    `PSEUDO_SIGNATURE`; all of them stand in `edxml.reader`."""
    detail: str
    """English, for small print; names places and sizes, not the document's texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organ:
    """An agency as a package names it (From, To)."""

    organ_id: str
    organ_name: str = ""
    organization_in_charge: str = ""
    organ_add: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Number and notation of a document: `7816` and `BM-VP`."""

    number: str = ""
    notation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFor:
    """The document that this one answers, or that a status speaks of."""

    organ_id: str = ""
    code: str = ""
    promulgation_date: str = ""
    document_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffInfo:
    department: str = ""
    staff: str = ""
    mobile: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """One line of an update's receiver list."""

    organ_id: str
    receiver_type: str
    """`0` removed, `1` added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One document that a replace package replaces."""

    document_id: str
    organ_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bussiness:
    """What the package does (the standard's own spelling)."""

    doc_type: str = "0"
    """BussinessDocType as written: 0 new, 1 revoke, 2 update, 3 replace."""
    reason: str = ""
    document_id: str = ""
    paper: str = ""
    document_info: str = ""
    document_receiver: str = ""
    receivers: tuple[Receiver, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    staff: StaffInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceHeader:
    organ_id: str
    timestamp: str
    """As written: `yyyy/MM/dd HH:mm:ss`, meaning +07:00."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherInfo:
    priority: str = ""
    sphere_of_promulgation: str = ""
    typer_notation: str = ""
    promulgation_amount: str = ""
    page_amount: str = ""
    appendixes: tuple[str, ...] = ()
    direction: str = ""
    reply_fors: tuple[str, ...] = ()
    reference_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attachment: a manifest reference, its inline content, or both, joined by ContentId."""

    content_id: str
    """Without `cid:`."""
    name: str
    content_type: str = ""
    """As labelled; see `edxml.attachments.kind_of` for what the bytes are."""
    description: str = ""
    content: bytes | None = None
    """The inline bytes after base64 decoding, exactly; None when detached (or missing). An empty file is
    `b""`."""

    @property
    def detached(self) -> bool:
        return self.content is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An element that the standard does not name, kept whole."""

    path: str
    """Names below the root without namespace, such as `edXMLEnvelope/edXMLHeader/MessageHeader/Stamp`. An
    element that may stand several times is counted from 1:
    `edXMLEnvelope/edXMLHeader/MessageHeader/To[2]/Branch`."""
    xml: bytes
    """The element in exclusive canonical form, without comments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignAttribute:
    """An attribute that the model has no field for, such as `actor` of TraceHeaderList."""

    path: str
    """The element that carries it, as in `Extension.path`; empty for the root."""
    name: str
    """Expanded: `id` or `{namespace}id`."""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A document package: new, revoke, update or replace."""

    sender: Organ
    recipients: tuple[Organ, ...]
    document_id: str
    code: Code
    subject: str
    place: str = ""
    promulgation_date: str = ""
    """As written, usually `yyyy/MM/dd`; see `promulgated`."""
    type: str = ""
    type_detail: str = ""
    type_name: str = ""
    content: str = ""
    signer_competence: str = ""
    signer_position: str = ""
    signer_full_name: str = ""
    due_date: str = ""
    to_places: tuple[str, ...] = ()
    other: OtherInfo = OtherInfo()
    response_for: tuple[ResponseFor, ...] = ()
    steering_type: str = ""
    response_for_task: tuple[str, ...] = ()
    application_type: str = ""
    bussiness: Bussiness | None = None
    trace: tuple[TraceHeader, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    """In manifest order; attachments that no manifest entry names come last."""
    extensions: tuple[Extension, ...] = ()
    """Ordered by path; those of one path in the order of the document."""
    attributes: tuple[ForeignAttribute, ...] = ()
    """Ordered by path and name."""
    warnings: tuple[Warn, ...] = ()

    @property
    def part_identifiers(self) -> tuple[str, ...]:
        """Names the parts of a dispatch, each differently: the package, then its attachments by ContentId.

        An identifier that is taken already, as by an attachment that calls itself `original`, is followed by
        `#2`, `#3` ...
        """
        names = [ORIGINAL]
        for attachment in self.attachments:
            numbered = (f"{attachment.content_id}#{number}" for number in itertools.count(2))
            candidates = itertools.chain((attachment.content_id,), numbered)
            names.append(next(name for name in candidates if name not in names))
        return tuple(names)

    @property
    def kind(self) -> int:
        """BussinessDocType as a number; 0 when missing. The reader refuses anything but 0 to 3."""
        return int(self.bussiness.doc_type) if self.bussiness else 0

    @property
    def priority(self) -> int:
        """0 to 4; 0 when missing or odd (with a warning)."""
        return int(self.other.priority) if self.other.priority in PRIORITY else 0

    @property
    def promulgated(self) -> date | None:
        """PromulgationDate as a date; None when it is none."""
        return date_of(self.promulgation_date)

    @property
    def due(self) -> date | None:
        """DueDate as a date; None when it is none."""
        return date_of(self.due_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status package: a receiver's report to the sender (or 13, the sender's)."""

    sender: Organ
    response_for: ResponseFor
    status_code: str
    """Two digits, as meant: `14` is read as `15`, with a warning."""
    description: str = ""
    timestamp: str = ""
    staff: StaffInfo | None = None
    recipients: tuple[Organ, ...] = ()
    """Usually none: a status goes to ResponseFor/OrganId."""
    extensions: tuple[Extension, ...] = ()
    attributes: tuple[ForeignAttribute, ...] = ()
    warnings: tuple[Warn, ...] = ()

    @property
    def reported_at(self) -> datetime | None:
        """Timestamp as an aware datetime in +07:00; None when it is none."""
        return timestamp_of(self.timestamp)


class NotEdxml(Exception):
    """The tree is no edXML package that can be understood. `reason` is a stable code, the message a plain
    sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        """`NOT_EDXML`, `EDXML_INCOMPLETE`, `EDXML_AMBIGUOUS` (two readers could see two documents),
        `EXTENSIONS_UNFIT` (too many or not canonical), `BASE64_MALFORMED`, `KIND_UNKNOWN`, `STATUS_UNKNOWN`,
        `ATTACHMENT_UNNAMED` (no ContentId), `DUPLICATE_CONTENT_ID`."""
        self.detail = detail
