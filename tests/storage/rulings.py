"""Decisions about how long dispatches are kept, and disposals of them."""

from __future__ import annotations

from dataclasses import replace

from storage.ledger.keeping import Decision, Disposal
from storage.ledger.records import Evidence
from tests.storage.records import SENDER, at, evidence, sha256


def statement(name: str) -> Evidence:
    return replace(evidence(1, name), evidence_id=name, dispatch_id="", event="ArchiveDecision")


def decision(kind: str, name: str, number: int = 1, **changes: object) -> Decision:
    facts: dict[str, object] = {
        "kind": kind,
        "dispatch_id": f"dispatch-{number}",
        "agency_id": SENDER,
        "certificate": sha256("certificate"),
        "at": at(9),
        "evidence_id": name,
    }
    return Decision(**facts | changes)  # type: ignore[arg-type]


def disposal(name: str, *numbers: int) -> Disposal:
    dispatches = tuple(f"dispatch-{number}" for number in numbers)
    return Disposal(order_id=name, agency_id="ARCHIVE", dispatches=dispatches, accepted_at=at(20))
