"""Holding the acts of operators against the axis's seal and against its log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from signing.entitlement import entitled
from signing.log import (
    Checkpoint,
    InclusionProof,
    LogPolicy,
    NotProven,
    inclusion_nodes,
    inclusion_proof,
    leaf_hash,
    open_checkpoint,
    verify_inclusion_proof,
    write_proof,
)
from signing.parser import Malformed
from signing.statements.acts import NAMESPACE, ActStatement, read, read_unproven
from signing.trust import TrustStore
from signing.verdict import Sound
from signing.verify import verify
from storage.errors import NotFound
from storage.ledger.acts import Acts, KeptAct
from storage.ledger.base import Log
from storage.ledger.inventory import Inventory

PAGE = 100
LEAVES = 256
_OPENING = f'<AdministrativeAct xmlns="{NAMESPACE}">'.encode()


class Standing(StrEnum):
    """What the log says of an act."""

    LOGGED = "logged"
    """Under the newest checkpoint."""
    AWAITED = "awaited"
    """The next checkpoint will cover it."""
    BROKEN = "broken"
    """It is not the leaf that the log has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One act, as far as it can be proven."""

    kept: KeptAct
    statement: ActStatement | None
    """None when it cannot be read."""
    doubt: str
    """Why its seal does not hold; empty when it does."""
    standing: Standing
    proof: bytes = b""
    """C2SP tlog-proof, once it is logged."""

    @property
    def is_sound(self) -> bool:
        return not self.doubt and self.standing is not Standing.BROKEN


class AuditedLedger(Acts, Log, Inventory, Protocol):
    """What an audit asks of a ledger."""


class Audit:
    """Reads acts and proves them, with one checkpoint for all."""

    def __init__(
        self, ledger: AuditedLedger, *, trust: TrustStore, policy: LogPolicy, issuer_id: str
    ) -> None:
        """`trust` holds the axis's own evidence certificates as anchors."""
        self._ledger = ledger
        self._trust = trust
        self._policy = policy
        self._issuer_id = issuer_id

    async def acts(
        self, *, kind: str = "", about: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Examined]:
        """Yields the acts asked for, as `Acts.acts` finds them, each examined. Raises `StorageError`, and
        `NotProven` when the newest checkpoint is not the log's."""
        head, note = await self._head()
        after, more = 0, True
        while more:
            page = await self._ledger.acts(
                after=after, limit=PAGE, kind=kind, about=about, since=since, until=until
            )
            for kept in page.items:
                yield await self._examined(kept, head, note)
            after, more = page.next, page.more

    async def unlisted(self) -> AsyncIterator[str]:
        """Goes through the whole log and yields the id of each act that stands in it and in no list; and each
        leaf of which nobody can say any more what it was, since its content is gone or another: an act taken
        off its list and overwritten would be such a one."""
        listed, after, more = set[int](), 0, True
        while more:
            page = await self._ledger.acts(after=after, limit=PAGE)
            listed |= {kept.place - 1 for kept in page.items}
            after, more = page.next, page.more
        start = 0
        while found := await self._ledger.logged(start=start, limit=LEAVES):
            for one in found:
                start = one.index + 1
                if one.index in listed:
                    continue
                if one.content is None or leaf_hash(one.content) != one.hash:
                    yield f"or whatever leaf {one.index} was, whose content is gone or another"
                elif one.content.startswith(_OPENING):
                    yield read_unproven(one.content).identifier

    async def _head(self) -> tuple[Checkpoint | None, bytes]:
        try:
            kept = await self._ledger.checkpoint()
        except NotFound:
            return None, b""
        return open_checkpoint(kept.content, self._policy).checkpoint, kept.content

    async def _examined(self, kept: KeptAct, head: Checkpoint | None, note: bytes) -> Examined:
        statement, doubt = self._sealed(kept)
        leaf = kept.place - 1
        if head is None or leaf >= head.size:
            return Examined(kept=kept, statement=statement, doubt=doubt, standing=Standing.AWAITED)
        try:
            hashes = await self._ledger.nodes(inclusion_nodes(leaf, head.size))
            path = inclusion_proof(leaf, head.size, lambda _: hashes)
            hashed = leaf_hash(kept.act.statement.content)
            verify_inclusion_proof(hashed, leaf, head.size, head.root, path)
        except (NotFound, NotProven):
            return Examined(kept=kept, statement=statement, doubt=doubt, standing=Standing.BROKEN)
        proof = write_proof(InclusionProof(index=leaf, path=path, checkpoint=note))
        return Examined(kept=kept, statement=statement, doubt=doubt, standing=Standing.LOGGED, proof=proof)

    def _sealed(self, kept: KeptAct) -> tuple[ActStatement | None, str]:
        """Reads a statement, and says what is wrong with its seal or with the list beside it."""
        one = kept.act.statement
        try:
            statement = read_unproven(one.content)
            verdict = verify(one.content, trust=self._trust, at=one.issued_at)
            judged = entitled(verdict) if isinstance(verdict, Sound) else verdict
            if not isinstance(judged, Sound):
                return statement, f"{judged.reason}: {judged.detail}"
            statement = read(judged)
        except (ValueError, Malformed) as exc:
            return None, f"it cannot be read: {exc}"
        told = (statement.identifier, statement.kind, statement.about, statement.issuer_id)
        listed = (one.evidence_id, kept.act.kind, kept.act.about, self._issuer_id)
        if told != listed or statement.at != one.issued_at:
            return statement, "the list beside it says something else"
        return statement, ""
