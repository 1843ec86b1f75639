"""Where revocation is asked, and for how long an answer counts."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from axis_server.settings.section import Section
from axis_server.settings.values import MIB, Size, WebAddress


class InsteadSettings(Section):
    """Another address in the place of one in certificates: a mirror inside the network, or none."""

    address: str = Field(min_length=1, max_length=2000)
    """The address as certificates have it."""
    ask: WebAddress | None = None
    """What is asked instead, private networks included; left out, that address is never asked."""


class RevocationSettings(Section):
    """How the axis learns that a certificate was revoked: lists (CRL) and OCSP answers, fetched in the
    background from the addresses in certificates, kept in the ledger, shared by all nodes. What an unknown
    state does is `trust.revocation`."""

    fetch: bool = True
    """Ask the addresses in certificates. Without it, only the files of `trust.crls` count, and what other
    nodes fetched."""
    hosts: list[str] = Field(default=[])
    """Only these hosts are asked; empty asks every public one."""
    private: bool = False
    """Also ask addresses in private networks."""
    instead: list[InsteadSettings] = Field(default=[])
    """Addresses that are asked in the place of others, each in a `[[revocation.instead]]` of its own."""
    grace_hours: float = Field(default=0.0, ge=0, le=720)
    """How long past its nextUpdate the last answer still counts while no newer one can be had; afterwards
    the state is unknown."""
    live_seconds: float = Field(default=2.0, ge=0, le=30)
    """How long a submission waits for an answer that is not at hand yet; others do not wait. 0 never
    waits."""
    list_bytes: Size = 32 * MIB
    """Largest list that is fetched."""

    @property
    def grace(self) -> timedelta:
        return timedelta(hours=self.grace_hours)
