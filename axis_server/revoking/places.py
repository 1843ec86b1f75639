"""Where revocation is asked about certificates, by the addresses in them and by the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from axis_server.settings import RevocationSettings
from signing.revocation import crl_places, ocsp_places


class Kind(StrEnum):
    CRL = "crl"
    OCSP = "ocsp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One address, asked about one certificate; all certificates of an issuer may share a list's."""

    kind: Kind
    address: str
    """As the certificate has it."""
    ask: str
    """What is asked."""
    private: bool
    """The settings name it, so it may lie in a private network."""
    certificate: x509.Certificate
    issuer: x509.Certificate

    @property
    def name(self) -> str:
        """By this its answer is kept: the address, and for OCSP the certificate."""
        if self.kind is Kind.CRL:
            return f"crl {self.address} {_fingerprint(self.issuer)}"
        return f"ocsp {self.address} {_fingerprint(self.certificate)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Which addresses are asked."""

    fetch: bool = True
    hosts: frozenset[str] = frozenset()
    """Empty: all."""
    private: bool = False
    instead: Mapping[str, str | None]
    """Address -> what is asked instead; None: nothing."""

    @classmethod
    def of(cls, settings: RevocationSettings) -> Addresses:
        return cls(
            fetch=settings.fetch,
            hosts=frozenset(host.lower() for host in settings.hosts),
            private=settings.private,
            instead={one.address: one.ask for one in settings.instead},
        )

    def asked(self, address: str) -> tuple[str, bool] | None:
        """Returns what is asked for `address`, and whether it may lie in a private network; None: it is not
        asked."""
        if not self.fetch:
            return None
        if address in self.instead:
            other = self.instead[address]
            return None if other is None else (other, True)
        if self.hosts and _host(address) not in self.hosts:
            return None
        return address, self.private


def places(path: Iterable[x509.Certificate], addresses: Addresses) -> Iterator[Place]:
    """Yields where to ask about each certificate of a path below its anchor."""
    for certificate, issuer in pairwise(path):
        for kind, found in ((Kind.OCSP, ocsp_places), (Kind.CRL, crl_places)):
            for address in found(certificate):
                asked = addresses.asked(address)
                if asked is not None:
                    yield Place(
                        kind=kind,
                        address=address,
                        ask=asked[0],
                        private=asked[1],
                        certificate=certificate,
                        issuer=issuer,
                    )


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()
