"""The axis's own keys and certificates, read from the files that the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from pydantic import SecretStr

from axis_server.settings import EvidenceSettings, TlsSettings
from signing.keys import Signer, UnusableKey, load_pem
from signing.log import KeyKind, NoteSigner, read_skey


class MaterialError(Exception):
    """A file with a key or certificate cannot be used; the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsMaterial:
    """What the TLS handshake needs, as PEM."""

    certificate_chain: bytes
    private_key: bytes
    """Not encrypted: in memory only."""
    client_ca: bytes


def tls_material(settings: TlsSettings, password: SecretStr | None) -> TlsMaterial:
    """Reads certificate, key and client authorities. Raises `MaterialError`."""
    key = read_key(settings.key, password)
    return TlsMaterial(
        certificate_chain=pem_of(read_certificates(settings.certificate)),
        private_key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        client_ca=b"".join(pem_of(read_certificates(path)) for path in settings.client_ca),
    )


def pem_of(certificates: list[x509.Certificate]) -> bytes:
    """Writes certificates as PEM, in their order."""
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def read_certificates(path: Path) -> list[x509.Certificate]:
    """Reads a PEM file with one certificate or more. Raises `MaterialError`."""
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as exc:
        raise MaterialError(f"{path} holds no certificate in PEM form; export it as PEM.") from exc


def read_key(path: Path, password: SecretStr | None) -> PrivateKeyTypes:
    """Reads a private key in PEM form. Raises `MaterialError`."""
    secret = password.get_secret_value().encode() if password else None
    try:
        return serialization.load_pem_private_key(_read(path), secret)
    except TypeError as exc:
        wanted = "needs no password; unset it" if secret else "is encrypted; set its password"
        raise MaterialError(f"{path} {wanted} in the environment (see docs/settings.md).") from exc
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise MaterialError(f"{path} holds no private key in PEM form, or the password is wrong.") from exc


def evidence_signer(settings: EvidenceSettings, password: SecretStr | None) -> Signer:
    """Reads the key that signs evidence. Raises `UnusableKey`, `OSError`."""
    secret = password.get_secret_value().encode() if password else None
    return load_pem(settings.key, settings.certificate, secret)


def log_signer(path: Path) -> NoteSigner:
    """Reads the key that signs the log. Raises `MaterialError`."""
    if not path.exists():
        raise MaterialError(
            f"{path} is not there. For an axis that has no log yet, make it with `axis-server log-key {path}"
            " --origin NAME`; a log that has begun keeps its key: restore it from where you keep it."
        )
    try:
        signer = read_skey(_read(path).decode("ascii", "replace").strip())
    except UnusableKey as exc:
        raise MaterialError(
            f"{path} holds no key of a log: {exc} `axis-server log-key` makes one for a new axis."
        ) from exc
    if signer.key.kind is not KeyKind.ED25519:
        raise MaterialError(f"{path} is a witness's key; a log signs with another kind.")
    return signer


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise MaterialError(f"{path} cannot be read: {exc.strerror}.") from exc
