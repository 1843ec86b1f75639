"""What is signed about how long documents are kept: decisions, orders to dispose of them, and that it was
done.

    order = write_order(Order(...), Sealer(archivist))     # an agency's archivist orders
    read_order(verdict)                                    # what a sound seal says
    write_approval(Approval(order=..., ...), Sealer(other)) # a second person approves that very order
    write_destruction(Destruction(...), Sealer(axis))      # the axis attests

Each is a small XML document under an enveloped XAdES-B seal; decisions and destructions are the axis's, and
leaves of its log, and so is every order that it carried out, as it was sealed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from signing.seal import Sealer
from signing.spelling import local
from signing.statements.document import Field, Fields, fields, moment, one, parts, written
from signing.verdict import Sound

DECISION = "urn:national-axis:retention-decision:1"
ORDER = "urn:national-axis:disposal-order:1"
APPROVAL = "urn:national-axis:disposal-approval:1"
DESTRUCTION = "urn:national-axis:evidence-of-destruction:1"
FOR_EVER = "permanent"
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionStatement:
    """That somebody decided how long a document is kept."""

    identifier: str
    issuer_id: str
    kind: str
    """`term`, `hold` or `lift`."""
    decided_at: datetime
    dispatch_id: str
    original: str
    """SHA-256 of the document as it was sealed."""
    agency_id: str
    """Whose decision it is."""
    certificate: str
    """SHA-256 of the certificate that made it."""
    reason: str = ""
    class_code: str = ""
    years: int | None = None
    ended: int = 0
    record: str = ""
    hold_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One document that an order names."""

    dispatch_id: str
    original: str
    """SHA-256 of the document as it was sealed."""
    class_code: str
    due: date
    """The first day on which it need not be kept any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order to dispose of documents."""

    axis_id: str
    """The axis that is to carry it out, and no other."""
    agency_id: str
    """Who orders it."""
    number: str
    """Number and notation of the decision, in the agency's own books."""
    legal_basis: str
    ordered_at: datetime
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """That another person of the same agency approves an order."""

    axis_id: str
    agency_id: str
    order: str
    """SHA-256 of the sealed order."""
    approved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroyed:
    """What became of one document's files."""

    dispatch_id: str
    original: str
    removed: int
    """Files of which no copy is left in the archive."""
    shared: int
    """Files that stay, because they are files of other documents too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """That an order was carried out."""

    identifier: str
    issuer_id: str
    order: str
    """SHA-256 of the sealed order."""
    agency_id: str
    accepted_at: datetime
    ended_at: datetime
    documents: tuple[Destroyed, ...]


def write_decision(statement: DecisionStatement, sealer: Sealer) -> bytes:
    """Returns the sealed document. Its SigningTime is when it was decided."""
    said: list[Field] = [
        ("Identifier", statement.identifier),
        ("Issuer", statement.issuer_id),
        ("Kind", statement.kind),
        ("DecidedAt", local(statement.decided_at)),
        ("Dispatch", statement.dispatch_id),
        ("Original", statement.original),
        ("Agency", statement.agency_id),
        ("Certificate", statement.certificate),
        ("Reason", statement.reason),
    ]
    if statement.class_code:
        years = FOR_EVER if statement.years is None else str(statement.years)
        said += [("Class", statement.class_code), ("Years", years), ("WorkEnded", str(statement.ended))]
    if statement.record:
        said.append(("Record", statement.record))
    if statement.hold_id:
        said.append(("Hold", statement.hold_id))
    return sealer.seal_canonical(written(DECISION, "RetentionDecision", said), at=statement.decided_at)


def write_order(order: Order, sealer: Sealer) -> bytes:
    """Returns the sealed order. Its SigningTime is when it was ordered."""
    said: list[Field] = [
        ("Axis", order.axis_id),
        ("Agency", order.agency_id),
        ("Number", order.number),
        ("LegalBasis", order.legal_basis),
        ("OrderedAt", local(order.ordered_at)),
        *(("Item", _item(item)) for item in order.items),
    ]
    return sealer.seal_canonical(written(ORDER, "DisposalOrder", said), at=order.ordered_at)


def _item(item: Item) -> Sequence[tuple[str, str]]:
    return [
        ("Dispatch", item.dispatch_id),
        ("Original", item.original),
        ("Class", item.class_code),
        ("Due", item.due.isoformat()),
    ]


def read_order(sound: Sound) -> Order:
    """Reads what was sealed. Raises `ValueError` when it is another document, or not one of ours."""
    found = fields(sound.root, ORDER, "DisposalOrder")
    return Order(
        axis_id=one(found, "Axis"),
        agency_id=one(found, "Agency"),
        number=one(found, "Number"),
        legal_basis=one(found, "LegalBasis"),
        ordered_at=moment(found, "OrderedAt"),
        items=items_of(sound.root),
    )


def items_of(root: etree._Element) -> tuple[Item, ...]:
    """Returns which documents an order names. Raises `ValueError` when it is no order, or not one of ours."""
    found = fields(root, ORDER, "DisposalOrder")
    return tuple(_item_from(parts(each, ORDER)) for each in found.get("Item", []))


def _item_from(found: Fields) -> Item:
    return Item(
        dispatch_id=one(found, "Dispatch"),
        original=_digest(one(found, "Original")),
        class_code=one(found, "Class"),
        due=date.fromisoformat(one(found, "Due")),
    )


def write_approval(approval: Approval, sealer: Sealer) -> bytes:
    """Returns the sealed approval. Its SigningTime is when it was approved."""
    said: list[Field] = [
        ("Axis", approval.axis_id),
        ("Agency", approval.agency_id),
        ("Order", approval.order),
        ("ApprovedAt", local(approval.approved_at)),
    ]
    return sealer.seal_canonical(written(APPROVAL, "DisposalApproval", said), at=approval.approved_at)


def read_approval(sound: Sound) -> Approval:
    """Reads what was sealed. Raises `ValueError` when it is another document, or not one of ours."""
    found = fields(sound.root, APPROVAL, "DisposalApproval")
    return Approval(
        axis_id=one(found, "Axis"),
        agency_id=one(found, "Agency"),
        order=_digest(one(found, "Order")),
        approved_at=moment(found, "ApprovedAt"),
    )


def write_destruction(destruction: Destruction, sealer: Sealer) -> bytes:
    """Returns the sealed evidence. Its SigningTime is when the last file was gone."""
    said: list[Field] = [
        ("Identifier", destruction.identifier),
        ("Issuer", destruction.issuer_id),
        ("Order", destruction.order),
        ("Agency", destruction.agency_id),
        ("AcceptedAt", local(destruction.accepted_at)),
        ("EndedAt", local(destruction.ended_at)),
        *(("Document", _destroyed(each)) for each in destruction.documents),
    ]
    content = written(DESTRUCTION, "EvidenceOfDestruction", said)
    return sealer.seal_canonical(content, at=destruction.ended_at)


def _destroyed(document: Destroyed) -> Sequence[tuple[str, str]]:
    return [
        ("Dispatch", document.dispatch_id),
        ("Original", document.original),
        ("FilesRemoved", str(document.removed)),
        ("FilesShared", str(document.shared)),
    ]


def read_destruction(sound: Sound) -> Destruction:
    """Reads what was sealed. Raises `ValueError` when it is another document, or not one of ours."""
    found = fields(sound.root, DESTRUCTION, "EvidenceOfDestruction")
    return Destruction(
        identifier=one(found, "Identifier"),
        issuer_id=one(found, "Issuer"),
        order=_digest(one(found, "Order")),
        agency_id=one(found, "Agency"),
        accepted_at=moment(found, "AcceptedAt"),
        ended_at=moment(found, "EndedAt"),
        documents=tuple(_destroyed_from(parts(each, DESTRUCTION)) for each in found.get("Document", [])),
    )


def _destroyed_from(found: Fields) -> Destroyed:
    return Destroyed(
        dispatch_id=one(found, "Dispatch"),
        original=_digest(one(found, "Original")),
        removed=int(one(found, "FilesRemoved")),
        shared=int(one(found, "FilesShared")),
    )


def _digest(text: str) -> str:
    if _DIGEST.fullmatch(text) is None:
        raise ValueError("a digest has 64 lower-case hexadecimal digits")
    return text
