"""A real axis over mutual TLS on loopback, with agencies that hold real certificates.

async with served(tmp_path) as axis:
    async with axis.ministry.channel(axis) as channel:
        await SubmissionServiceStub(channel).Submit(SubmitRequest(package=axis.ministry.letter()))
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc.aio
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from axis.v1 import errors_pb2
from axis_client import AsyncClient, Profile
from axis_server.app import running
from axis_server.boundary.errors import DETAILS_KEY
from axis_server.caller import Role
from axis_server.ledgers import opened_ledger
from axis_server.operation import registry
from axis_server.operation.provision import issue_profile, provision
from axis_server.operation.registry import Use, certificate_of
from axis_server.settings import Address, Secrets, Settings, load
from edxml.model import HEADER_PLACE
from edxml.writer import write
from signing.keys import load_pem
from signing.seal import seal
from storage.ledger.registry import Agency
from tests.axis_server.packages import document

ANYWHERE = Address("127.0.0.1", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An agency with its client profile."""

    id: str
    profile: Path

    def channel(self, address: Address) -> grpc.aio.Channel:
        credentials = grpc.ssl_channel_credentials(
            (self.profile / "ca.pem").read_bytes(),
            (self.profile / "system.key").read_bytes(),
            (self.profile / "system.pem").read_bytes(),
        )
        return grpc.aio.secure_channel(str(address), credentials)

    def client(self, address: Address) -> AsyncClient:
        """The SDK, as this agency's systems use it."""
        path = self.profile / "profile.toml"
        text = re.sub(r'^axis = ".*"$', f'axis = "{address}"', path.read_text("utf-8"), flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8")
        return AsyncClient(Profile.load(path))

    def letter(
        self, *to: str, number: int = 1, references: Mapping[str, str] | None = None, **changes: Any
    ) -> bytes:
        """A sealed document to `to`."""
        unsigned = document(
            to=to, sender=self.id, document_id=f"{self.id},2026/03/02,{number}/BM-VP", **changes
        )
        signer = load_pem(self.profile / "system.key", self.profile / "system.pem")
        return seal(
            write(unsigned),
            signer=signer,
            at=datetime.now(UTC),
            place=HEADER_PLACE,
            detached=references or {},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A configured axis that does not run yet, and its agencies: `ministry` and `province` exchange
    documents, `neighbour` is party to nothing, `stranger` holds a certificate that nobody registered."""

    config: Path
    ministry: Office
    province: Office
    neighbour: Office
    stranger: Office

    @property
    def settings(self) -> Settings:
        return load(self.config)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served(Prepared):
    """The same, running in this process."""

    address: Address
    metrics_address: Address | None
    log_address: Address | None


async def prepared(
    directory: Path, *, settings: Iterable[str] = (), metrics: Address | None = None
) -> Prepared:
    """Sets an axis up in `directory`; `settings` are replaced in its file, as `old => new`."""
    at = datetime.now(UTC)
    base = directory / "axis"
    config = provision(
        base, listen=ANYWHERE, hosts=(), metrics=metrics, axis_id="AXIS.TEST", axis_name="Trục", at=at
    )
    text = config.read_text(encoding="utf-8")
    for change in settings:
        old, new = change.split(" => ")
        assert old in text, old
        text = text.replace(old, new)
    config.write_text(text, encoding="utf-8")
    offices = {}
    async with opened_ledger(load(config)) as ledger:
        for name, agency_id in (("ministry", "G22"), ("province", "H90"), ("neighbour", "K99")):
            profile = directory / name
            issued = issue_profile(base, profile, agency_id=agency_id, axis="unknown", role="system", at=at)
            record = certificate_of(issued.certificate, role=Role.SYSTEM, use=Use.BOTH, at=at)
            await registry.add(ledger, Agency(agency_id=agency_id, name=name, certificates=(record,)))
            offices[name] = Office(id=agency_id, profile=profile)
    issue_profile(base, directory / "stranger", agency_id="X00", axis="unknown", role="system", at=at)
    return Prepared(config=config, **offices, stranger=Office(id="X00", profile=directory / "stranger"))


@asynccontextmanager
async def served(
    directory: Path, *, settings: Iterable[str] = (), metrics: Address | None = None
) -> AsyncIterator[Served]:
    """Runs an axis in this process until the block ends."""
    ready = await prepared(directory, settings=settings, metrics=metrics)
    async with running(ready.settings, Secrets()) as axis:
        yield Served(
            config=ready.config,
            ministry=ready.ministry,
            province=ready.province,
            neighbour=ready.neighbour,
            stranger=ready.stranger,
            address=axis.address,
            metrics_address=axis.metrics_address,
            log_address=axis.log_address,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an error says, decoded as any client in any language would."""

    code: grpc.StatusCode
    reason: str
    facts: dict[str, str]
    sentences: dict[str, str]
    next_steps: tuple[str, ...]
    retry: bool
    request_id: str
    evidence: bytes
    size: int
    """Bytes of the details as they travel."""


def told(error: grpc.aio.AioRpcError) -> Told:
    """Decodes the details of an error."""
    raw = next(value for key, value in error.trailing_metadata() if key == DETAILS_KEY)
    assert isinstance(raw, bytes)
    status = status_pb2.Status.FromString(raw)
    assert status.code == error.code().value[0]
    assert status.message == error.details()

    def every(kind: type[Message]) -> list[Any]:
        found = []
        for packed in status.details:
            message = kind()
            if packed.Unpack(message):
                found.append(message)
        return found

    (info,) = every(error_details_pb2.ErrorInfo)
    assert info.domain == "national-axis"
    refusals = every(errors_pb2.Refusal)
    return Told(
        code=error.code(),
        reason=info.reason,
        facts=dict(info.metadata),
        sentences={one.locale: one.message for one in every(error_details_pb2.LocalizedMessage)},
        next_steps=tuple(link.description for one in every(error_details_pb2.Help) for link in one.links),
        retry=bool(every(error_details_pb2.RetryInfo)),
        request_id=every(error_details_pb2.RequestInfo)[0].request_id,
        evidence=refusals[0].evidence.content if refusals else b"",
        size=len(raw),
    )


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
