"""The agencies that exchange documents in a soak: with systems, units without, and groups."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from axis_server.caller import Role
from axis_server.ledgers import opened_ledger
from axis_server.operation import grouping
from axis_server.operation.provision import issue_profile, provision
from axis_server.operation.registry import Use, certificate_of
from axis_server.settings import Address, load
from signing.keys import Signer, load_pem
from storage.ledger.directory import Directory
from storage.ledger.registry import Agency, Group

SECONDS_TO_HAND_OVER = (7200, 1800, 600, 25, 6)
SECONDS_TO_ANSWER = (8000, 2400, 1200, 50, 9)
"""By priority: the last two pass while the soak runs, the others only when the clock jumps."""
SECONDS_TO_AGREE = 900
_SETTINGS = """
[deadlines]
handover_hours = {handover}
answer_hours = {answer}
question_hours = {question}
ask_again_hours = 0.001

[limits]
refusals_per_minute = 1000000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """An agency with a system."""

    agency_id: str
    signer: Signer
    profile: Path
    units: tuple[str, ...] = ()
    """Agencies below it that have no system: it takes their letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """Everyone, and the axis between them."""

    directory: Path
    config: Path
    address: str
    houses: Mapping[str, House]
    groups: Mapping[str, tuple[str, ...]]
    """Agencies and units that each group means."""

    @property
    def mailboxes(self) -> dict[str, str]:
        """Who takes the letters of whom."""
        return {
            one: house.agency_id for house in self.houses.values() for one in (house.agency_id, *house.units)
        }


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def settings(
    hand_over: Sequence[float] = SECONDS_TO_HAND_OVER, answer: Sequence[float] = SECONDS_TO_ANSWER
) -> str:
    """The sections with short deadlines, seconds by priority."""
    return _SETTINGS.format(
        handover=[seconds / 3600 for seconds in hand_over],
        answer=[seconds / 3600 for seconds in answer],
        question=SECONDS_TO_AGREE / 3600,
    )


async def found(directory: Path, *, houses: int, units: int) -> Country:
    """Makes an axis with short deadlines and registers `houses` agencies, every third with `units` units."""
    base, at, port = directory / "axis", datetime.now(UTC), free_port()
    address = f"127.0.0.1:{port}"
    config = provision(
        base, listen=Address("127.0.0.1", port), hosts=(), metrics=None, axis_id="AXIS", axis_name="A", at=at
    )
    text = config.read_text().replace('level = "info"', 'level = "warning"')
    config.write_text(text + settings())
    async with opened_ledger(load(config)) as ledger:
        made = await populate(ledger, base, directory, houses=houses, units=units, axis="-", at=at)
        groups = await _group(ledger, tuple(made.values()))
    return Country(directory=directory, config=config, address=address, houses=made, groups=groups)


async def populate(
    ledger: Directory, base: Path, directory: Path, *, houses: int, units: int, axis: str, at: datetime
) -> dict[str, House]:
    """Registers `houses` agencies, every third with `units` units, whose profiles name `axis`."""
    made: dict[str, House] = {}
    for number in range(houses):
        name = f"H{number:02}"
        below = tuple(f"{name}.{unit:04}" for unit in range(units if number % 3 == 0 else 0))
        made[name] = await _settle(ledger, base, directory / name, name, below, axis, at)
    return made


async def _settle(
    directory: Directory,
    base: Path,
    profile: Path,
    name: str,
    below: Sequence[str],
    axis: str,
    at: datetime,
) -> House:
    issued = issue_profile(base, profile, agency_id=name, axis=axis, role=Role.SYSTEM, at=at)
    record = certificate_of(issued.certificate, role=Role.SYSTEM, use=Use.BOTH, at=at)
    await directory.register(
        Agency(agency_id=name, name=f"Cơ quan {name}", category="province", certificates=(record,)),
        replacing=None,
    )
    for unit in below:
        await directory.register(
            Agency(agency_id=unit, name=f"Đơn vị {unit}", parent_id=name, category="unit"), replacing=None
        )
    signer = load_pem(profile / "system.key", profile / "system.pem")
    return House(agency_id=name, signer=signer, profile=profile, units=tuple(below))


async def _group(directory: Directory, houses: Sequence[House]) -> dict[str, tuple[str, ...]]:
    """Registers all agencies, the units of the first, and both in one."""
    every = tuple(house.agency_id for house in houses)
    units = houses[0].units
    await grouping.add(directory, Group(group_id="EVERY", name="Các tỉnh", categories=("province",)))
    groups = {"EVERY": every}
    if units:
        await grouping.add(directory, Group(group_id="UNITS", name="Các đơn vị", members=units))
        await grouping.add(directory, Group(group_id="NESTED", name="Tất cả", members=("UNITS", every[1])))
        groups |= {"UNITS": units, "NESTED": (*units, every[1])}
    return groups
