"""The stage of the tests about revocation: a real OCSP responder that can be killed, a list over HTTP, and
what of the axis asks them."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from axis_server.addressing.directory import DirectoryView
from axis_server.admitting.trust import TrustWatch
from axis_server.composition.revocation import Around, Revoking, revoking
from axis_server.metrics import Metrics
from axis_server.settings import RevocationSettings, TrustSettings
from signing.policy import Policy, Revocation
from storage.ledger.memory import MemoryLedger
from storage.ledger.registry import Agency, Certificate
from tests.engines import require
from tests.pki import Authority, Identity, authority
from tests.signing.revocation.responder import NOCHECK

REQUIRED = Policy(revocation=Revocation.REQUIRED)
YEAR = timedelta(days=365)


def now() -> datetime:
    return datetime.now(UTC)


def root_of_today() -> Authority:
    return authority(not_before=now() - YEAR, not_after=now() + 10 * YEAR)


def issued(root: Authority, name: str, **changes: object) -> Identity:
    times: dict[str, object] = {"not_before": now() - timedelta(days=30), "not_after": now() + YEAR}
    return root.issue(name, **(times | changes))  # type: ignore[arg-type]


@dataclass(slots=True)
class Responder:
    """`openssl ocsp`, a process of its own."""

    directory: Path
    root: Authority
    port: int
    process: asyncio.subprocess.Process | None = None
    states: dict[int, str] = field(default_factory=dict)
    """Serial number to a line's beginning in OpenSSL's index: `V`, or `R` with since and why."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def says(self, about: Identity, *, revoked: str = "") -> None:
        """`revoked`: since when and why, as `261120000000Z,keyCompromise`."""
        state = f"R\t440101000000Z\t{revoked}" if revoked else "V\t440101000000Z\t"
        self.states[about.certificate.serial_number] = state

    async def up(self) -> None:
        require("openssl")
        lines = []
        for serial, state in self.states.items():
            digits = f"{serial:X}"
            lines.append(f"{state}\t{'0' * (len(digits) % 2)}{digits}\tunknown\t/CN=x\n")
        (self.directory / "index.txt").write_text("".join(lines))
        self.process = await asyncio.create_subprocess_exec(
            *("openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "responder-cert.pem"),
            *("-rkey", "responder-key.pem", "-port", str(self.port), "-nmin", "60", "-ignore_err"),
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self.process.stderr is not None
        while b"waiting for OCSP client" not in (line := await self.process.stderr.readline()):
            assert line, "openssl ocsp ended"

    async def down(self) -> None:
        if self.process is not None:
            self.process.kill()
            await self.process.wait()
            self.process = None


@asynccontextmanager
async def responder(directory: Path, root: Authority) -> AsyncIterator[Responder]:
    """A responder that does not answer yet."""
    directory.mkdir()
    by = issued(root, "Responder", extended=(ExtendedKeyUsageOID.OCSP_SIGNING,), extensions=(NOCHECK,))
    by.save(directory, "responder")
    (directory / "ca.pem").write_bytes(root.certificate_pem)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    one = Responder(directory, root, port)
    try:
        yield one
    finally:
        await one.down()


@dataclass(slots=True)
class Clock:
    """The true time and what a test adds to it."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of an axis, as far as revocation goes."""

    trust: TrustWatch
    revoking: Revoking
    metrics: Metrics
    clock: Clock

    def judged(self, one: Identity, policy: Policy = REQUIRED) -> object:
        return self.trust.store().judge(one.certificate, at=self.clock(), policy=policy)

    async def step(self) -> None:
        """Asks what is due, and waits for it."""
        await self.revoking.asking.step()
        while self.revoking.asking.running:
            await asyncio.sleep(0.01)
        await self.revoking.asking.step()

    def metric(self, name: str, kind: str) -> float:
        value = self.metrics.registry.get_sample_value(name, {"kind": kind})
        assert value is not None, name
        return value


def node(
    directory: Path,
    root: Authority,
    ledger: MemoryLedger,
    workers: ThreadPoolExecutor,
    *agencies: Identity,
    clock: Clock,
    policy: Policy = REQUIRED,
    crls: tuple[Path, ...] = (),
    **settings: object,
) -> Node:
    """A node that relies on `agencies`."""
    (directory / "root.pem").write_bytes(root.certificate_pem)
    metrics = Metrics.make()
    trust = TrustWatch(
        TrustSettings(anchors=[directory / "root.pem"], crls=list(crls)), show=metrics.trust_current.set
    )
    view = DirectoryView.of(
        Agency(agency_id=f"G{number}", name="x", certificates=(_registered(one),))
        for number, one in enumerate(agencies)
    )
    around = Around(
        ledger=ledger,
        trust=trust,
        directory=lambda: view,
        evidence=tuple,
        time=(),
        policy=policy,
        workers=workers,
        clock=clock,
        metrics=metrics,
    )
    made = revoking(RevocationSettings(**{"private": True, **settings}), around)  # type: ignore[arg-type]
    return Node(trust=trust, revoking=made, metrics=metrics, clock=clock)


def _registered(one: Identity) -> Certificate:
    digest = one.certificate.fingerprint(hashes.SHA256()).hex()
    return Certificate(
        sha256=digest, pem=one.certificate_pem.decode(), role="system", may_connect=True, may_seal=True
    )
