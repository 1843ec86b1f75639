"""First set-up: a directory with which an axis runs at once, and ready profiles for its agencies.

    config = provision(Path("axis"), listen=Address("127.0.0.1", 7443), ..., at=now)
    issue_profile(Path("axis"), Path("agency-a"), agency_id="G22", axis="localhost:7443", ..., at=now)

The certificate authority it makes is for tests: whoever reads `ca/ca.key` can be any agency.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from axis_server.operation.authority import Authority, Issued
from axis_server.settings import Address
from signing.keys import UnusableKey
from signing.log import MemoryNoteSigner

ALWAYS_HOSTS = ("localhost", "127.0.0.1", "::1")
CONFIG_NAME = "axis.toml"
LOG_KEY = "log/log.key"
CA_CERTIFICATE, CA_KEY, CA_CRL = "ca/ca.pem", "ca/ca.key", "ca/ca.crl"

_CONFIG = """\
# Configuration of the axis. Relative paths are relative to this file.
# Every setting is described in docs/settings.md; `axis-server check-config` finds what is wrong here.

[axis]
id = {axis_id}              # in every evidence: never change it once evidence was issued
name = {axis_name}

[server]
listen = {listen}
# workers = 2                       # threads that verify seals
# shutdown_grace_seconds = 30                # how long calls may take to end at shutdown

[tls]
certificate = "tls/server.pem"
key = "tls/server.key"
client_ca = ["ca/ca.pem"]           # FOR TEST USE: replace it with the authority of your agencies

[evidence]
certificate = "evidence/axis.pem"
key = "evidence/axis.key"

[transparency]
key = "log/log.key"                 # its name is the log's origin: never change it
# listen = "127.0.0.1:9465"         # shows the log to everybody over plain HTTP (C2SP tlog-tiles)

# [[transparency.witnesses]]        # who cosigns the log; one table each
# vkey = "..."                      # as `axis witness key` prints it
# url = "http://127.0.0.1:9466"

# [[timestamps]]                    # who time-stamps the log; one table each
# name = "tsa"
# url = "http://tsa.example.vn/tsa"
# anchors = ["tsa-root.pem"]

[trust]
anchors = ["ca/ca.pem"]             # FOR TEST USE: replace it with the authority of your agencies
crls = ["ca/ca.crl"]
# intermediates = []
# revocation = "declared"           # or "required"

[archive]
kind = "files"
path = "archive"

[ledger]
kind = "sqlite"
path = "ledger/ledger.sqlite3"

# [limits]
# message_bytes = "16 MiB"
# package_bytes = "64 MiB"
# attachment_bytes = "10 GiB"
# recipients = 5000
# documents_per_minute = 3000   # of one agency; `axis-server agency update ID --limits documents=100`
# statements_per_minute = 6000

[metrics]
listen = {metrics}         # empty turns it off

[log]
level = "info"
format = "json"                     # or "console"
"""

_PROFILE = """\
# How this agency reaches the axis. Relative paths are relative to this file.
axis = {axis}
agency = {agency}
ca = "ca.pem"
certificate = "{role}.pem"
key = "{role}.key"
trust = ["ca.pem"]
crls = []
{log}"""

_PROFILE_LOG = """\
log = {vkey}    # the axis's log; what it showed last is kept in profile.checkpoint
"""


class ProvisionError(Exception):
    """The set-up is not done; the message says why and what to do."""


def provision(
    directory: Path,
    *,
    listen: Address,
    hosts: Sequence[str],
    metrics: Address | None,
    axis_id: str,
    axis_name: str,
    at: datetime,
) -> Path:
    """Writes the configuration, a test authority, keys and empty stores; returns the configuration's path.

    Keys get mode 0600, their directories 0700. `metrics` None turns them off. Raises `ProvisionError`, and
    writes nothing, when `directory` is there and not empty.
    """
    try:
        if directory.exists() and any(directory.iterdir()):
            raise ProvisionError(f"{directory} is not empty; nothing was written. Choose a new directory.")
        for name in (".", "ca", "tls", "evidence", "log", "archive", "ledger"):
            (directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = Authority.create("National axis test CA", at=at)
        write_new(directory / CA_CERTIFICATE, authority.certificate_pem)
        write_new(directory / CA_KEY, authority.key_pem, secret=True)
        write_new(directory / CA_CRL, authority.revocation_list(at=at))
        server = authority.issue_server(dict.fromkeys((*ALWAYS_HOSTS, *hosts)), at=at)
        _write_pair(directory / "tls", "server", server)
        evidence = authority.issue_evidence_signer(f"Evidence of {axis_id}", at=at)
        _write_pair(directory / "evidence", "axis", evidence)
        write_new(directory / LOG_KEY, new_log_key(log_origin(axis_id)), secret=True)
        values = {
            "axis_id": axis_id,
            "axis_name": axis_name,
            "listen": str(listen),
            "metrics": str(metrics or ""),
        }
        text = _CONFIG.format_map({key: quoted(value) for key, value in values.items()})
        config = directory / CONFIG_NAME
        write_new(config, text.encode())
    except OSError as exc:
        raise ProvisionError(f"{directory} cannot be set up: {exc.strerror}: {exc.filename}.") from exc
    return config


def issue_profile(
    base: Path, directory: Path, *, agency_id: str, axis: str, role: str, at: datetime, log: str = ""
) -> Issued:
    """Issues a certificate for `agency_id` by the test authority in `base` and writes a client's profile to
    `directory`: `profile.toml`, `ca.pem`, and `<role>.pem` with its key.

    `axis` is the `host:port` that the client calls, `log` the public key of the axis's log. Raises
    `ProvisionError`, and writes nothing, when a file would be overwritten or when `base` has no test
    authority.
    """
    try:
        ca_pem = (base / CA_CERTIFICATE).read_bytes()
        authority = Authority.load(ca_pem, (base / CA_KEY).read_bytes())
    except (OSError, ValueError) as exc:
        raise ProvisionError(
            f"--issue needs the test authority that `axis-server init` makes, in {base / 'ca'}: {exc}."
            " With a real authority, have it issue the certificate and give it with --certificate."
        ) from exc
    for name in ("profile.toml", "ca.pem", f"{role}.pem", f"{role}.key"):
        if (directory / name).exists():
            raise ProvisionError(f"{directory / name} exists; nothing was written. Choose another directory.")
    issued = authority.issue_signer(agency_id, at=at)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_pair(directory, role, issued)
        write_new(directory / "ca.pem", ca_pem)
        shown = _PROFILE_LOG.format(vkey=quoted(log)) if log else ""
        text = _PROFILE.format(axis=quoted(axis), agency=quoted(agency_id), role=role, log=shown)
        write_new(directory / "profile.toml", text.encode())
    except OSError as exc:
        raise ProvisionError(f"{directory} cannot be written: {exc.strerror}: {exc.filename}.") from exc
    return issued


def log_origin(axis_id: str) -> str:
    """Names the log of an axis: what a checkpoint calls itself, and the name of its key."""
    return "".join(c if c.isalnum() or c in ".-_/" else "-" for c in axis_id) + "/log"


def new_log_key(origin: str) -> bytes:
    """Makes a key for a log, as the one line of its file. Raises `ProvisionError`."""
    try:
        return (MemoryNoteSigner(origin, Ed25519PrivateKey.generate()).skey() + "\n").encode()
    except UnusableKey as exc:
        raise ProvisionError(f"{origin!r} cannot be a log's name: {exc}") from exc


def write_new(path: Path, content: bytes, *, secret: bool = False) -> None:
    """Writes a file that must not exist yet; a secret one is never readable by others, not for a moment."""
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644), "wb"
    ) as file:
        file.write(content)


def quoted(text: str) -> str:
    """Writes a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'


def _write_pair(directory: Path, name: str, issued: Issued) -> None:
    write_new(directory / f"{name}.pem", issued.certificate_pem)
    write_new(directory / f"{name}.key", issued.key_pem, secret=True)
