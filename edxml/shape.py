"""The structure of a package as data: names, the writer's order, how often, and where each text goes.

Reader and writer walk the same tree of `Part`s, so that what the one knows the other knows. The order is
that of QCVN 102:2016; spellings are the standard's own (`Bussiness`, `TyperNotation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edxml.model import NAMESPACE

XLINK = "http://www.w3.org/1999/xlink"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One element of the structure: a text (no `parts`) or a group."""

    name: str
    """Local name, in the package namespace."""
    key: str
    """Where its value stands in the group's values: the model's field name where there is one."""
    many: bool = False
    always: bool = False
    """Written even when it says nothing; for a text, an empty one differs from a missing one."""
    longest: int = 1 << 31
    """Characters that the law allows; more is a warning."""
    joins: tuple[str, ...] = ()
    """Of a text: children whose texts some producers write instead, joined by `/`."""
    loose: bool = False
    """Of a text: kept whole as an extension, not refused, when it has children; its form is not agreed
    upon."""
    parts: tuple[Part, ...] | None = None
    plain: bool = False
    """A text that may stand once."""
    by_tag: Mapping[str, Part] = field(default_factory=dict)
    """`parts` by expanded name."""
    local_names: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Attributes with a value of their own: expanded name -> key."""
    implied: frozenset[tuple[str, str]] = frozenset()
    """Attributes that say nothing: (expanded name, value)."""
    forbidden: frozenset[str] = frozenset()
    """Expanded names that would make a status look like a document."""


def text(
    name: str,
    key: str,
    *,
    many: bool = False,
    always: bool = False,
    longest: int = 1 << 31,
    joins: tuple[str, ...] = (),
    loose: bool = False,
) -> Part:
    return Part(
        name=name,
        key=key,
        many=many,
        always=always,
        longest=longest,
        joins=joins,
        loose=loose,
        plain=not many,
    )


def group(
    name: str,
    *parts: Part,
    key: str = "",
    many: bool = False,
    always: bool = False,
    attributes: Mapping[str, str] | None = None,
    implied: frozenset[tuple[str, str]] = frozenset(),
    forbidden: tuple[str, ...] = (),
) -> Part:
    return Part(
        name=name,
        key=key or name,
        many=many,
        always=always,
        parts=parts,
        by_tag={f"{{{NAMESPACE}}}{part.name}": part for part in parts},
        local_names=frozenset(part.name for part in parts),
        attributes=attributes or {},
        implied=implied,
        forbidden=frozenset(f"{{{NAMESPACE}}}{name}" for name in forbidden),
    )


def _organ(name: str, *, many: bool = False) -> Part:
    return group(
        name,
        text("OrganId", "organ_id", longest=35),
        text("OrganizationInCharge", "organization_in_charge"),
        text("OrganName", "organ_name", longest=200),
        text("OrganAdd", "organ_add"),
        text("Email", "email"),
        text("Telephone", "telephone"),
        text("Fax", "fax"),
        text("Website", "website"),
        many=many,
    )


def _response_for(*, many: bool) -> Part:
    return group(
        "ResponseFor",
        text("OrganId", "organ_id", longest=35),
        text("Code", "code", joins=("CodeNumber", "CodeNotation")),
        text("PromulgationDate", "promulgation_date"),
        text("DocumentId", "document_id"),
        many=many,
    )


_STAFF = group(
    "StaffInfo",
    text("Department", "department"),
    text("Staff", "staff"),
    text("Mobile", "mobile"),
    text("Email", "email"),
    key="staff",
)
_OTHER = group(
    "OtherInfo",
    text("Priority", "priority"),
    text("SphereOfPromulgation", "sphere_of_promulgation"),
    text("TyperNotation", "typer_notation"),
    text("PromulgationAmount", "promulgation_amount"),
    text("PageAmount", "page_amount"),
    group("Appendixes", text("Appendix", "appendixes", many=True, loose=True)),
    text("Direction", "direction"),
    group("ReplyFors", text("ReplyFor", "reply_fors", many=True, loose=True)),
    group("ReferenceCodes", text("ReferenceCode", "reference_codes", many=True, loose=True)),
)
_MESSAGE = group(
    "MessageHeader",
    _organ("From"),
    _organ("To", many=True),
    text("DocumentId", "document_id"),
    group(
        "Code",
        text("CodeNumber", "number", longest=11),
        text("CodeNotation", "notation", longest=30),
    ),
    group(
        "PromulgationInfo",
        text("Place", "place"),
        text("PromulgationDate", "promulgation_date"),
    ),
    group(
        "DocumentType",
        text("Type", "type"),
        text("TypeDetail", "type_detail"),
        text("TypeName", "type_name"),
    ),
    text("Subject", "subject", longest=500),
    text("Content", "content"),
    group(
        "SignerInfo",
        text("Competence", "signer_competence"),
        text("Position", "signer_position"),
        text("FullName", "signer_full_name"),
    ),
    text("DueDate", "due_date"),
    group("ToPlaces", text("Place", "to_places", many=True)),
    _OTHER,
    _response_for(many=True),
    text("SteeringType", "steering_type"),
    group("ResponseForTask", text("TaskCode", "response_for_task", many=True)),
    text("ApplicationType", "application_type"),
)
_BUSSINESS = group(
    "Bussiness",
    text("BussinessDocType", "doc_type"),
    text("BussinessDocReason", "reason"),
    text("DocumentId", "document_id"),
    text("Paper", "paper"),
    group(
        "BussinessDocumentInfo",
        text("DocumentInfo", "document_info"),
        text("DocumentReceiver", "document_receiver"),
        group(
            "ReceiverList",
            group(
                "Receiver",
                text("OrganId", "organ_id", longest=35),
                text("ReceiverType", "receiver_type"),
                many=True,
            ),
        ),
    ),
    group(
        "ReplacementInfoList",
        group(
            "ReplacementInfo",
            text("DocumentId", "document_id"),
            group("OrganIdList", text("OrganId", "organ_ids", many=True, longest=35)),
            many=True,
        ),
    ),
    _STAFF,
)
_MANIFEST = group(
    "edXMLManifest",
    group(
        "Reference",
        text("ContentId", "content_id"),
        text("ContentType", "content_type"),
        text("Description", "description"),
        text("AttachmentName", "name"),
        many=True,
        attributes={f"{{{XLINK}}}href": "href"},
        implied=frozenset({(f"{{{XLINK}}}role", "XLinkRole"), (f"{{{XLINK}}}type", "simple")}),
    ),
    always=True,
    implied=frozenset({("version", "1.0")}),
)
DOCUMENT = group(
    "edXML",
    group(
        "edXMLEnvelope",
        group(
            "edXMLHeader",
            _MESSAGE,
            group(
                "TraceHeaderList",
                group(
                    "TraceHeader",
                    text("OrganId", "organ_id", longest=35),
                    text("Timestamp", "timestamp"),
                    many=True,
                ),
                _BUSSINESS,
            ),
        ),
        group("edXMLBody", _MANIFEST, always=True),
    ),
    group(
        "AttachmentEncoded",
        group(
            "Attachment",
            text("ContentId", "content_id"),
            text("AttachmentName", "name"),
            text("Description", "description"),
            text("ContentType", "content_type"),
            text("ContentTransferEncoded", "base64", always=True),
            many=True,
        ),
    ),
)
STATUS = group(
    "edXML",
    group(
        "edXMLEnvelope",
        group(
            "edXMLHeader",
            group(
                "MessageHeader",
                _organ("From"),
                _organ("To", many=True),
                _response_for(many=False),
                _STAFF,
                text("StatusCode", "status_code"),
                text("Description", "description"),
                text("Timestamp", "timestamp"),
                forbidden=("Subject", "PromulgationInfo", "SteeringType"),
            ),
            group("TraceHeaderList", forbidden=("Bussiness",)),
        ),
        forbidden=("edXMLBody",),
    ),
    forbidden=("AttachmentEncoded",),
)
