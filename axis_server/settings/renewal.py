"""Proving what is kept beyond the algorithms of its time."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from axis_server.settings.section import Section
from axis_server.settings.values import MIB, SizeOrZero


class RenewalSettings(Section):
    """Archive records (RFC 4998): what is new in the log is hashed and time-stamped, and renewed before a
    certificate or an algorithm ends. It needs at least one `[[timestamps]]`."""

    every_days: float = Field(default=7.0, gt=0, le=3650)
    """How long after the beginning of one volume what is new becomes the next one."""
    lead_days: float = Field(default=365.0, ge=1, le=3650)
    """How long before its end a time-stamp or an algorithm is replaced. Hashing everything again must fit
    in."""
    digest: Literal["sha256", "sha384", "sha512"] = "sha256"
    """By which new hash trees are made. Change it when `trusted_until` names the end of the one in use."""
    trusted_until: dict[Literal["sha256", "sha384", "sha512"], date] = Field(default={})
    """The day on which an algorithm is no longer trusted, such as `{ sha256 = 2035-01-01 }`."""
    authorities: list[str] = Field(default=[])
    """Names of the `[[timestamps]]` that are asked, in this order until one answers; empty for all."""
    bytes_per_second: SizeOrZero = 16 * MIB
    """How much each process reads in a second while it hashes anew; 0 turns renewal off (`axis-server renew`
    works all the same)."""

    @model_validator(mode="after")
    def _goes_on_by_what_lasts(self) -> Self:
        ends = [end for name, end in self.trusted_until.items() if name != self.digest]
        own = self.trusted_until.get(self.digest)
        if own is not None and any(end > own for end in ends):
            raise ValueError("`digest` names an algorithm that ends before another that is known")
        return self
