"""What the operator does to the directory of agencies. Each change is one write; a running axis sees it.

    certificate = read_certificate(path, role=Role.CLERK, use=Use.BOTH, at=now)
    await add(directory, Agency(agency_id="G22", name="...", certificates=(certificate,)))
    await suspend(directory, "G22")

An identifier is kept trimmed and in upper case, as the directory compares it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from axis_server.caller import Role
from signing.policy import DEFAULT_POLICY
from storage.ledger.base import Agency, Certificate, Directory

LONGEST_IDENTIFIER = 100
"""Longer than the law's 35, because irregular identifiers occur in the field."""


class RegistryError(Exception):
    """The directory stays as it was; the message says why and what to do."""


class Use(Enum):
    """What a certificate may be used for: (connect, seal)."""

    BOTH = (True, True)
    CONNECT = (True, False)
    SEAL = (False, True)


def identifier(text: str) -> str:
    """Returns an agency identifier in the form that is kept. Raises `RegistryError` when it cannot be one."""
    kept = text.strip().upper()
    if not kept or len(kept) > LONGEST_IDENTIFIER or re.search(r"[\s\x00-\x1f\x7f,;/\\]", kept):
        raise RegistryError(
            f'"{text}" cannot be an agency identifier; write it like 000.00.00.G22 or H37.01, without spaces.'
        )
    return kept


def certificate_of(certificate: x509.Certificate, *, role: Role, use: Use, at: datetime) -> Certificate:
    """Makes the directory's record. Raises `RegistryError` for a weak key or an expired certificate."""
    if certificate.not_valid_after_utc <= at:
        expired = certificate.not_valid_after_utc.date().isoformat()
        raise RegistryError(f"the certificate expired on {expired}; have a new one issued.")
    if weakness := weak_key(certificate):
        raise RegistryError(f"the certificate's key is too weak ({weakness}); have a new one issued.")
    may_connect, may_seal = use.value
    return Certificate(
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        role=role.value,
        may_connect=may_connect,
        may_seal=may_seal,
    )


def read_certificate(path: Path, *, role: Role, use: Use, at: datetime) -> Certificate:
    """Reads the first certificate of a PEM file, or a DER file. Raises `RegistryError`."""
    try:
        data = path.read_bytes()
        pem = b"-----BEGIN" in data
        certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
    except (OSError, ValueError) as exc:
        raise RegistryError(f"{path} cannot be read as a certificate (PEM or DER): {exc}.") from exc
    try:
        return certificate_of(certificate, role=role, use=use, at=at)
    except RegistryError as exc:
        raise RegistryError(f"{path}: {exc}") from exc


def weak_key(certificate: x509.Certificate) -> str:
    """Says what is weak about a certificate's key by the law's measure; empty when nothing is."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        short = key.key_size < DEFAULT_POLICY.rsa_bits
        return f"RSA {key.key_size}, at least {DEFAULT_POLICY.rsa_bits} bits are needed" if short else ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "" if key.curve.name in DEFAULT_POLICY.curves else f"curve {key.curve.name}"
    return "neither RSA nor ECDSA"


async def find(directory: Directory, agency_id: str) -> Agency:
    """Finds an agency by its identifier or an alias. Raises `RegistryError` when there is none."""
    wanted = identifier(agency_id)
    for agency in await directory.agencies():
        if wanted == agency.agency_id or wanted in agency.aliases:
            return agency
    raise RegistryError(f"{wanted} is not registered; `axis-server agency list` shows who is.")


async def check_new(directory: Directory, agency: Agency) -> None:
    """Raises `RegistryError` when an identifier or certificate of `agency` is somebody's already."""
    wanted = {agency.agency_id, *agency.aliases}
    for other in await directory.agencies():
        for taken in sorted(wanted & {other.agency_id, *other.aliases}):
            raise RegistryError(
                f"{taken} is registered already, as {other.agency_id} ({other.name});"
                " change it with `axis-server agency certificate`, `suspend` or `resume`."
            )
        _check_certificates(other, agency.certificates)


async def add(directory: Directory, agency: Agency) -> None:
    """Registers a new agency. Raises `RegistryError` when any of its names or certificates is taken."""
    await check_new(directory, agency)
    await _register(directory, agency)


async def suspend(directory: Directory, agency_id: str) -> Agency:
    """Suspends an agency: it can neither call nor be addressed. Suspended already is a success."""
    return await _changed(directory, replace(await find(directory, agency_id), active=False))


async def resume(directory: Directory, agency_id: str) -> Agency:
    """Ends a suspension. Not suspended is a success."""
    return await _changed(directory, replace(await find(directory, agency_id), active=True))


async def add_certificates(
    directory: Directory, agency_id: str, certificates: Iterable[Certificate]
) -> Agency:
    """Adds certificates beside those there are, so that old and new overlap during a rollover."""
    agency, added = await find(directory, agency_id), tuple(certificates)
    for other in await directory.agencies():
        _check_certificates(other, added)
    return await _changed(directory, replace(agency, certificates=(*agency.certificates, *added)))


async def remove_certificate(directory: Directory, agency_id: str, fingerprint: str) -> Agency:
    """Removes the certificate whose SHA-256 begins with `fingerprint` (at least 8 hexadecimal digits).

    What it sealed before stays valid; it can neither connect nor seal any more.
    """
    agency = await find(directory, agency_id)
    prefix = fingerprint.replace(":", "").lower()
    if not re.fullmatch(r"[0-9a-f]{8,64}", prefix):
        raise RegistryError(f'"{fingerprint}" is not the beginning of a SHA-256: give 8 to 64 digits of it.')
    match [c for c in agency.certificates if c.sha256.startswith(prefix)]:
        case [found]:
            left = tuple(c for c in agency.certificates if c is not found)
            return await _changed(directory, replace(agency, certificates=left))
        case []:
            raise RegistryError(f"{agency.agency_id} has no certificate {prefix}.")
        case several:
            raise RegistryError(f"{len(several)} certificates begin with {prefix}; give more digits.")


def _check_certificates(other: Agency, added: Iterable[Certificate]) -> None:
    known = {certificate.sha256 for certificate in other.certificates}
    for certificate in added:
        if certificate.sha256 in known:
            raise RegistryError(f"certificate {certificate.sha256} belongs to {other.agency_id} already.")


async def _changed(directory: Directory, agency: Agency) -> Agency:
    await _register(directory, agency)
    return agency


async def _register(directory: Directory, agency: Agency) -> None:
    try:
        await directory.register(agency)
    except ValueError as exc:
        raise RegistryError(f"{agency.agency_id} was not registered: {exc}.") from exc
