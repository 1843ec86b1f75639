"""Agencies with certificates of their own, for tests of the axis."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes

from axis_server.caller import Caller
from signing.keys import MemorySigner
from storage.ledger.registry import Agency, Certificate
from tests.pki import Authority, Identity, authority


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """An agency with the key it seals with."""

    agency: Agency
    identity: Identity

    @property
    def id(self) -> str:
        return self.agency.agency_id

    @property
    def signer(self) -> MemorySigner:
        return MemorySigner(self.identity.key, self.identity.certificate, self.identity.chain)

    def caller(self, role: str = "system") -> Caller:
        """The agency, connected with its certificate of that role."""
        certificate = next(one for one in self.agency.certificates if one.role == role)
        return Caller(agency=self.agency, certificate=certificate)


def house(root: Authority, agency_id: str, name: str, *aliases: str, active: bool = True) -> House:
    """Makes an agency: its system seals and connects; a clerk, an archivist and an operator connect."""
    identities = {role: root.issue(name) for role in ("system", "clerk", "archivist", "operator")}
    certificates = [
        Certificate(
            sha256=identity.certificate.fingerprint(hashes.SHA256()).hex(),
            pem=identity.certificate_pem.decode(),
            role=role,
            may_connect=True,
            may_seal=role == "system",
        )
        for role, identity in identities.items()
    ]
    agency = Agency(
        agency_id=agency_id, name=name, aliases=aliases, certificates=tuple(certificates), active=active
    )
    return House(agency=agency, identity=identities["system"])


def receiving(agency_id: str, *aliases: str, active: bool = True) -> Agency:
    """Makes an agency that has a system, and says nothing in a test."""
    certificate = Certificate(
        sha256=agency_id.lower(), pem="", role="system", may_connect=True, may_seal=True
    )
    name = f"Cơ quan {agency_id}"
    return Agency(agency_id=agency_id, name=name, aliases=aliases, certificates=(certificate,), active=active)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pki:
    """What costs time to make, made once a run."""

    root: Authority
    axis: Identity
    ministry: House
    province: House
    department: House
    stranger: House

    @classmethod
    def made(cls) -> Pki:
        root = authority()
        return cls(
            root=root,
            axis=root.issue("Test Axis"),
            ministry=house(root, "G90", "Bộ Mẫu", "000.00.00.G90"),
            province=house(root, "H90", "UBND tỉnh Ví Dụ", "000.00.00.H90"),
            department=house(root, "H91.01", "Sở Nội vụ tỉnh Giả Định"),
            stranger=house(root, "K99", "Người Lạ"),
        )
