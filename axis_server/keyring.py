"""The axis's own keys and certificates as its files say now, taken over without a restart.

    keys = Keyring(settings, secrets, show=metrics.keys_current.set)
    keys.signer()            # free of waiting; whoever signs twice may do it with two keys
    await keys.follow(1.0)

New TLS connections get what is in force when they begin; those there are go on. Files that cannot be read, or
that do not belong together, leave in force what was: an operator replaces two files one after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from cryptography import x509

from axis_server.material import (
    RETIRED,
    SUCCESSION,
    MaterialError,
    TlsMaterial,
    evidence_certificates,
    evidence_signer,
    log_policy,
    log_signer,
    log_successions,
    next_of,
    tls_material,
)
from axis_server.settings import Secrets, Settings
from signing.keys import Signer, UnusableKey
from signing.log import LogPolicy, NoteSigner, Succession
from signing.seal import Sealer

log = structlog.get_logger()

_Stamps = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What is in force."""

    tls: TlsMaterial
    signer: Signer
    sealer: Sealer
    published: tuple[x509.Certificate, ...]
    note_signers: tuple[NoteSigner, ...]
    policy: LogPolicy
    successions: tuple[Succession, ...]


class Keyring:
    """Keeps the newest keys."""

    def __init__(self, settings: Settings, secrets: Secrets, *, show: Callable[[bool], object]) -> None:
        """Reads the files for the first time. `show` is told whether what is in force is what they say.
        Raises `MaterialError`, `UnusableKey`."""
        self._settings = settings
        self._secrets = secrets
        self._show = show
        self.certificates: dict[str, x509.Certificate] = {}
        """The axis's own in force, by their use."""
        self._stamps = self._stamped()
        self._held = self._load()
        self._take(self._held)

    def tls(self) -> TlsMaterial:
        """Returns what a TLS handshake needs. Threads may ask."""
        return self._held.tls

    def signer(self) -> Signer:
        """Returns the key that signs evidence."""
        return self._held.signer

    def sealer(self) -> Sealer:
        """Returns what seals the axis's statements, with the same key."""
        return self._held.sealer

    def published(self) -> tuple[x509.Certificate, ...]:
        """Returns all certificates under which evidence of this axis counts: the one in use with its chain,
        the next, the retired ones."""
        return self._held.published

    def note_signers(self) -> tuple[NoteSigner, ...]:
        """Returns the keys that sign a checkpoint: the log's own, and the next one while it is introduced."""
        return self._held.note_signers

    def log_policy(self) -> LogPolicy:
        """Says whom to believe about the log: the keys that sign it, and those that did."""
        return self._held.policy

    def successions(self) -> tuple[Succession, ...]:
        """Says how the log's keys followed each other, the first before those behind it."""
        return self._held.successions

    async def refresh(self) -> bool:
        """Reads the files anew if they changed since they were last read, well or not. Returns whether others
        are in force. What changes while it is read is no trouble yet: the next look reads it."""
        stamps = await asyncio.to_thread(self._stamped)
        if stamps == self._stamps:
            return False
        try:
            held = await asyncio.to_thread(self._load)
        except (MaterialError, UnusableKey, OSError) as exc:
            if stamps != await asyncio.to_thread(self._stamped):
                return False
            self._stamps = stamps
            self._show(False)
            log.critical("keys.unusable", detail=str(exc))
            return False
        self._stamps = stamps
        self._held = held
        self._take(held)
        names = {name: f"{one.serial_number:x}" for name, one in self.certificates.items()}
        log.info("keys.loaded", log_keys=len(held.note_signers), **names)
        return True

    async def follow(self, interval: float) -> None:
        """Refreshes every `interval` seconds, for ever."""
        while True:
            await asyncio.sleep(interval)
            await self.refresh()

    def _take(self, held: _Held) -> None:
        self.certificates["tls"] = x509.load_pem_x509_certificate(held.tls.certificate_chain)
        self.certificates["evidence"] = held.signer.certificate
        self._show(True)

    def _load(self) -> _Held:
        settings, secrets = self._settings, self._secrets
        signer = evidence_signer(settings.evidence, secrets.evidence_key_password)
        own, *others = evidence_certificates(settings.evidence)
        coming = next_of(settings.transparency.key)
        note_signers = [log_signer(settings.transparency.key)]
        if coming.exists():
            note_signers.append(log_signer(coming))
        return _Held(
            tls=tls_material(settings.tls, secrets.tls_key_password),
            signer=signer,
            sealer=Sealer(signer),
            published=(own, *signer.chain, *others),
            note_signers=tuple(note_signers),
            policy=log_policy(settings.transparency),
            successions=log_successions(settings.transparency),
        )

    def _stamped(self) -> _Stamps:
        return tuple(_stamp(path) for path in self._files() if path.exists())

    def _files(self) -> list[Path]:
        tls, evidence, key = self._settings.tls, self._settings.evidence, self._settings.transparency.key
        return [
            *(tls.certificate, tls.key, *tls.client_ca),
            *(evidence.certificate, evidence.key, next_of(evidence.certificate), key, next_of(key)),
            *sorted((evidence.certificate.parent / RETIRED).glob("*.pem")),
            *sorted((key.parent / RETIRED).glob("*.vkey")),
            *sorted((key.parent / RETIRED).glob(f"*{SUCCESSION}")),
            *sorted(next_of(key).parent.glob(f"*{SUCCESSION}")),
        ]


def _stamp(path: Path) -> tuple[str, int, int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:  # gone since it was listed
        return str(path), 0, 0, 0
    return str(path), found.st_mtime_ns, found.st_size, found.st_ino
