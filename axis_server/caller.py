"""Who calls, once the boundary has settled it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509

from axis_server.errors import Declined, Detail
from axis_server.reasons import Code
from storage.ledger.registry import Agency, Certificate


class Role(StrEnum):
    SYSTEM = "system"
    CLERK = "clerk"
    ARCHIVIST = "archivist"
    OPERATOR = "operator"


ACTORS = frozenset({Role.SYSTEM, Role.CLERK})
READERS = ACTORS | {Role.ARCHIVIST}
OVERSEERS = READERS | {Role.OPERATOR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An agency, by one of its certificates or by one of its delegate's. Only the boundary makes one, from a
    verified TLS peer."""

    agency: Agency
    """In whose name the caller acts."""
    certificate: Certificate
    helpers: tuple[x509.Certificate, ...] = ()
    """Intermediates that the peer brought; not to be trusted."""
    delegate: Agency | None = None
    """The agency whose certificate it is, when that is another one."""
    may_send: bool = True
    """It may do what the agency does as a sender, and see what it sent; of a delegate, as the directory
    says."""
    may_receive: bool = True
    """The same of what the agency receives."""

    @property
    def agency_id(self) -> str:
        return self.agency.agency_id

    @property
    def actor_id(self) -> str:
        """The agency whose certificate it is."""
        return self.agency.agency_id if self.delegate is None else self.delegate.agency_id

    @property
    def delegate_id(self) -> str:
        """The delegate's identifier; empty when the agency acts itself."""
        return "" if self.delegate is None else self.delegate.agency_id

    @property
    def role(self) -> Role:
        return Role(self.certificate.role)


def admit_reader(caller: Caller) -> None:
    """Lets a caller read what is its agency's: systems, clerks and archivists of an agency in good standing.

    Raises `Declined`: AGENCY_SUSPENDED, ROLE_FORBIDDEN.
    """
    _admit(caller, READERS, "the axis's operator has no access to documents")


def admit_actor(caller: Caller) -> None:
    """Lets a caller send and report in its agency's name: systems and clerks of an agency in good standing.

    Raises `Declined`: AGENCY_SUSPENDED, ROLE_FORBIDDEN.
    """
    _admit(caller, ACTORS, f"the role {caller.role} changes nothing")


def admit_overseer(caller: Caller) -> None:
    """Lets a caller see what needs attention and how many there are: of its own agency, or as the operator
    without what documents say.

    Raises `Declined`: AGENCY_SUSPENDED.
    """
    _admit(caller, OVERSEERS, f"the role {caller.role} oversees nothing")


def _admit(caller: Caller, roles: frozenset[Role], otherwise: str) -> None:
    if not caller.agency.active:
        raise Declined(
            Code.AGENCY_SUSPENDED,
            Detail(f"agency {caller.agency_id} is suspended", f"cơ quan {caller.agency_id} đang bị tạm dừng"),
        )
    if caller.role not in roles:
        raise Declined(Code.ROLE_FORBIDDEN, otherwise)
