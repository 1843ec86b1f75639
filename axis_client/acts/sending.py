"""Sending: seal, look beforehand, send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from pathlib import Path

from axis_client import files, proof, sending
from axis_client.acts.addressing import Addressing
from axis_client.connection import unseen
from axis_client.errors import NotFound, Refused, explain
from axis_client.model import Sent
from axis_client.model.oversight import Checked
from axis_client.packing import Outgoing, is_sealed, open_xml, pack, read_document
from axis_client.sending import Report
from edxml.agency_id import normalise
from edxml.model import Organ

Source = Path | str | bytes
"""A package: the path of a file, or the bytes themselves."""


class Sending(Addressing):
    """A sender's acts."""

    async def seal(
        self, package: Source, attachments: Iterable[Path | str] = (), to: Sequence[str] | None = None
    ) -> bytes:
        """Seals a package and returns the bytes to be sent; keep them until `send` has returned, for sent
        again they are the same dispatch. Arguments as in `send`."""
        return (await self._pack(package, attachments, to)).sealed

    async def send(
        self,
        package: Source,
        attachments: Iterable[Path | str] = (),
        to: Sequence[str] | None = None,
        *,
        progress: Report = unseen,
    ) -> Sent:
        """Sends a document: seals it unless it is sealed, uploads what is large, submits, and checks the
        evidence.

        `package` is a path, or the bytes themselves. `attachments` lie beside it, bound by their digest in
        its seal. `to` replaces the recipients of an unsealed package; a sealed one must name the same.
        Returns only when the axis's SubmissionAcceptance proves that exactly these bytes were accepted for
        exactly these recipients.
        """
        outgoing = await self._pack(package, attachments, to)
        me = await self.whoami()
        try:
            submitted = await sending.submit(self._wire, self._persist, me, outgoing, progress)
        except Refused as refusal:
            if refusal.evidence is not None:
                rejection = (await self._examiner()).examine(refusal.evidence)
                proof.check_refusal(rejection, sha256=outgoing.sha256, sender_id=me.agency.agency_id)
            raise
        return await sending.confirm(submitted, outgoing, me, await self._examiner(), self._canonical)

    async def check(
        self,
        package: Source,
        attachments: Iterable[Path | str] = (),
        to: Sequence[str] | None = None,
    ) -> Checked:
        """Asks the axis what it would say if this were sent now; nothing is sent, uploaded or kept. Whatever
        `send` would be refused is refused with the same code. Arguments as in `send`; an unsealed package is
        sealed for the question."""
        outgoing = await self._pack(package, attachments, to)
        blobs = [(blob.sha256, blob.size) for blob in outgoing.blobs]
        return await self._persist(lambda: self._wire.check(outgoing.sealed, blobs))

    async def _pack(
        self, package: Source, attachments: Iterable[Path | str], to: Sequence[str] | None
    ) -> Outgoing:
        document = (
            package if isinstance(package, bytes) else await asyncio.to_thread(read_document, Path(package))
        )
        blobs = [await asyncio.to_thread(files.measure, Path(path)) for path in attachments]
        recipients = None if to is None else await self._organs(document, to)
        signer, at = self._profile.signer, self._around.clock()
        return await asyncio.to_thread(pack, document, blobs, recipients, signer=signer, at=at)

    async def _organs(self, document: bytes, to: Sequence[str]) -> list[Organ]:
        """Names the recipients as the directory does; those of a sealed package are only compared."""
        if is_sealed(open_xml(document)):
            return [Organ(organ_id=agency_id.strip()) for agency_id in to]
        organs = []
        for agency_id in dict.fromkeys(text.strip() for text in to):
            organs.append(Organ(organ_id=agency_id, organ_name=await self._name(agency_id)))
        return organs

    async def _name(self, identifier: str) -> str:
        """Finds the name of an agency or a group. Raises `Refused` (`UNKNOWN_RECIPIENT`)."""
        try:
            return (await self.agency(identifier)).name
        except NotFound as exc:
            async with aclosing(self.groups()) as groups:
                async for group in groups:
                    if normalise(group.group_id) == normalise(identifier):
                        return group.name
            raise explain(Refused, "UNKNOWN_RECIPIENT", identifier, recipient=identifier) from exc
