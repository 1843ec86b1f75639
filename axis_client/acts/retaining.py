"""How long documents are kept, and how they go: for archivists."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence

from axis_client.acts.proving import Proving
from axis_client.errors import EvidenceError, LocalError, NotTrusted, TryLater, explain
from axis_client.model import Me
from axis_client.model.retention import Decision, Disposal, Due, Retention, Term, Told
from signing.parser import Malformed
from signing.seal import Sealer
from signing.statements.retention import (
    Approval,
    Item,
    Order,
    read_destruction,
    read_order,
    write_approval,
    write_order,
)
from signing.verdict import Refused, Sound, Undecided
from signing.verify import verify


class Retaining(Proving):
    """For archivists of the sender and the recipients; disposal for those of the archive's authority."""

    async def retention(self, dispatch_id: str) -> Retention:
        """Says how long a document is kept, and why."""
        return await self._persist(lambda: self._wire.retention(dispatch_id))

    async def set_retention(
        self, dispatch_id: str, class_code: str, *, ended: int = 0, record: str = "", reason: str = ""
    ) -> Term:
        """Says how long this agency needs a document, and returns the term that counts now. `ended` is the
        year in which the work ended; 0 means the one in which the axis accepted it."""
        return await self._persist(
            lambda: self._wire.set_retention(dispatch_id, class_code, ended, record, reason)
        )

    async def put_hold(self, dispatch_id: str, reason: str) -> Decision:
        """Holds a document: it is not disposed of until the hold is lifted."""
        return await self._persist(lambda: self._wire.put_hold(dispatch_id, reason))

    async def lift_hold(self, dispatch_id: str, hold_id: str, reason: str) -> Decision:
        """Lifts a hold of this agency."""
        return await self._persist(lambda: self._wire.lift_hold(dispatch_id, hold_id, reason))

    async def holds(self) -> AsyncGenerator[Decision, None]:
        """Yields the holds in force that this agency may know of."""
        async for one in self._items(self._wire.holds_page):
            yield one

    async def due(self) -> AsyncGenerator[Due, None]:
        """Yields what need not be kept any more."""
        async for one in self._items(self._wire.due_page):
            yield one

    async def disposal_order(self, due: Sequence[Due], *, number: str, legal_basis: str) -> bytes:
        """Makes an order to dispose of documents, sealed with the profile's key: an archivist's. Raises
        `LocalError` when there is nothing to dispose of."""
        if not due:
            raise explain(LocalError, "NOTHING_DUE")
        me = await self.whoami()
        order = Order(
            axis_id=me.axis_id,
            agency_id=me.agency.agency_id,
            number=number,
            legal_basis=legal_basis,
            ordered_at=self._around.clock(),
            items=tuple(
                Item(
                    dispatch_id=one.dispatch_id,
                    original=one.original,
                    class_code=one.term.class_code,
                    due=one.term.due,
                )
                for one in due
                if one.term.due is not None
            ),
        )
        return await asyncio.to_thread(write_order, order, Sealer(self._profile.signer))

    async def disposal_approval(self, order: bytes) -> bytes:
        """Makes an approval of a sealed order, sealed with the profile's key: another person's than the
        order's. The order's own seal is judged first. Raises `NotTrusted`, `LocalError` when it is no order
        to this axis by this agency."""
        me = await self.whoami()
        ordered = await asyncio.to_thread(self._read_order, order)
        if (ordered.axis_id, ordered.agency_id) != (me.axis_id, me.agency.agency_id):
            raise explain(LocalError, "NOT_AN_ORDER", f"{ordered.agency_id} -> {ordered.axis_id}")
        approval = Approval(
            axis_id=me.axis_id,
            agency_id=me.agency.agency_id,
            order=hashlib.sha256(order).hexdigest(),
            approved_at=self._around.clock(),
        )
        return await asyncio.to_thread(write_approval, approval, Sealer(self._profile.signer))

    def _read_order(self, content: bytes) -> Order:
        try:
            verdict = verify(content, trust=self._profile.trust, at=self._around.clock())
            if not isinstance(verdict, Sound):
                raise explain(NotTrusted, "NOT_AN_ORDER", f"{verdict.reason}: {verdict.detail}")
            return read_order(verdict)
        except (Malformed, ValueError) as unfit:
            raise explain(LocalError, "NOT_AN_ORDER", str(unfit)) from unfit

    async def submit_disposal(self, order: bytes, approvals: Sequence[bytes] = ()) -> Disposal:
        """Submits a sealed order, with the approvals of others where the axis wants them: all that it names
        is disposed of, or nothing. The same order again is the same disposal. Raises `EvidenceError` when the
        axis answers about another one."""
        disposal = await self._persist(lambda: self._wire.submit_disposal(order, approvals))
        if disposal.order_id != hashlib.sha256(order).hexdigest():
            raise explain(EvidenceError, "EVIDENCE_MISMATCH", "it names another order")
        return disposal

    async def disposal(self, order_id: str) -> Told:
        """Returns a disposal with its order and the evidence of destruction, which is verified, and stands in
        the axis's log where the profile names that. Raises `EvidenceError`, and as `prove_content`."""
        told = await self._persist(lambda: self._wire.disposal(order_id))
        if told.disposal.order_id != order_id or hashlib.sha256(told.order).hexdigest() != order_id:
            raise explain(EvidenceError, "EVIDENCE_MISMATCH", "it is another order")
        if told.evidence:
            await asyncio.to_thread(self._check_destruction, told, await self.whoami())
            if self.has_log:
                await self.prove_content(told.disposal.evidence_id, told.evidence)
        return told

    def _check_destruction(self, told: Told, me: Me) -> None:
        """Holds the evidence against the order, and its seal against the axis's certificates."""
        disposal, now = told.disposal, self._around.clock()
        try:
            at = min(disposal.ended_at or now, now)
            verdict = verify(told.evidence, trust=self._profile.trust, at=at)
            if isinstance(verdict, Undecided):
                raise explain(TryLater, "EVIDENCE_UNDECIDED", f"{verdict.reason}: {verdict.detail}")
            if isinstance(verdict, Refused):
                raise explain(EvidenceError, "EVIDENCE_NOT_SOUND", f"{verdict.reason}: {verdict.detail}")
            said = read_destruction(verdict)
        except (Malformed, ValueError) as unfit:
            raise explain(EvidenceError, "EVIDENCE_NOT_SOUND", str(unfit)) from unfit
        if verdict.certificate not in me.axis_certificates or said.issuer_id != me.axis_id:
            raise explain(EvidenceError, "EVIDENCE_ISSUER", said.issuer_id)
        named = {one.dispatch_id for one in said.documents}
        labelled = (disposal.order_id, disposal.evidence_id)
        if (said.order, said.identifier) != labelled or named != set(disposal.dispatch_ids):
            raise explain(EvidenceError, "EVIDENCE_MISMATCH", "it is about another order")

    async def disposals(self) -> AsyncGenerator[Disposal, None]:
        """Yields the disposals, in order."""
        async for one in self._items(self._wire.disposals_page):
            yield one
