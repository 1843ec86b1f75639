"""Packages that speak about an earlier document: revoke, update, replace (QCVN 102:2016, Bussiness). Pure.

The header of such a package is the document's own, with the same DocumentId; a replacement is a document of
its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from edxml.codes import Kind
from edxml.model import Bussiness, Organ, Package, Receiver, Replacement

_REMOVED, _ADDED = "0", "1"


def revoke_package(document: Package, reason: str, recipients: Sequence[Organ]) -> Package:
    """Makes the package that recalls a document from those recipients."""
    return _about(document, Kind.REVOKE, reason, recipients=tuple(recipients))


def update_package(
    document: Package, reason: str, *, add: Sequence[Organ] = (), remove: Sequence[str] = ()
) -> Package:
    """Makes the package that adds recipients to a document and takes others off; it goes to all of them."""
    known = {organ.organ_id for organ in document.recipients}
    added = tuple(organ for organ in add if organ.organ_id not in known)
    receivers = (
        *(Receiver(organ_id=organ.organ_id, receiver_type=_ADDED) for organ in add),
        *(Receiver(organ_id=organ_id, receiver_type=_REMOVED) for organ_id in remove),
    )
    package = _about(document, Kind.UPDATE, reason, recipients=(*document.recipients, *added))
    assert package.bussiness is not None
    bussiness = replace(package.bussiness, document_info="0", document_receiver="1", receivers=receivers)
    return replace(package, bussiness=bussiness)


def replacing(package: Package, replaced: Iterable[tuple[str, Sequence[str]]], reason: str) -> Package:
    """Makes a document into one that replaces others: DocumentId and the recipients who hold it, of each."""
    replacements = tuple(
        Replacement(document_id=document_id, organ_ids=tuple(organ_ids))
        for document_id, organ_ids in replaced
    )
    bussiness = replace(
        package.bussiness or Bussiness(),
        doc_type=str(int(Kind.REPLACE)),
        reason=reason,
        document_id=package.document_id,
        replacements=replacements,
    )
    return replace(package, bussiness=bussiness)


def _about(document: Package, kind: Kind, reason: str, *, recipients: tuple[Organ, ...]) -> Package:
    return replace(
        document,
        recipients=recipients,
        attachments=(),
        extensions=(),
        attributes=(),
        warnings=(),
        bussiness=Bussiness(
            doc_type=str(int(kind)),
            reason=reason,
            document_id=document.document_id,
            staff=document.bussiness.staff if document.bussiness else None,
        ),
    )
