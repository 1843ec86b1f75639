"""The directory as the axis uses it: a snapshot in memory, replaced when the kept one changed."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog

from axis_server.caller import Caller
from storage.errors import Unavailable
from storage.ledger.base import Agency, Certificate, Directory

log = structlog.get_logger()


def canonical(identifier: str) -> str:
    """Returns the form in which identifiers are compared: trimmed, in upper case, composed (NFC)."""
    return unicodedata.normalize("NFC", identifier.strip().upper())


@dataclass(frozen=True, slots=True)
class DirectoryView:
    """One snapshot; immutable. Identifiers are compared trimmed and in upper case."""

    _agencies: Mapping[str, Agency]
    """By every identifier that an agency has, in canonical form."""
    _certificates: Mapping[str, tuple[Agency, Certificate]]
    """By the SHA-256 of the certificate."""

    @classmethod
    def of(cls, agencies: Iterable[Agency]) -> DirectoryView:
        """Raises `ValueError` when two agencies share an identifier, an alias or a certificate."""
        by_identifier: dict[str, Agency] = {}
        by_certificate: dict[str, tuple[Agency, Certificate]] = {}
        for agency in agencies:
            for identifier in (agency.agency_id, *agency.aliases):
                holder = by_identifier.setdefault(canonical(identifier), agency)
                if holder is not agency:
                    raise ValueError(
                        f"{holder.agency_id} and {agency.agency_id} share the identifier {identifier}"
                    )
            for certificate in agency.certificates:
                held = by_certificate.setdefault(certificate.sha256.lower(), (agency, certificate))
                if held[0] is not agency:
                    raise ValueError(
                        f"{held[0].agency_id} and {agency.agency_id} share certificate {certificate.sha256}"
                    )
        return cls(by_identifier, by_certificate)

    def resolve(self, identifier: str) -> Agency | None:
        """Finds an agency by its canonical id or any alias; suspended ones too."""
        return self._agencies.get(canonical(identifier))

    def caller(self, certificate_sha256: str) -> Caller | None:
        """Finds who may connect with this certificate; suspended agencies too."""
        found = self._certificates.get(certificate_sha256.lower())
        if found is None or not found[1].may_connect:
            return None
        return Caller(agency=found[0], certificate=found[1])

    def sealer(self, certificate_sha256: str) -> tuple[Agency, Certificate] | None:
        """Finds for whom this certificate may seal; suspended agencies too."""
        found = self._certificates.get(certificate_sha256.lower())
        return found if found is not None and found[1].may_seal else None

    def names(self, agency_ids: Iterable[str]) -> dict[str, str]:
        """Returns the display names of agencies, empty for one that is not here (any more)."""
        return {id: agency.name if (agency := self.resolve(id)) else "" for id in agency_ids}


class DirectoryWatch:
    """Keeps the newest view: `view()` is free of waiting; `refresh()` asks the store whether it changed.

    Until the first refresh nobody is in the directory. A store that does not answer leaves the last view in
    force.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._version: int | None = None
        self._view = DirectoryView.of(())

    def view(self) -> DirectoryView:
        """Returns the view as of the last refresh."""
        return self._view

    async def refresh(self) -> None:
        """Takes over the kept directory if it changed.

        Raises `Unavailable`, and `ValueError` when what is kept contradicts itself; the last view then stays
        in force.
        """
        version = await self._directory.version()
        if version != self._version:
            self._view = DirectoryView.of(await self._directory.agencies())
            self._version = version

    async def follow(self, interval: float) -> None:
        """Refreshes every `interval` seconds, for ever; what hinders it is an alarm and is tried again."""
        while True:
            await asyncio.sleep(interval)
            try:
                await self.refresh()
            except Unavailable as trouble:
                log.warning("directory.unavailable", detail=str(trouble))
            except ValueError as contradiction:
                log.critical("directory.inconsistent", detail=str(contradiction))
