"""Keys that seal. A `Signer` may be a file, and later a token: only it touches the private key."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from cryptography import x509


class UnusableKey(Exception):
    """The key material cannot be used; the message says why and what to do."""


class Signer(Protocol):
    """Signs bytes with one key. Implementations must be safe to call from several threads."""

    @property
    def certificate(self) -> x509.Certificate:
        """The signer's certificate."""
        ...

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Intermediates to send along, signer's certificate not included; may be empty."""
        ...

    @property
    def algorithm(self) -> str:
        """The XML signature algorithm URI, such as `http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256`."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Returns the signature value in XML signature's form (for ECDSA r || s, RFC 6931), over `data` hashed by
        the algorithm's own digest."""
        ...


def load_pem(key: Path, certificate: Path, password: bytes | None = None) -> Signer:
    """Loads a private key and its certificate (a chain may follow it in the same file) from PEM files."""
    raise NotImplementedError


def load_pkcs12(path: Path, password: bytes | None = None) -> Signer:
    """Loads key, certificate and chain from a PKCS#12 file."""
    raise NotImplementedError
