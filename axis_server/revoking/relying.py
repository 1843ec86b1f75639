"""Which certificates the axis relies on: the directory's and its own, and where each is asked about."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from cryptography import x509

from axis_server.addressing.directory import DirectoryView
from axis_server.admitting.admission import read_certificate
from axis_server.revoking.places import Addresses, Place, places
from signing.trust import TrustStore

MOST_SEEN = 1_000
"""Certificates that were met and stand nowhere else, such as those of time-stamping authorities."""


class Relying:
    """Finds the ways up from all certificates that are relied on. The answer is kept until one of them, or
    the trust, changes: for many agencies it takes seconds."""

    def __init__(
        self,
        *,
        directory: Callable[[], DirectoryView],
        trusts: Callable[[], tuple[TrustStore, ...]],
        own: Callable[[], tuple[x509.Certificate, ...]],
        addresses: Addresses,
    ) -> None:
        """`trusts` are all stores by which somebody is judged; each certificate is asked about where one of
        them leads it to an anchor."""
        self._directory = directory
        self._trusts = trusts
        self._own = own
        self._addresses = addresses
        self._seen: dict[x509.Certificate, None] = {}
        self._lock = threading.Lock()
        self._found: tuple[tuple[object, ...], Mapping[str, Place]] | None = None

    def rely(self, certificate: x509.Certificate) -> None:
        """Adds a certificate that somebody is judged by."""
        with self._lock:
            if certificate not in self._seen and len(self._seen) < MOST_SEEN:
                self._seen[certificate] = None
                self._found = None

    def wanted(self) -> Mapping[str, Place]:
        """Returns every place by its name."""
        view, trusts, own = self._directory(), self._trusts(), self._own()
        with self._lock:
            found, seen = self._found, tuple(self._seen)
        facts = (view, own, *trusts)
        if found is not None and len(found[0]) == len(facts) and all(map(_is, found[0], facts)):
            return found[1]
        certificates = dict.fromkeys((*own, *seen, *self._registered(view)))
        wanted = {name: place for one in certificates for name, place in self._about(one, trusts)}
        with self._lock:
            if len(seen) == len(self._seen):
                self._found = (facts, wanted)
        return wanted

    def about(self, certificate: x509.Certificate) -> Mapping[str, Place]:
        """Returns the places of one certificate and its issuers."""
        return dict(self._about(certificate, self._trusts()))

    def _about(
        self, certificate: x509.Certificate, trusts: Iterable[TrustStore]
    ) -> Iterator[tuple[str, Place]]:
        for trust in trusts:
            for place in places(trust.way_up(certificate), self._addresses):
                yield place.name, place

    def _registered(self, view: DirectoryView) -> Iterator[x509.Certificate]:
        for agency in view.agencies():
            for certificate in agency.certificates if agency.active else ():
                yield read_certificate(certificate.pem)


def _is(one: object, other: object) -> bool:
    return one is other
