"""Evidence packages, for whoever may see a dispatch."""

from __future__ import annotations

import secrets
from pathlib import Path

from axis_client import files
from axis_client.acts.knowing import Knowing
from axis_client.connection import unseen
from axis_client.exporting import Collector, Exporter, Packaged, check_target, no_history
from axis_client.sending import Report


class Exporting(Knowing):
    """One file that proves a dispatch."""

    async def package(
        self,
        dispatch_id: str,
        path: Path | str,
        *,
        force: bool = False,
        progress: Report = unseen,
        collect: Collector = no_history,
    ) -> Packaged:
        """Writes everything that this agency may see of a dispatch into one evidence package: the original,
        its files, all evidence and statements, certificates and revocation lists, sealed with the profile's
        key. `axis verify` judges it, offline, and so do the commands in its VERIFY.txt.

        The same state of things gives the same bytes. What is there under `path` already is replaced only
        with `force`, unless it is the same. What in it does not hold is in the findings.
        """
        path = Path(path)
        check_target(path)
        records = [record async for record in self.evidence(dispatch_id)]
        history = await collect(dispatch_id, records)
        room = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            retrieved = await self.retrieve(dispatch_id, room, progress=progress)
            exporter = Exporter(profile=self._profile, now=self._around.clock())
            return await exporter.export(retrieved, records, history, path, force=force)
        finally:
            if room.exists():
                files.remove_directory(room)
