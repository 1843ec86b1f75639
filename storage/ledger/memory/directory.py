"""The agencies, in memory."""

from __future__ import annotations

import asyncio
from copy import deepcopy

from storage.errors import Changed
from storage.ledger.memory.state import Facet
from storage.ledger.registry import Agency
from storage.ledger.wellformed import check_agency


class MemoryDirectory(Facet):
    """`Directory` in memory."""

    async def register(self, agency: Agency, *, replacing: Agency | None) -> None:
        check_agency(agency, replacing)
        await asyncio.sleep(0)
        agencies = self._state.agencies
        if agencies.get(agency.agency_id) != replacing:
            raise Changed(agency.agency_id)
        taken_names = {agency.agency_id, *agency.aliases}
        taken_certificates = {certificate.sha256 for certificate in agency.certificates}
        for other in agencies.values():
            if other.agency_id == agency.agency_id:
                continue
            if taken_names & {other.agency_id, *other.aliases}:
                raise ValueError(f"an identifier of {agency.agency_id} belongs to {other.agency_id}")
            if taken_certificates & {certificate.sha256 for certificate in other.certificates}:
                raise ValueError(f"a certificate of {agency.agency_id} belongs to {other.agency_id}")
        agencies[agency.agency_id] = deepcopy(agency)
        self._state.version += 1

    async def agencies(self) -> tuple[Agency, ...]:
        await asyncio.sleep(0)
        return tuple(deepcopy(agency) for _, agency in sorted(self._state.agencies.items()))

    async def version(self) -> int:
        await asyncio.sleep(0)
        return self._state.version
