"""The axis's own keys and certificates, read from the files that the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from pydantic import SecretStr

from axis_server.settings import EvidenceSettings, TlsSettings, TransparencySettings
from signing.keys import MemorySigner, Signer, UnusableKey
from signing.log import (
    KeyKind,
    LogPolicy,
    NoteSigner,
    NotProven,
    Succession,
    VerifierKey,
    lineage,
    read_skey,
    read_succession,
    read_vkey,
)

NEXT, RETIRED = "next", "retired"
"""Folders beside a key: `next` holds what takes its place, under the same names; `retired` what it took the
place of, without private keys. Of the log both hold the statements too in which one key names the next."""
SUCCESSION = ".succession"


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
    certificates = read_certificates(settings.certificate)
    if key.public_key() != certificates[0].public_key():
        raise MaterialError(
            f"{settings.key} is not the key of {settings.certificate}; give the two together."
        )
    return TlsMaterial(
        certificate_chain=pem_of(certificates),
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
    """Reads the key that signs evidence. Raises `MaterialError`, `UnusableKey`."""
    own, *chain = read_certificates(settings.certificate)
    return MemorySigner(read_key(settings.key, password), own, chain)


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


def next_of(path: Path) -> Path:
    """Where the one lies that is to take this file's place."""
    return path.parent / NEXT / path.name


def evidence_certificates(settings: EvidenceSettings) -> tuple[x509.Certificate, ...]:
    """Returns the certificates that evidence is or was or will be signed with: the one in use, then the next,
    then retired ones. Raises `MaterialError`."""
    coming, gone = next_of(settings.certificate), settings.certificate.parent / RETIRED
    paths = (settings.certificate, *([coming] if coming.exists() else []), *sorted(gone.glob("*.pem")))
    found = [read_certificates(path)[0] for path in paths]
    return tuple(dict.fromkeys(found))


def log_keys(settings: TransparencySettings) -> tuple[VerifierKey, ...]:
    """Returns the public keys of the log: the one in use, then the next, then retired ones. Raises
    `MaterialError`."""
    coming, gone = next_of(settings.key), settings.key.parent / RETIRED
    own = [log_signer(path).key for path in (settings.key, *([coming] if coming.exists() else []))]
    return tuple(dict.fromkeys([*own, *(_retired_key(path) for path in sorted(gone.glob("*.vkey")))]))


def log_policy(settings: TransparencySettings) -> LogPolicy:
    """Says whom to believe about the log, by the axis's own files. Raises `MaterialError`."""
    keys = log_keys(settings)
    return LogPolicy(origin=keys[0].name, keys=keys)


def succession_of(path: Path, old: VerifierKey) -> Path:
    """Where the statement lies, in `next` or `retired`, in which the log's key `old` names its successor."""
    name = f"{old.key_id.hex()}{SUCCESSION}"
    retired = path.parent / RETIRED / name
    return retired if retired.exists() else path.parent / NEXT / name


def log_successions(settings: TransparencySettings) -> tuple[Succession, ...]:
    """Returns how the log's keys followed each other, the first before those behind it. Raises
    `MaterialError`."""
    paths = [
        path
        for folder in (RETIRED, NEXT)
        for path in sorted((settings.key.parent / folder).glob(f"*{SUCCESSION}"))
    ]
    found = []
    for path in paths:
        try:
            found.append(read_succession(_read(path)))
        except NotProven as exc:
            raise MaterialError(f"{path} holds no succession of a log's keys: {exc.detail}.") from exc
    policy = log_policy(settings)
    ends = {one.new for one in found}
    first = tuple(dict.fromkeys(one.old for one in found if one.old not in ends))
    try:
        return lineage(LogPolicy(origin=policy.origin, keys=first or policy.keys), found)
    except NotProven as exc:
        raise MaterialError(
            f"The files *{SUCCESSION} in {settings.key.parent} contradict each other: {exc.detail}."
        ) from exc


def _retired_key(path: Path) -> VerifierKey:
    try:
        return read_vkey(_read(path).decode("ascii", "replace").strip())
    except UnusableKey as exc:
        raise MaterialError(f"{path} holds no public key of a log: {exc}") from exc


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise MaterialError(f"{path} cannot be read: {exc.strerror}.") from exc
