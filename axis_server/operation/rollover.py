"""`axis-server rollover`: other keys and certificates for the axis, while it serves.

    evidence   introduce: published beside the one in use   use: it signs, the old one stays published
    log        introduce: it signs beside the one in use,
               which names it as its successor              use: it signs alone, the old one stays known
    tls        put in place at once: each new connection is shown it

Every process takes them over within a second or two. The private key of what was in use is not kept.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from axis_server.acts.known import Lacking, lacking
from axis_server.material import (
    RETIRED,
    MaterialError,
    evidence_certificates,
    evidence_signer,
    log_keys,
    log_signer,
    log_successions,
    next_of,
    pem_of,
    read_certificates,
    succession_of,
    tls_material,
)
from axis_server.operation.provision import new_log_key
from axis_server.operation.terminal import CONFIG, Refusal, acting, loaded, note, on_ledger
from axis_server.settings import EvidenceSettings, Secrets, Settings, TlsSettings
from signing.entitlement import EVIDENCE_SIGNING
from signing.keys import UnusableKey
from signing.log import NoteSigner, NotProven, Succession, read_skey, read_succession, sign_succession
from signing.statements.acts import Changed

OVERLAP_SECONDS = 120.0
"""How long a key is introduced before it is used: clients ask anew once a minute which ones there are."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_AT_ONCE = click.option(
    "--at-once", is_flag=True, help=f"Do not wait until {OVERLAP_SECONDS:.0f} s after the introduction."
)


@click.group()
def rollover() -> None:
    """Replaces the axis's keys and certificates, with overlap and without a restart."""


@rollover.group()
def evidence() -> None:
    """The key that signs evidence."""


@rollover.group("log")
def log_() -> None:
    """The key that signs the transparency log."""


@evidence.command("introduce")
@click.option("--certificate", required=True, type=_FILE, metavar="FILE", help="PEM; its chain may follow.")
@click.option("--key", required=True, type=_FILE, metavar="FILE", help="Its private key, PEM.")
@acting
@CONFIG
def introduce_evidence(*, certificate: Path, key: Path, config: Path) -> None:
    """Publishes the certificate that evidence will be signed with; it signs nothing yet."""
    settings = loaded(config)
    coming = _coming(settings)
    signer = _usable(EvidenceSettings(certificate=certificate, key=key))
    if not _signs_evidence(signer):
        click.echo(
            "Warning: the certificate lacks the usage *evidence signing*; see decision 0008.", err=True
        )
    _put(
        _File(path=next_of(settings.evidence.key), content=key.read_bytes(), secret=True),
        _File(path=next_of(settings.evidence.certificate), content=certificate.read_bytes()),
    )
    note(config, changed=(Changed(of="evidence", what="next", before="", after=_digest(signer)),))
    click.echo(f"{_digest(signer)} is published, in {coming.parent}. After {OVERLAP_SECONDS:.0f} s:")
    click.echo(f"  axis-server rollover evidence use --config {config}")


@evidence.command("use")
@_AT_ONCE
@acting
@CONFIG
def use_evidence(*, at_once: bool, config: Path) -> None:
    """Signs evidence with the introduced key. What the old one signed stays valid."""
    settings = loaded(config)
    coming = next_of(settings.evidence.certificate)
    _check_introduced(coming, at_once)
    old = evidence_certificates(settings.evidence)[0]
    key = next_of(settings.evidence.key)
    if not key.exists():  # a crash came when the key was in place, and its certificate was not yet
        key = settings.evidence.key
    new = _usable(EvidenceSettings(certificate=coming, key=key))
    gone = settings.evidence.certificate.parent / RETIRED / f"{_digest(old)[:16]}.pem"
    _put(_File(path=gone, content=pem_of([old])))
    if key != settings.evidence.key:
        key.replace(settings.evidence.key)
    coming.replace(settings.evidence.certificate)
    note(config, changed=(Changed(of="evidence", what="in use", before=_digest(old), after=_digest(new)),))
    click.echo(f"{_digest(new)} signs evidence; {_digest(old)} stays published, as {gone}.")


@log_.command("introduce")
@click.option("--anew", is_flag=True, help="Make another key though one was introduced: that one is lost.")
@acting
@CONFIG
def introduce_log(*, anew: bool, config: Path) -> None:
    """Makes the log's next key, which the one in use names as its successor. Both sign each checkpoint until
    it is used. Who verifies the log with the axis's own tools learns it by itself; others add what this
    prints to the key that they have."""
    settings = loaded(config)
    coming = next_of(settings.transparency.key)
    if coming.exists():
        raise Refusal(f"{coming} is there already: `axis-server rollover log use` puts it to use.")
    for one in [] if anew else _lacking(config, settings):
        if one.kind == "log":
            raise Refusal(f"Nothing was changed: {one.sentence}; if it is lost, say --anew.")
    old = _log_signer(settings.transparency.key)
    said = succession_of(settings.transparency.key, old.key)
    if said.exists() and not anew:
        raise Refusal(
            f"The key in use has named its successor in {said}, and {coming} is not there: put it back. If "
            "it is lost, say --anew; whoever has seen that statement will raise the alarm LOG_TWO_SUCCESSORS."
        )
    content = new_log_key(old.key.name)
    new = read_skey(content.decode().strip())
    _put(
        _File(path=coming, content=content, secret=True),
        _File(path=said, content=sign_succession(old, new, at=_seconds())),
    )
    note(config, changed=(Changed(of="log", what="next", before=old.key.vkey, after=new.key.vkey),))
    click.echo(new.key.vkey)


@log_.command("use")
@_AT_ONCE
@acting
@CONFIG
def use_log(*, at_once: bool, config: Path) -> None:
    """Has the introduced key sign the log alone."""
    settings = loaded(config)
    key = settings.transparency.key
    coming = next_of(key)
    _check_introduced(coming, at_once)
    old, new = _log_signer(key), _log_signer(coming)
    gone = key.parent / RETIRED / f"{old.key.key_id.hex()}.vkey"
    _put(_File(path=gone, content=f"{old.key.vkey}\n".encode()))
    said = _succeed(key, old, new)
    if said.parent.name != RETIRED:
        said.replace(gone.with_name(said.name))
    coming.replace(key)
    note(config, changed=(Changed(of="log", what="in use", before=old.key.vkey, after=new.key.vkey),))
    click.echo(f"{new.key.vkey} signs the log; the old key stays known, as {gone}.")
    click.echo(
        "Clients learn it from what the old key signed. Tell it to those who pin keys: profiles with "
        "`log_follow_keys = false`, witnesses, other log clients."
    )


@rollover.command()
@click.option("--certificate", required=True, type=_FILE, metavar="FILE", help="PEM; its chain may follow.")
@click.option("--key", required=True, type=_FILE, metavar="FILE", help="Its private key, PEM.")
@acting
@CONFIG
def tls(*, certificate: Path, key: Path, config: Path) -> None:
    """Shows another server certificate to each new connection; those there are go on."""
    settings = loaded(config)
    offered = TlsSettings(certificate=certificate, key=key, client_ca=settings.tls.client_ca)
    try:
        tls_material(offered, Secrets().tls_key_password)
        old, new = (read_certificates(path)[0] for path in (settings.tls.certificate, certificate))
    except MaterialError as exc:
        raise Refusal(f"Nothing was changed: {exc}") from exc
    if new.not_valid_after_utc <= datetime.now(UTC):
        raise Refusal(f"Nothing was changed: {certificate} has run out.")
    _put(
        _File(path=settings.tls.key, content=key.read_bytes(), secret=True),
        _File(path=settings.tls.certificate, content=certificate.read_bytes()),
    )
    note(config, changed=(Changed(of="tls", what="in use", before=_digest(old), after=_digest(new)),))
    click.echo(f"{_digest(new)} is shown to new connections, in place of {_digest(old)}.")


@rollover.command()
@CONFIG
def status(*, config: Path) -> None:
    """Shows which keys are in use, introduced and retired.

    Exit 0: all are here; 1: another machine uses or introduced one that is not.
    """
    settings = loaded(config)
    try:
        certificates, keys = evidence_certificates(settings.evidence), log_keys(settings.transparency)
        successions = log_successions(settings.transparency)
        shown = read_certificates(settings.tls.certificate)[0]
    except MaterialError as exc:
        raise Refusal(str(exc)) from exc
    introduced = next_of(settings.evidence.certificate).exists(), next_of(settings.transparency.key).exists()
    click.echo(f"tls       in use      {_digest(shown)}  until {shown.not_valid_after_utc:%Y-%m-%d}")
    for number, one in enumerate(certificates):
        until = f"until {one.not_valid_after_utc:%Y-%m-%d}"
        click.echo(f"evidence  {_state(number, introduced[0])}  {_digest(one)}  {until}")
    known = {one.old for one in successions}
    for number, key in enumerate(keys):
        state = _state(number, introduced[1])
        untold = "retired" in state and key not in known
        alone = "  names no successor: tell the new key to whoever knows this one alone" if untold else ""
        click.echo(f"log       {state}  {key.vkey}{alone}")

    if missing := _lacking(config, settings):
        raise Refusal("\n".join(f"problem: {one.sentence}." for one in missing))


def _lacking(config: Path, settings: Settings) -> list[Lacking]:
    return on_ledger(config, lambda ledger: lacking(ledger, settings))


def _state(number: int, introduced: bool) -> str:
    return "in use    " if number == 0 else "introduced" if introduced and number == 1 else "retired   "


def _log_signer(path: Path) -> NoteSigner:
    try:
        return log_signer(path)
    except MaterialError as exc:
        raise Refusal(str(exc)) from exc


def _succeed(key: Path, old: NoteSigner, new: NoteSigner) -> Path:
    """Has the old key name the new one, unless it did, and returns where that stands. It did not when the new
    one was introduced before there were such statements, or a crash came in between."""
    path = succession_of(key, old.key)
    if not path.exists():
        _put(_File(path=path, content=sign_succession(old, new, at=_seconds())))
    if _said(path).new != new.key:
        raise Refusal(f"Nothing was changed: {path} names another key than {next_of(key)} holds.")
    return path


def _seconds() -> int:
    return int(datetime.now(UTC).timestamp())


def _said(path: Path) -> Succession:
    try:
        return read_succession(path.read_bytes())
    except (NotProven, OSError) as exc:
        raise Refusal(f"Nothing was changed: {path} cannot be used: {exc}") from exc


def _coming(settings: Settings) -> Path:
    coming = next_of(settings.evidence.certificate)
    if coming.exists():
        raise Refusal(f"{coming} is there already: `axis-server rollover evidence use` puts it to use.")
    return coming


def _check_introduced(coming: Path, at_once: bool) -> None:
    """Declines unless the one to come was introduced long enough ago."""
    try:
        since = datetime.now(UTC).timestamp() - coming.stat().st_mtime
    except FileNotFoundError as exc:
        raise Refusal(f"Nothing was introduced: {coming} is not there. Use `introduce` first.") from exc
    if since < OVERLAP_SECONDS and not at_once:
        wait = OVERLAP_SECONDS - since
        raise Refusal(f"It was introduced just now: wait {wait:.0f} s more, or say --at-once.")


def _usable(settings: EvidenceSettings) -> x509.Certificate:
    try:
        signer = evidence_signer(settings, Secrets().evidence_key_password)
    except (MaterialError, UnusableKey) as exc:
        raise Refusal(f"Nothing was changed: {exc}") from exc
    if signer.certificate.not_valid_after_utc <= datetime.now(UTC):
        raise Refusal(f"Nothing was changed: {settings.certificate} has run out.")
    return signer.certificate


def _signs_evidence(certificate: x509.Certificate) -> bool:
    with suppress(x509.ExtensionNotFound):
        return EVIDENCE_SIGNING in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return False


def _digest(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What is to stand at a path."""

    path: Path
    content: bytes
    secret: bool = False


def _put(*files: _File) -> None:
    """Puts files in place, each whole and durably; those that belong together within a moment."""
    written = [(_written(file), file.path) for file in files]
    for coming, path in written:
        coming.replace(path)


def _written(file: _File) -> Path:
    """Writes a file beside its place, for whom the place belongs to: root rolls over what the axis reads."""
    folder = file.path.parent
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        _given(folder, folder.parent)
    coming = file.path.with_name(f"{file.path.name}.coming")
    descriptor = os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if file.secret else 0o644)
    with open(descriptor, "wb") as stream:
        stream.write(file.content)
        stream.flush()
        os.fsync(descriptor)
    _given(coming, file.path if file.path.exists() else folder)
    return coming


def _given(path: Path, like: Path) -> None:
    """Has a file belong to the owner of another one, where this account may do that."""
    if os.geteuid() == 0:
        owner = like.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
