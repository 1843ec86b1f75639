"""Finds what is wrong with a configuration, all of it in one run, before anything is opened to anybody.

    for finding in check(settings, secrets, at=now, ports=True):
        finding.severity, finding.sentence

Each check answers for one thing and goes on where another one failed.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from pydantic import SecretStr

from axis_server.ledgers import ledger_name, ledger_schema
from axis_server.material import (
    MaterialError,
    log_signer,
    log_successions,
    read_certificates,
    read_key,
)
from axis_server.operation.authority import is_for_test
from axis_server.operation.oddities import oddities
from axis_server.operation.registry import weak_key
from axis_server.settings import (
    Address,
    EvidenceSettings,
    LedgerSettings,
    LimitSettings,
    Readable,
    Secrets,
    Settings,
    StoreSettings,
    TimestampSettings,
    TlsSettings,
    TransparencySettings,
    TrustSettings,
)
from axis_server.stores import look_at_bucket
from signing.keys import UnusableKey, load_pem
from signing.policy import Policy
from signing.trust import Chain, TrustError, TrustStore, load_certificates, load_crls
from storage.archive.s3 import MOST_BLOB_BYTES
from storage.errors import StorageError

SOON = timedelta(days=30)
"""How long before its end a certificate is warned about: time enough to have a new one issued."""


class Severity(StrEnum):
    PROBLEM = "problem"
    """The axis cannot run, or would refuse everything."""
    WARNING = "warning"
    NOTE = "note"
    """What the next run does by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing, where it stands and what to do, in a sentence."""

    severity: Severity
    sentence: str


def problem(sentence: str) -> Finding:
    return Finding(severity=Severity.PROBLEM, sentence=sentence)


def warning(sentence: str) -> Finding:
    return Finding(severity=Severity.WARNING, sentence=sentence)


def note(sentence: str) -> Finding:
    return Finding(severity=Severity.NOTE, sentence=sentence)


def check(
    settings: Settings | Readable, secrets: Secrets, *, at: datetime, ports: bool
) -> tuple[Finding, ...]:
    """Checks everything that is there, and changes nothing; `ports` also whether the addresses are free."""
    return tuple(_findings(settings, secrets, at, ports))


def _findings(
    settings: Settings | Readable, secrets: Secrets, at: datetime, ports: bool
) -> Iterator[Finding]:
    if settings.limits:
        yield from _limits(settings.limits)
    if settings.deadlines:
        yield from map(warning, oddities(settings.deadlines))
    if settings.tls:
        yield from _tls(settings.tls, secrets, at)
    if settings.transparency:
        yield from _log(settings.transparency)
    yield from _timestamps(settings.timestamps, at)
    if settings.evidence:
        yield from _evidence(settings.evidence, settings.trust, secrets, at)
    if settings.trust:
        yield from _trust(settings.trust, at)
    if settings.archive:
        yield from _store("archive", settings.archive, settings.limits, secrets.archive_secret_key)
        if (replica := settings.archive.replica) is not None:
            secret = secrets.archive_replica_secret_key
            yield from _store("archive.replica", replica, settings.limits, secret)
    if settings.ledger:
        yield from _ledger(settings.ledger, secrets)
        if settings.limits and settings.ledger.kind == "postgres" and settings.limits.processes == 1:
            yield note(
                "`limits.processes` is 1: each process of each node counts for itself, and an agency whose"
                " connections are spread over n of them has up to n times its rates (docs/operator.md)."
            )
    if ports and settings.server:
        yield from _port("server.listen", settings.server.listen)
    if ports and settings.transparency and settings.transparency.listen is not None:
        yield from _port("transparency.listen", settings.transparency.listen)
    if ports and settings.metrics and settings.metrics.listen is not None:
        yield from _port("metrics.listen", settings.metrics.listen)


def _limits(limits: LimitSettings) -> Iterator[Finding]:
    if limits.message_bytes > limits.package_bytes:
        yield problem(
            "`limits.message_bytes` is larger than `limits.package_bytes`; make it smaller, or that larger."
        )
    for burst in ("documents_burst", "statements_burst"):
        if getattr(limits, burst) < limits.processes:
            yield problem(
                f"`limits.{burst}` is less than `limits.processes`, so no process could take one;"
                " make it larger."
            )


def _tls(tls: TlsSettings, secrets: Secrets, at: datetime) -> Iterator[Finding]:
    try:
        certificate = read_certificates(tls.certificate)[0]
        yield from _own_certificate("tls.certificate", tls.certificate, certificate, at)
        if not _names(certificate):
            yield warning(
                f"`tls.certificate`: {tls.certificate} names no host (subjectAltName), so no client"
                " will trust it; have one issued with the names that agencies call."
            )
        key = read_key(tls.key, secrets.tls_key_password)
        if key.public_key() != certificate.public_key():
            yield problem(f"`tls.key`: {tls.key} does not belong to {tls.certificate}; name the pair.")
    except MaterialError as exc:
        yield problem(f"`tls`: {exc}")
    yield from _exposed("tls.key", tls.key)
    for path in tls.client_ca:
        try:
            yield from _authorities("tls.client_ca", path, read_certificates(path), at)
        except MaterialError as exc:
            yield problem(f"`tls.client_ca`: {exc}")


def _log(transparency: TransparencySettings) -> Iterator[Finding]:
    yield from _exposed("transparency.key", transparency.key)
    try:
        log_signer(transparency.key)
        log_successions(transparency)
    except MaterialError as exc:
        yield problem(f"`transparency.key`: {exc}")


def _timestamps(authorities: Sequence[TimestampSettings], at: datetime) -> Iterator[Finding]:
    for authority in authorities:
        field = f"timestamps.{authority.name}"
        for path in authority.anchors:
            try:
                yield from _authorities(f"{field}.anchors", path, load_certificates(path), at)
            except TrustError as exc:
                yield problem(f"`{field}.anchors`: {exc}")
        for path in authority.crls:
            try:
                load_crls(path)
            except TrustError as exc:
                yield problem(f"`{field}.crls`: {exc}")


def _evidence(
    evidence: EvidenceSettings, trusted: TrustSettings | None, secrets: Secrets, at: datetime
) -> Iterator[Finding]:
    yield from _exposed("evidence.key", evidence.key)
    password = secrets.evidence_key_password
    try:
        signer = load_pem(
            evidence.key, evidence.certificate, password.get_secret_value().encode() if password else None
        )
    except UnusableKey as exc:
        yield problem(f"`evidence`: {exc}")
        return
    yield from _own_certificate("evidence.certificate", evidence.certificate, signer.certificate, at)
    if trusted is None:
        return
    try:
        trust = TrustStore.load(trusted.anchors, trusted.intermediates, trusted.crls)
    except TrustError:
        return  # told by `_trust`
    judged = trust.judge(
        signer.certificate,
        at=at,
        policy=Policy(revocation=trusted.revocation),
        intermediates=signer.chain,
    )
    if not isinstance(judged, Chain):
        yield warning(
            f"`evidence.certificate`: {evidence.certificate} does not hold under this axis's own `trust`"
            f" ({judged.reason}: {judged.detail}); agencies with the same trust will doubt all evidence."
        )


def _trust(trust: TrustSettings, at: datetime) -> Iterator[Finding]:
    for field, paths in (("trust.anchors", trust.anchors), ("trust.intermediates", trust.intermediates)):
        for path in paths:
            try:
                yield from _authorities(field, path, load_certificates(path), at)
            except TrustError as exc:
                yield problem(f"`{field}`: {exc}")
    for path in trust.crls:
        try:
            for crl in load_crls(path):
                if crl.next_update_utc is not None and crl.next_update_utc < at:
                    yield warning(
                        f"`trust.crls`: {path} ran out on {crl.next_update_utc.date()}; until it is"
                        " renewed, seals and callers under it are answered REVOCATION_UNKNOWN."
                    )
        except TrustError as exc:
            yield problem(f"`trust.crls`: {exc}")


def _store(
    section: str, store: StoreSettings, limits: LimitSettings | None, secret: SecretStr | None
) -> Iterator[Finding]:
    if store.kind == "files":
        yield from _files(section, store.path)
    else:
        yield from _bucket(section, store, limits, secret)


def _files(section: str, path: Path) -> Iterator[Finding]:
    nearest = next(parent for parent in (path, *path.parents) if parent.exists())
    if not nearest.is_dir():
        yield problem(f"`{section}.path`: {nearest} is not a directory; name another one.")
    elif not os.access(nearest, os.W_OK | os.X_OK):
        yield problem(f"`{section}.path`: {nearest} is not writable for this user; change its owner or mode.")


def _bucket(
    section: str, store: StoreSettings, limits: LimitSettings | None, secret: SecretStr | None
) -> Iterator[Finding]:
    if store.secret_key_file is not None:
        yield from _exposed(f"{section}.secret_key_file", store.secret_key_file)
    if store.endpoint.startswith("http://"):
        yield warning(
            f"`{section}.endpoint`: originals and the key's signatures go to the store in the clear; use https://"
            " unless the way is this machine or a closed network."
        )
    if limits and max(limits.attachment_bytes, limits.package_bytes) > MOST_BLOB_BYTES:
        yield problem(
            f"`limits`: the archive takes at most {MOST_BLOB_BYTES >> 30} GiB in one piece; make"
            " `attachment_bytes` and `package_bytes` smaller."
        )
    try:
        look_at_bucket(store, secret)
    except StorageError as exc:
        yield problem(f"`{section}`: {exc}.")


def _ledger(settings: LedgerSettings, secrets: Secrets) -> Iterator[Finding]:
    if settings.kind == "sqlite":
        field, found = "ledger.path", list(_room(settings.path))
    else:
        field, found = "ledger", list(_database(settings))
    yield from found
    if any(one.severity is Severity.PROBLEM for one in found):
        return
    name = ledger_name(settings)
    try:
        schema = ledger_schema(settings, secrets)
    except StorageError as exc:
        yield problem(f"`{field}`: {name} cannot be used: {exc}.")
        return
    if schema.found == 0:
        yield note(f"`{field}`: {name} is new; the next run makes it.")
    elif schema.found < schema.known:
        yield note(
            f"`{field}`: {name} will be upgraded from schema {schema.found} to {schema.known} at the"
            " next run; there is no way back, so make a copy first."
        )


def _room(path: Path) -> Iterator[Finding]:
    if not path.parent.is_dir():
        yield problem(f"`ledger.path`: {path.parent} is not there; make the directory.")
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        yield problem(
            f"`ledger.path`: {path.parent} is not writable for this user; change its owner or mode."
        )


def _database(settings: LedgerSettings) -> Iterator[Finding]:
    if settings.password_file is not None:
        yield from _exposed("ledger.password_file", settings.password_file)


def _port(field: str, address: Address) -> Iterator[Finding]:
    try:
        family, kind, protocol, _, name = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            candidate.bind(name)
    except OSError as exc:
        yield problem(
            f"`{field}`: cannot listen on {address} ({exc.strerror}); free it, or choose another port"
            " (while this axis itself runs: `check-config --running`)."
        )


def _own_certificate(
    field: str, path: Path, certificate: x509.Certificate, at: datetime
) -> Iterator[Finding]:
    if certificate.not_valid_after_utc <= at:
        ended = certificate.not_valid_after_utc.date()
        yield problem(f"`{field}`: {path} expired on {ended}; have a new one issued.")
    elif certificate.not_valid_after_utc - at < SOON:
        left = (certificate.not_valid_after_utc - at).days
        yield warning(f"`{field}`: {path} expires in {left} days; have a new one issued now.")
    if certificate.not_valid_before_utc > at:
        begins = certificate.not_valid_before_utc
        yield problem(f"`{field}`: {path} holds only from {begins:%Y-%m-%d %H:%M} UTC; check the clock.")
    if weakness := weak_key(certificate):
        yield problem(f"`{field}`: {path} has a weak key ({weakness}); have a new one issued.")


def _authorities(
    field: str, path: Path, certificates: list[x509.Certificate], at: datetime
) -> Iterator[Finding]:
    for certificate in certificates:
        if certificate.not_valid_after_utc <= at:
            ended = certificate.not_valid_after_utc.date()
            yield warning(
                f"`{field}`: {path} expired on {ended}; replace it, or what it vouches for is refused."
            )
        if is_for_test(certificate):
            yield warning(f"`{field}`: {path} is the test authority of `axis-server init`; not for real use.")


def _exposed(field: str, path: Path) -> Iterator[Finding]:
    if path.exists() and path.stat().st_mode & 0o077:
        yield warning(f"`{field}`: {path} can be read by others; chmod 600 {path}.")


def _names(certificate: x509.Certificate) -> bool:
    try:
        return bool(list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value))
    except x509.ExtensionNotFound:
        return False
