"""Who the axis is, and how it serves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from axis_server.settings.section import Section
from axis_server.settings.values import (
    GIB,
    MIB,
    Address,
    ConfiguredPath,
    ListenAddress,
    OptionalAddress,
    Size,
)


class AxisSettings(Section):
    """Who this axis is, as its evidence says."""

    id: str = Field(min_length=1, max_length=100)
    """Identifier of the axis in its evidence and in WhoAmI. Never change it once evidence was issued."""
    name: str = Field(default="", max_length=200)
    """Name of the axis for people, in its evidence."""


class ServerSettings(Section):
    """The gRPC server."""

    listen: ListenAddress = Address("127.0.0.1", 7443)
    """Address that agencies connect to, `host:port`. With port 0 the system chooses one."""
    workers: int = Field(default=2, ge=1, le=256)
    """Threads that verify seals. About one for each processor core."""
    shutdown_grace_seconds: float = Field(default=30.0, ge=0, le=3600)
    """How long calls in flight may take to end after SIGTERM before they are cut."""
    concurrent_calls: int = Field(default=1000, ge=1)
    """Calls served at once beside the watches; more are answered RESOURCE_EXHAUSTED."""
    calls_per_agency: int = Field(default=100, ge=1)
    """Of these, by one agency, over all its connections; more are answered TOO_MANY_CALLS."""
    watches: int = Field(default=2000, ge=1)
    """Inboxes and event streams watched at once, by all agencies; more are answered TOO_MANY_WATCHES and may
    poll."""
    watches_per_agency: int = Field(default=20, ge=1)
    """Of these, by one agency. Watches of the health service count too."""
    concurrent_streams: int = Field(default=100, ge=1)
    """Calls at once on one connection; more wait."""
    probe_seconds: float = Field(default=5.0, gt=0, le=3600)
    """How often archive and ledger are tried for the health service and the metrics."""


class TlsSettings(Section):
    """Mutual TLS: the server's own certificate, and who may issue those of the clients."""

    certificate: ConfiguredPath
    """The server's certificate, PEM; its chain may follow in the same file."""
    key: ConfiguredPath
    """Its private key, PEM. An encrypted one is opened by `AXIS_TLS_KEY_PASSWORD` in the environment."""
    client_ca: list[ConfiguredPath] = Field(min_length=1)
    """PEM files with the authorities whose client certificates may connect. That alone opens nothing: the
    certificate must also stand in the directory."""


class LimitSettings(Section):
    """The largest things that the axis takes. Sizes are bytes, or such as `"16 MiB"`."""

    message_bytes: Size = 16 * MIB
    """Largest package in one Submit message; a larger one is uploaded first."""
    package_bytes: Size = 64 * MIB
    """Largest package at all, its inline attachments included."""
    attachment_bytes: Size = 10 * GIB
    """Largest detached attachment."""
    recipients: int = Field(default=5000, ge=1)
    """Most recipients of one dispatch."""
    uploads: int = Field(default=100, ge=1)
    """Unfinished uploads of one agency; with more, a new one is answered UPLOAD_QUOTA."""
    upload_bytes: Size = 100 * GIB
    """Bytes of one agency's unfinished uploads together, as far as they are announced or held."""
    upload_days: float = Field(default=7.0, gt=0, le=3650)
    """An upload that nobody went on with for so long is dropped."""
    refusals_per_minute: int = Field(default=60, ge=1)
    """Signed refusals kept for one agency; more are answered TOO_MANY_REFUSALS, without evidence."""
    documents_per_minute: int = Field(default=3000, ge=1, le=10_000_000)
    """Documents that one agency sends or checks, over a while; more are answered TOO_MANY_DOCUMENTS. The
    directory may allow an agency more or less: `axis-server agency update ID --limits documents=100`."""
    documents_burst: int = Field(default=6000, ge=1, le=10_000_000)
    """Documents that it may send at once, after a while without any."""
    statements_per_minute: int = Field(default=6000, ge=1, le=10_000_000)
    """The same of status reports, and of what is decided about retention, answered TOO_MANY_STATEMENTS;
    `--limits statements=100`."""
    statements_burst: int = Field(default=12_000, ge=1, le=10_000_000)
    """Status reports at once, after a while without any."""
    bytes_per_day: Size = 500 * GIB
    """Bytes of documents, uploads and status reports that one agency has kept in a day, as many at once as
    are left of it; more are answered TOO_MANY_BYTES; `--limits bytes=1000000000`. It is a day's share that
    fills up as the day passes, so no exact count: in any 24 hours each process lets through twice that at
    most, and what was last, and as much again each time it starts."""
    processes: int = Field(default=1, ge=1, le=10_000)
    """How many processes serve, over all nodes and `--workers`: each counts for itself and gives that part of
    these rates. With 1 an agency has them in EACH process: with n processes up to n times as much, if its
    connections are spread over all. With n it never has more than is set, and less where it has few
    connections: a connection lies with one process, which gives it one n-th."""


class MetricsSettings(Section):
    """Prometheus metrics over plain HTTP."""

    listen: OptionalAddress = Address("127.0.0.1", 9464)
    """Address of `/metrics`, `host:port`; empty turns it off. It asks nobody who they are: keep it closed."""


class TelemetrySettings(Section):
    """Traces of what happens to a document, by OpenTelemetry; it needs the extra `national-axis[telemetry]`.
    They hold sizes, counts and times, and nothing of a document."""

    traces: bool = False
    """Sends traces. A client's trace goes on where its call says so."""
    endpoint: str = Field(default="", pattern="^(https?://[^ ]+)?$")
    """The receiver (OTLP over gRPC), `http://host:4317` or `https://…`; empty takes what the standard
    environment variables say (`OTEL_EXPORTER_OTLP_ENDPOINT` and the like)."""
    sample: float = Field(default=1.0, ge=0, le=1)
    """The share of traces begun here that is kept; of a client's trace the client decides."""


class LogSettings(Section):
    """The log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is written."""
    format: Literal["json", "console"] = "json"
    """`json`: one object a line, for machines; `console`: for people."""
