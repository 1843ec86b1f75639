"""Taking back, changing, replacing: what a sender asks about a document that it has sent."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from axis_client import answering
from axis_client.acts.receiving import Receiving, required
from axis_client.acts.sending import Sending, Source
from axis_client.errors import EvidenceError, LocalError, explain
from axis_client.model import Answered, Dispatch, State
from axis_client.packing import is_sealed, open_package, open_xml, read_document, unreadable_xml, written
from axis_client.threads import replacing, revoke_package, update_package
from edxml import codes
from edxml.agency_id import normalise
from edxml.model import Organ, Package
from signing.parser import DEFAULT_LIMITS, Malformed
from signing.verdict import Reason

_ENDED = frozenset({State.REFUSED, State.EXPIRED, State.TAKEN_BACK})
"""Where a recipient has the document no more: the axis says why it cannot be added again."""


class Recalling(Sending, Receiving):
    """A sender's later acts. `revoke` and `update` return an unsealed package, to be sealed and sent as any
    document is: so its bytes can be kept until it is sent."""

    async def recall(self, dispatch_id: str, recipient: str, reason: str) -> Answered:
        """Asks one recipient to give a document back (status 13, *lấy lại*); it answers 15 or 16."""
        because = required(reason)
        status = await self.status(dispatch_id)
        await self._require_sender(status.dispatch)
        canonical = (await self.agency(recipient)).agency_id
        parties = answering.of_sender(canonical, await self.whoami())
        return await self._state(codes.TAKE_BACK, status.dispatch, parties, because)

    async def revoke(self, dispatch_id: str, reason: str, to: Sequence[str] | None = None) -> bytes:
        """Makes the package (kind 1, *thu hồi*) that asks all recipients of a document, or those named in
        `to`, to give it back."""
        because = required(reason)
        document = await self._document(dispatch_id)
        organs = _named(document, to if to is not None else await self._holders(dispatch_id))
        return written(revoke_package(document, because, organs))

    async def update(
        self, dispatch_id: str, reason: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> bytes:
        """Makes the package (kind 2, *cập nhật*) that adds recipients, groups too, to a document and asks
        others to give it back."""
        if not (add or remove):
            raise explain(LocalError, "NOTHING_TO_UPDATE")
        because = required(reason)
        document = await self._document(dispatch_id)
        added = [Organ(organ_id=one, organ_name=await self._name(one)) for one in add]
        removed = [organ.organ_id for organ in _named(document, remove)]
        states = {one.recipient_id: one.state async for one in self.deliveries(dispatch_id)}
        have = {normalise(one) for one, state in states.items() if state not in _ENDED}
        if not removed and have.issuperset(map(normalise, add)):
            raise explain(LocalError, "NOTHING_TO_UPDATE")
        holders = _named(document, list(states))
        package = replace(document, recipients=tuple(holders))
        return written(update_package(package, because, add=added, remove=removed))

    async def replacement(self, package: Source, replaced: Sequence[str], reason: str) -> bytes:
        """Makes an unsealed document into one that replaces the documents of other dispatches (kind 3, *thay
        thế*) at the recipients who hold them."""
        because = required(reason)
        content = (
            package if isinstance(package, bytes) else await asyncio.to_thread(read_document, Path(package))
        )
        root = open_xml(content)
        if is_sealed(root):
            raise explain(LocalError, "SEALED_ALREADY")
        replacements = []
        for dispatch_id in replaced:
            status = await self.status(dispatch_id)
            await self._require_sender(status.dispatch)
            replacements.append((status.dispatch.document_id, await self._holders(dispatch_id)))
        return written(replacing(open_package(root), replacements, because))

    async def _require_sender(self, dispatch: Dispatch) -> None:
        """Raises `LocalError` (`NOT_SENDER`) unless this agency sent it."""
        if dispatch.sender_id != (await self.whoami()).agency.agency_id:
            raise explain(LocalError, "NOT_SENDER", dispatch.dispatch_id)

    async def _holders(self, dispatch_id: str) -> list[str]:
        """Names everyone to whom a document went, those who joined later and the members of groups too."""
        return [delivery.recipient_id async for delivery in self.deliveries(dispatch_id)]

    async def _document(self, dispatch_id: str) -> Package:
        """Reads the package of a dispatch, held against its digest in the evidence."""
        attested = await self._attested(dispatch_id)
        await self._require_sender(attested.dispatch)
        original = attested.dispatch.parts[0]
        if original.size > DEFAULT_LIMITS.bytes:
            raise unreadable_xml(Malformed(Reason.XML_TOO_LARGE, dispatch_id))
        content = bytearray()

        async def read() -> None:
            async with aclosing(self._wire.fetch_part(dispatch_id, 0, len(content))) as chunks:
                async for chunk in chunks:
                    content.extend(chunk)

        await self._persist(read, lambda: len(content))
        if hashlib.sha256(content).hexdigest() != original.sha256:
            raise explain(EvidenceError, "CONTENT_MISMATCH", f"the package of {dispatch_id}")
        return open_package(open_xml(bytes(content)))


def _named(document: Package, identifiers: Sequence[str]) -> list[Organ]:
    """Finds recipients as the document names them; one that it does not name is named as it is."""
    known = {normalise(organ.organ_id): organ for organ in document.recipients}
    return [known.get(normalise(one), Organ(organ_id=one)) for one in identifiers]
