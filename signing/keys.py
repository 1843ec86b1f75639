"""Keys that seal. A `Signer` may be a file, and later a token: only it touches the private key."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from signing.algorithms import ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512, RSA_SHA256
from signing.reading import read_bounded

_MIN_RSA_BITS = 2048
_LARGEST_FILE = 1 << 20
_CURVES: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    "secp256r1": (ECDSA_SHA256, hashes.SHA256()),
    "secp384r1": (ECDSA_SHA384, hashes.SHA384()),
    "secp521r1": (ECDSA_SHA512, hashes.SHA512()),
}


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
        """Returns the signature value in XML signature's form (for ECDSA r || s, RFC 6931), over `data`
        hashed by the algorithm's own digest."""
        ...


class MemorySigner:
    """A signer whose private key is in memory: RSA from 2048 bits, or ECDSA on P-256, P-384 or P-521."""

    def __init__(
        self,
        key: object,
        certificate: x509.Certificate,
        chain: Iterable[x509.Certificate] = (),
        *,
        repeatable: bool = False,
    ) -> None:
        """`repeatable` makes the same signature over the same bytes each time, with ECDSA by RFC 6979.

        Raises `UnusableKey` when the key is too weak, of another kind, or not the certificate's."""
        self.certificate = certificate
        self.chain = tuple(chain)
        if isinstance(key, rsa.RSAPrivateKey):
            if key.key_size < _MIN_RSA_BITS:
                raise UnusableKey(
                    f"The RSA key has {key.key_size} bits; {_MIN_RSA_BITS} are the least. Use a new key."
                )
            self.algorithm = RSA_SHA256
        elif isinstance(key, ec.EllipticCurvePrivateKey):
            if key.curve.name not in _CURVES:
                raise UnusableKey(f"The curve {key.curve.name} is not accepted. Use P-256, P-384 or P-521.")
            self.algorithm = _CURVES[key.curve.name][0]
        else:
            raise UnusableKey("The key is neither RSA nor ECDSA. Use an RSA or ECDSA key.")
        if key.public_key() != certificate.public_key():
            raise UnusableKey(
                "The private key is not the certificate's. Give the two that were made together."
            )
        self._key = key
        self._repeatable = repeatable

    def __repr__(self) -> str:
        return f"MemorySigner({self.certificate.subject.rfc4514_string()!r})"

    def sign(self, data: bytes) -> bytes:
        """See `Signer.sign`."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        size = (self._key.curve.key_size + 7) // 8
        scheme = ec.ECDSA(_CURVES[self._key.curve.name][1], deterministic_signing=self._repeatable)
        r, s = decode_dss_signature(self._key.sign(data, scheme))
        return r.to_bytes(size) + s.to_bytes(size)

    def repeating(self) -> MemorySigner:
        """Returns a signer with the same key that is repeatable."""
        return MemorySigner(self._key, self.certificate, self.chain, repeatable=True)


def repeating(signer: Signer) -> Signer:
    """Returns a signer whose signatures over the same bytes are the same, where its key is in memory; else
    `signer` itself, which may be."""
    return signer.repeating() if isinstance(signer, MemorySigner) else signer


def load_pem(key: Path, certificate: Path, password: bytes | None = None) -> Signer:
    """Loads a private key and its certificate (a chain may follow it in the same file) from PEM files.

    Raises `UnusableKey`, also when a file cannot be read.
    """
    try:
        private = load_pem_private_key(_read(key), password)
    except TypeError as error:
        if password is None:
            raise UnusableKey(f"{key} is protected by a password. Give the password.") from error
        raise UnusableKey(f"{key} is not protected, but a password was given. Give none.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKey(f"{key} holds no private key in PEM form that this password opens.") from error
    try:
        certificates = x509.load_pem_x509_certificates(_read(certificate))
    except ValueError as error:
        raise UnusableKey(f"{certificate} holds no certificate in PEM form.") from error
    return MemorySigner(private, certificates[0], certificates[1:])


def load_pkcs12(path: Path, password: bytes | None = None) -> Signer:
    """Loads key, certificate and chain from a PKCS#12 file. Raises `UnusableKey`, also when unreadable."""
    try:
        private, certificate, chain = pkcs12.load_key_and_certificates(_read(path), password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableKey(f"{path} is no PKCS#12 file that this password opens.") from error
    if private is None or certificate is None:
        raise UnusableKey(f"{path} lacks the private key or its certificate. Export both into one file.")
    return MemorySigner(private, certificate, chain)


def _read(path: Path) -> bytes:
    try:
        return read_bounded(path, _LARGEST_FILE)
    except OSError as error:
        raise UnusableKey(f"{path} cannot be read: {error.strerror}.") from error
