"""Evidence packages, for whoever may see a dispatch."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509

from axis_client import files
from axis_client.acts.knowing import Knowing
from axis_client.connection import unseen
from axis_client.errors import LocalError, NotFound, Refused, TryLater, explain
from axis_client.exporting import Collector, Exporter, History, Packaged, check_target
from axis_client.logbook import as_signed
from axis_client.model import Proof, Record, Status
from axis_client.sending import Report
from signing.log import read_checkpoint, read_note
from signing.package import Disposal, Stamped
from signing.revocation import OcspError, read_answer

MOST_ANSWERS = 256 << 20
"""Bytes of lists and OCSP answers that a package takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyedBy:
    """What proves a destruction, as the archive's authority handed it over."""

    order: bytes
    approvals: tuple[bytes, ...] = ()
    destruction: bytes


class Exporting(Knowing):
    """One file that proves a dispatch."""

    async def package(
        self,
        dispatch_id: str,
        path: Path | str,
        *,
        force: bool = False,
        progress: Report = unseen,
        collect: Collector | None = None,
        disposal: DestroyedBy | None = None,
    ) -> Packaged:
        """Writes everything that this agency may see of a dispatch into one evidence package: the original,
        its files, all evidence and statements, certificates and revocation lists, sealed with the profile's
        key. `axis verify` judges it, offline, and so do the commands in its VERIFY.txt.

        Of a document that was disposed of, order and evidence of destruction stand in its place: those
        of `disposal`, or the axis's, which gives them to archivists of an agency that is party to all that
        the order names. `TryLater` while it is not destroyed yet.

        The same state of things gives the same bytes. What is there under `path` already is replaced only
        with `force`, unless it is the same. What in it does not hold is in the findings.
        """
        path = Path(path)
        check_target(path)
        records = [record async for record in self.evidence(dispatch_id)]
        history = await (collect or self._collect)(dispatch_id, records)
        history = await self._with_answers(dispatch_id, history)
        standing = await self.status(dispatch_id)
        if standing.disposal_id:
            destroyed = await self._destroyed(standing, disposal)
            exporter = Exporter(profile=self._profile, now=self._around.clock())
            return await exporter.export_destroyed(
                standing.dispatch, destroyed, records, history, path, force=force
            )
        room = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            retrieved = await self.retrieve(dispatch_id, room, progress=progress)
            exporter = Exporter(profile=self._profile, now=self._around.clock())
            return await exporter.export(retrieved, records, history, path, force=force)
        finally:
            if room.exists():
                files.remove_directory(room)

    async def _destroyed(self, standing: Status, given: DestroyedBy | None) -> Disposal:
        """What proves that a document was lawfully destroyed. Raises `TryLater`, and `LocalError` when the
        axis does not show it to this agency."""
        original = standing.dispatch.parts[0].sha256
        if given is not None:
            return Disposal(
                original=original,
                order=given.order,
                approvals=given.approvals,
                destruction=given.destruction,
            )
        try:
            told = await self._persist(lambda: self._wire.disposal(standing.disposal_id))
        except (NotFound, Refused) as exc:
            raise explain(LocalError, "ORDER_NOT_SHOWN", standing.disposal_id) from exc
        if not told.evidence:
            raise explain(TryLater, "NOT_DESTROYED_YET", told.disposal.waiting)
        return Disposal(
            original=original, order=told.order, approvals=told.approvals, destruction=told.evidence
        )

    async def _with_answers(self, dispatch_id: str, history: History) -> History:
        """Adds what the axis knew about revocation when it judged. What cannot be read is left out: it proves
        nothing."""
        answers, crls, size = list(history.answers), list(history.crls), 0
        async with aclosing(self._wire.answers(dispatch_id)) as found:
            async for kind, content in found:
                size += len(content)
                if size > MOST_ANSWERS:
                    break
                try:
                    if kind == "crl":
                        crls.append(x509.load_der_x509_crl(content))
                    elif kind == "ocsp":
                        answers.append(read_answer(content).der)
                except (ValueError, OcspError):
                    continue
        return replace(history, answers=tuple(answers), crls=tuple(crls))

    async def _collect(self, dispatch_id: str, records: Sequence[Record]) -> History:
        """Archive records; and proofs from the log, all under the first checkpoint that covers every record
        and bears a time-stamp, so that the same dispatch has the same proofs. No proofs when the profile
        names no log: an archive record is judged without it."""
        renewals = {one.content: renewal for one in records if (renewal := await self.archive_record(one))}
        places = [record.logged.index for record in records if record.logged]
        if not self.has_log or not places:
            return History(renewals=renewals)
        shown = await self.covering(max(places) + 1)
        policy = await self._log_policy()
        signed = as_signed(shown.note, policy)
        size = read_checkpoint(read_note(signed).text).size
        proofs = {record.content: await self.prove_under(size, record) for record in records}
        stamps = tuple(Stamped(checkpoint=signed, token=stamp.token) for stamp in shown.stamps)
        evidence = [one for one in records if isinstance(one, Proof)]
        grown = {one.content: taller for one in evidence if (taller := await self.grown(one))}
        return History(
            proofs=proofs,
            renewals=renewals,
            grown=grown,
            stamps=stamps,
            successions=await self._led_to(signed),
            log=policy,
        )
