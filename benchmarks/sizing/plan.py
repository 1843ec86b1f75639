"""How much a run does."""

from __future__ import annotations

from dataclasses import dataclass, replace

MIB = 1 << 20
MODES = ("embedded", "shared")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done in one mode."""

    accepted: int
    """Dispatches of 6 KB to one recipient that are weighed."""
    wide: int
    """Dispatches to all recipients that are weighed."""
    lives: int
    """Deliveries whose whole life is weighed."""
    large: int
    """Dispatches with a document of 1 MiB."""
    letters: int
    """Dispatches to all that watch."""
    watches: int
    """Open watches of each recipient."""
    through: int
    """Dispatches after which memory is read again."""
    uploads: int
    upload_bytes: int
    entries: tuple[int, ...]
    """Sizes of the ledger at which its operations are timed, growing."""
    fill_seconds: float
    """When to end filling, whatever was reached."""
    samples: int
    """Calls of which the median is taken."""
    catalogue_seconds: float
    """How long the catalogue of the filled ledger is made."""
    units: int = 20_000
    """In the directory of the axis with the large ledger."""
    recipients: int = 51
    in_flight: int = 64

    def part(self, share: float) -> Plan:
        """The same with a share of everything that is counted."""

        def of(number: int) -> int:
            return max(1, round(share * number))

        return replace(
            self,
            accepted=of(self.accepted),
            wide=of(self.wide),
            lives=of(self.lives),
            large=of(self.large),
            letters=of(self.letters),
            watches=of(self.watches),
            through=of(self.through),
            upload_bytes=MIB * of(self.upload_bytes // MIB),
            entries=tuple(sorted({max(self.entries[0], of(size)) for size in self.entries})),
            fill_seconds=share * self.fill_seconds,
            units=of(self.units),
            samples=of(self.samples),
        )


WHOLE = {
    "embedded": Plan(
        accepted=1500,
        wide=40,
        lives=400,
        large=40,
        letters=8,
        watches=20,
        through=20_000,
        uploads=8,
        upload_bytes=256 * MIB,
        entries=(1_000, 10_000, 50_000, 200_000),
        fill_seconds=95.0,
        samples=200,
        catalogue_seconds=6.0,
    ),
    "shared": Plan(
        accepted=800,
        wide=30,
        lives=250,
        large=30,
        letters=8,
        watches=20,
        through=3_000,
        uploads=8,
        upload_bytes=128 * MIB,
        entries=(1_000, 10_000, 50_000, 200_000),
        fill_seconds=50.0,
        samples=200,
        catalogue_seconds=6.0,
    ),
}
_SHORT = Plan(
    accepted=12,
    wide=2,
    lives=4,
    large=2,
    letters=1,
    watches=1,
    through=60,
    uploads=2,
    upload_bytes=2 * MIB,
    entries=(20, 60),
    fill_seconds=20.0,
    samples=5,
    catalogue_seconds=0.5,
    units=50,
    recipients=3,
    in_flight=8,
)
SHORT = dict.fromkeys(MODES, _SHORT)
"""Shows that everything runs; its figures say nothing."""
