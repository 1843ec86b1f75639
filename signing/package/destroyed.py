"""Was the document lawfully destroyed? By an order that names it, and the axis's evidence that it was done.

    original, papers = examine_destroyed(dossier, disposal, judge, attestation)

1. evidence of destruction   the axis's seal; it names the order, and this very document
2. order                     sealed when the axis took it; it names this very document too
3. approvals                 each another seal over that order
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from signing.entitlement import bears
from signing.evidence import EvidenceRecord
from signing.package import layout
from signing.package.contents import Disposal
from signing.package.dossier import Judge
from signing.package.findings import SENDER_NOT_IN_CERTIFICATE, Finding, State, of_verdict, refused
from signing.reasons import Reason
from signing.statements.retention import Destruction, Order, read_approval, read_destruction, read_order
from signing.verdict import Sound


def examine_destroyed(
    disposal: Disposal, judge: Judge, attestation: EvidenceRecord | None
) -> tuple[Finding, tuple[Finding, ...]]:
    """Returns the finding on the document, which is not there, and one on each paper about that."""
    order_id = hashlib.sha256(disposal.order).hexdigest()
    destruction, said = _destruction(disposal, judge)
    order, ordered = _order(disposal, judge, said.accepted_at if said else None)
    approvals = tuple(
        _approval(layout.approval(number), content, order_id, judge, said.accepted_at if said else None)
        for number, content in enumerate(disposal.approvals, 1)
    )
    papers = order, *approvals, destruction
    return _original(disposal, order_id, attestation, ordered, said, papers), papers


def _original(
    disposal: Disposal,
    order_id: str,
    attestation: EvidenceRecord | None,
    ordered: Order | None,
    said: Destruction | None,
    papers: tuple[Finding, ...],
) -> Finding:
    undecided = next((each for each in papers if each.state is State.UNDECIDED), None)
    if undecided is not None:
        return replace(undecided, name=layout.DESTROYED)
    if attestation is None:
        detail = "no evidence attests the document that was destroyed"
        return refused(layout.DESTROYED, Reason.PACKAGE_EVIDENCE_MISSING, detail)
    if ordered is None or said is None:
        return _unproven("the order or the evidence of destruction does not hold")
    gone = attestation.message_id, disposal.original
    for wrong, why in (
        (gone not in {(one.dispatch_id, one.original) for one in ordered.items}, "the order names others"),
        (gone not in {(one.dispatch_id, one.original) for one in said.documents}, "others were destroyed"),
        (said.order != order_id, "it was destroyed by another order"),
        (said.issuer_id != attestation.issuer.agency_id, "another axis attests its destruction"),
        (ordered.axis_id != said.issuer_id, "it is an order to another axis"),
    ):
        if wrong:
            return _unproven(why)
    return Finding(
        name=layout.DESTROYED,
        state=State.DESTROYED,
        reason=Reason.DOCUMENT_DESTROYED,
        detail=f"{ordered.number} ({ordered.agency_id}), {order_id}",
        signed_at=said.ended_at,
    )


def _unproven(why: str) -> Finding:
    return refused(layout.DESTROYED, Reason.DESTRUCTION_UNPROVEN, why)


def _destruction(disposal: Disposal, judge: Judge) -> tuple[Finding, Destruction | None]:
    verdict, when = judge.judge(disposal.destruction)
    finding = of_verdict(layout.DESTRUCTION, verdict, when)
    if not isinstance(verdict, Sound):
        return finding, None
    try:
        return finding, read_destruction(verdict)
    except ValueError as exc:
        return refused(layout.DESTRUCTION, Reason.PACKAGE_FILE_MALFORMED, str(exc)), None


def _order(disposal: Disposal, judge: Judge, accepted_at: datetime | None) -> tuple[Finding, Order | None]:
    verdict, when = judge.judge(disposal.order, accepted_at)
    finding = of_verdict(layout.ORDER, verdict, when)
    if not isinstance(verdict, Sound):
        return finding, None
    try:
        order = read_order(verdict)
    except ValueError as exc:
        return refused(layout.ORDER, Reason.PACKAGE_FILE_MALFORMED, str(exc)), None
    if not bears(verdict.certificate, order.agency_id):
        finding = replace(finding, warnings=(*finding.warnings, SENDER_NOT_IN_CERTIFICATE))
    return finding, order


def _approval(
    name: str, content: bytes, order_id: str, judge: Judge, accepted_at: datetime | None
) -> Finding:
    verdict, when = judge.judge(content, accepted_at)
    finding = of_verdict(name, verdict, when)
    if not isinstance(verdict, Sound):
        return finding
    try:
        approved = read_approval(verdict).order
    except ValueError as exc:
        return refused(name, Reason.PACKAGE_FILE_MALFORMED, str(exc))
    return finding if approved == order_id else refused(name, Reason.DESTRUCTION_UNPROVEN, "another order")
