"""The directory as the axis uses it: a snapshot in memory, replaced when the kept one changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import structlog

from axis_server.caller import Caller
from edxml.agency_id import LONGEST, normalise
from storage.errors import Unavailable
from storage.ledger.directory import Directory
from storage.ledger.registry import Agency, Certificate

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DirectoryView:
    """One snapshot; immutable. Identifiers are compared as `edxml.agency_id.normalise` says."""

    _agencies: Mapping[str, Agency]
    """By every identifier that an agency has, normalised."""
    _certificates: Mapping[str, tuple[Agency, Certificate]]
    """By the SHA-256 of the certificate."""
    conflicts: tuple[str, ...] = ()
    """What two agencies share, in sentences; none of the two is in this view."""

    @classmethod
    def of(cls, agencies: Iterable[Agency]) -> DirectoryView:
        """Makes a view of all agencies that share no identifier, alias or certificate with another one.

        Who is who must never be a guess, and one contradiction must not keep the others out: registration
        refuses it, and if it stands in the store all the same, those whom it touches are left out.
        """
        known = tuple(agencies)
        holders: dict[str, dict[int, None]] = {}
        for number, agency in enumerate(known):
            for claim in _claims(agency):
                holders.setdefault(claim, {})[number] = None
        shared = {claim: numbers for claim, numbers in holders.items() if len(numbers) > 1}
        left_out = {number for numbers in shared.values() for number in numbers}
        clear = [agency for number, agency in enumerate(known) if number not in left_out]
        return cls(
            {normalise(name): agency for agency in clear for name in (agency.agency_id, *agency.aliases)},
            {one.sha256.lower(): (agency, one) for agency in clear for one in agency.certificates},
            tuple(
                f"{' and '.join(known[number].agency_id for number in numbers)} share the {claim}"
                for claim, numbers in shared.items()
            ),
        )

    def resolve(self, identifier: str) -> Agency | None:
        """Finds an agency by its canonical id or any alias; suspended ones too.

        What is longer than an identifier may be names nobody.
        """
        if len(identifier) > LONGEST:
            return None
        return self._agencies.get(normalise(identifier))

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
        """Takes over the kept directory if it changed; what contradicts itself there is an alarm each time.

        Raises `Unavailable`; the last view then stays in force.
        """
        version = await self._directory.version()
        if version != self._version:
            self._view = DirectoryView.of(await self._directory.agencies())
            self._version = version
        if self._view.conflicts:
            log.critical("directory.inconsistent", conflicts=self._view.conflicts)

    async def follow(self, interval: float) -> None:
        """Refreshes every `interval` seconds, for ever; what hinders it is an alarm and is tried again."""
        while True:
            await asyncio.sleep(interval)
            try:
                await self.refresh()
            except Unavailable as trouble:
                log.warning("directory.unavailable", detail=str(trouble))


def _claims(agency: Agency) -> Iterator[str]:
    """Yields what only one agency may have."""
    for name in (agency.agency_id, *agency.aliases):
        yield f"identifier {normalise(name)}"
    for certificate in agency.certificates:
        yield f"certificate {certificate.sha256.lower()}"
