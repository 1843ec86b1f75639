"""Who calls, once the boundary has settled it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from storage.ledger.base import Agency, Certificate


class Role(StrEnum):
    SYSTEM = "system"
    CLERK = "clerk"
    ARCHIVIST = "archivist"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An agency, by one of its certificates. Only the boundary makes one, from a verified TLS peer."""

    agency: Agency
    certificate: Certificate

    @property
    def agency_id(self) -> str:
        return self.agency.agency_id

    @property
    def role(self) -> Role:
        return Role(self.certificate.role)
