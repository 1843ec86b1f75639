"""What the operator does to the directory of agencies. Each change is one write; a running axis sees it.

    certificate = read_certificate(path, role=Role.CLERK, use=Use.BOTH, at=now)
    await add(directory, Agency(agency_id="G22", name="...", certificates=(certificate,)))
    await suspend(directory, "G22")

An identifier is kept normalised, as it is compared everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Role
from edxml.agency_id import normalise
from signing.policy import DEFAULT_POLICY
from storage.errors import Changed
from storage.ledger.directory import Directory
from storage.ledger.registry import Agency, Certificate, Delegation

LONGEST_IDENTIFIER = 100
"""Longer than the law's 35, because irregular identifiers occur in the field."""
ATTEMPTS = 8
"""How often a change is tried anew when others change the same agency meanwhile: operators are few."""


class RegistryError(Exception):
    """The directory stays as it was; the message says why and what to do."""


class Use(Enum):
    """What a certificate may be used for: (connect, seal)."""

    BOTH = (True, True)
    CONNECT = (True, False)
    SEAL = (False, True)


def identifier(text: str) -> str:
    """Returns an agency identifier in the form that is kept. Raises `RegistryError` when it cannot be one."""
    kept = normalise(text)
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
        if wanted in _names(agency):
            return agency
    raise RegistryError(f"{wanted} is not registered; `axis-server agency list` shows who is.")


async def check_new(directory: Directory, agency: Agency) -> None:
    """Raises `RegistryError` when an identifier or certificate of `agency` is somebody's already."""
    for group in await directory.groups():
        if normalise(group.group_id) in _names(agency):
            raise RegistryError(f"{group.group_id} is a group ({group.name}).")
    for other in await directory.agencies():
        for taken in sorted(_names(agency) & _names(other)):
            raise _registered(taken, other)
        _check_certificates(other, agency.certificates)


async def drafted(directory: Directory, agency: Agency, change: Callable[[Agency], Agency]) -> Agency:
    """Returns a new agency as `change` makes it, before it is registered. Raises `RegistryError`."""
    return _settled(agency, change, await snapshot(directory))


async def add(directory: Directory, agency: Agency) -> None:
    """Registers a new agency. Raises `RegistryError` when any of its names or certificates is taken."""
    await check_new(directory, agency)
    try:
        await _register(directory, agency, None)
    except Changed as exc:
        raise _registered(agency.agency_id, await find(directory, agency.agency_id)) from exc


async def update(directory: Directory, agency_id: str, change: Callable[[Agency], Agency]) -> Agency:
    """Changes what the directory says of an agency. `change` may raise `ValueError` or `RegistryError`; the
    parent that it sets may be any identifier of the agency above."""
    view = await snapshot(directory)

    return await _changed(directory, agency_id, lambda agency: _settled(agency, change, view))


async def delegate(directory: Directory, agency_id: str, leave: Delegation) -> Agency:
    """Gives an agency leave to act for another one; what it had before is replaced."""
    actor = (await find(directory, leave.agency_id)).agency_id
    given = replace(leave, agency_id=actor)

    def with_leave(agency: Agency) -> Agency:
        if agency.agency_id == actor:
            raise RegistryError(f"{actor} acts for itself already.")
        others = (one for one in agency.delegations if one.agency_id != actor)
        return replace(agency, delegations=(*others, given))

    return await _changed(directory, agency_id, with_leave)


async def undelegate(directory: Directory, agency_id: str, actor_id: str) -> Agency:
    """Takes the leave back that an agency gave another one."""
    actor = (await find(directory, actor_id)).agency_id

    def without(agency: Agency) -> Agency:
        left = tuple(one for one in agency.delegations if one.agency_id != actor)
        if len(left) == len(agency.delegations):
            raise RegistryError(f"{actor} has no leave to act for {agency.agency_id}.")
        return replace(agency, delegations=left)

    return await _changed(directory, agency_id, without)


async def snapshot(directory: Directory) -> DirectoryView:
    """Returns the directory as it stands."""
    return DirectoryView.of([*await directory.agencies(), *await directory.groups()])


def below(agency: Agency, view: DirectoryView) -> Agency:
    """Returns an agency with its parent by the parent's own identifier. Raises `RegistryError` for a parent
    that is not registered or stands below it."""
    if not agency.parent_id:
        return agency
    parent = view.resolve(agency.parent_id)
    if parent is None:
        raise RegistryError(f"{agency.parent_id}, above {agency.agency_id}, is no registered agency.")
    if agency.agency_id in (parent.agency_id, *(one.agency_id for one in view.above(parent))):
        raise RegistryError(f"{agency.agency_id} would stand below itself.")
    return replace(agency, parent_id=parent.agency_id)


async def suspend(directory: Directory, agency_id: str) -> Agency:
    """Suspends an agency: it can neither call nor be addressed. Suspended already is a success."""
    return await _changed(directory, agency_id, lambda agency: replace(agency, active=False))


async def resume(directory: Directory, agency_id: str) -> Agency:
    """Ends a suspension. Not suspended is a success."""
    return await _changed(directory, agency_id, lambda agency: replace(agency, active=True))


async def add_certificates(
    directory: Directory, agency_id: str, certificates: Iterable[Certificate]
) -> Agency:
    """Adds certificates beside those there are, so that old and new overlap during a rollover."""
    added = tuple(certificates)
    for other in await directory.agencies():
        _check_certificates(other, added)
    return await _changed(
        directory,
        agency_id,
        lambda agency: replace(agency, certificates=(*agency.certificates, *added)),
    )


async def remove_certificate(directory: Directory, agency_id: str, fingerprint: str) -> Agency:
    """Removes the certificate whose SHA-256 begins with `fingerprint` (at least 8 hexadecimal digits).

    What it sealed before stays valid; it can neither connect nor seal any more.
    """
    prefix = fingerprint.replace(":", "").lower()
    if not re.fullmatch(r"[0-9a-f]{8,64}", prefix):
        raise RegistryError(f'"{fingerprint}" is not the beginning of a SHA-256: give 8 to 64 digits of it.')
    return await _changed(directory, agency_id, lambda agency: _without(agency, prefix))


def _settled(agency: Agency, change: Callable[[Agency], Agency], view: DirectoryView) -> Agency:
    try:
        return below(change(agency), view)
    except ValueError as exc:
        raise RegistryError(f"{agency.agency_id}: {exc}.") from exc


def _without(agency: Agency, prefix: str) -> Agency:
    match [c for c in agency.certificates if c.sha256.startswith(prefix)]:
        case [found]:
            return replace(agency, certificates=tuple(c for c in agency.certificates if c is not found))
        case []:
            raise RegistryError(f"{agency.agency_id} has no certificate {prefix}.")
        case several:
            raise RegistryError(f"{len(several)} certificates begin with {prefix}; give more digits.")


def _check_certificates(other: Agency, added: Iterable[Certificate]) -> None:
    known = {certificate.sha256 for certificate in other.certificates}
    for certificate in added:
        if certificate.sha256 in known:
            raise RegistryError(f"certificate {certificate.sha256} belongs to {other.agency_id} already.")


def _names(agency: Agency) -> set[str]:
    return {normalise(name) for name in (agency.agency_id, *agency.aliases)}


def _registered(taken: str, holder: Agency) -> RegistryError:
    return RegistryError(
        f"{taken} is registered already, as {holder.agency_id} ({holder.name});"
        " change it with `axis-server agency update`, `certificate`, `suspend` or `resume`."
    )


async def _changed(directory: Directory, agency_id: str, change: Callable[[Agency], Agency]) -> Agency:
    """Reads an agency, changes it and writes it; reads again when someone else wrote in between, so that
    neither change is lost."""
    for _ in range(ATTEMPTS):
        kept = await find(directory, agency_id)
        changed = change(kept)
        with suppress(Changed):
            await _register(directory, changed, kept)
            return changed
    raise RegistryError(f"{agency_id} is being changed by others all the time; try again.")


async def _register(directory: Directory, agency: Agency, replacing: Agency | None) -> None:
    try:
        await directory.register(agency, replacing=replacing)
    except ValueError as exc:
        raise RegistryError(f"{agency.agency_id} was not registered: {exc}.") from exc
