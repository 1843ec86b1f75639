"""The gRPC server: its door, its limits, health and reflection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from axis.v1 import (
    archive_pb2,
    directory_pb2,
    events_pb2,
    inbox_pb2,
    log_pb2,
    overview_pb2,
    records_pb2,
    submission_pb2,
)
from axis.v1.archive_pb2_grpc import add_ArchiveServiceServicer_to_server
from axis.v1.directory_pb2_grpc import add_DirectoryServiceServicer_to_server
from axis.v1.events_pb2_grpc import add_EventServiceServicer_to_server
from axis.v1.inbox_pb2_grpc import add_InboxServiceServicer_to_server
from axis.v1.log_pb2_grpc import add_LogServiceServicer_to_server
from axis.v1.overview_pb2_grpc import add_OverviewServiceServicer_to_server
from axis.v1.records_pb2_grpc import add_RecordServiceServicer_to_server
from axis.v1.submission_pb2_grpc import add_SubmissionServiceServicer_to_server
from axis_server.boundary.archive import ArchiveServicer
from axis_server.boundary.directory import DirectoryServicer
from axis_server.boundary.events import EventServicer
from axis_server.boundary.inbox import InboxServicer
from axis_server.boundary.interceptor import Boundary
from axis_server.boundary.log import LogServicer
from axis_server.boundary.overview import OverviewServicer
from axis_server.boundary.records import RecordServicer
from axis_server.boundary.submission import SubmissionServicer
from axis_server.material import TlsMaterial

SLACK_BYTES = 1 << 20
"""What a message may hold above the package's limit, so that a package a little too large is refused with a
reason; gRPC itself cuts what is larger, without one."""
UPLOAD_MESSAGE_BYTES = 2 << 20
SERVED = (
    submission_pb2.DESCRIPTOR.services_by_name["SubmissionService"].full_name,
    inbox_pb2.DESCRIPTOR.services_by_name["InboxService"].full_name,
    events_pb2.DESCRIPTOR.services_by_name["EventService"].full_name,
    records_pb2.DESCRIPTOR.services_by_name["RecordService"].full_name,
    overview_pb2.DESCRIPTOR.services_by_name["OverviewService"].full_name,
    archive_pb2.DESCRIPTOR.services_by_name["ArchiveService"].full_name,
    directory_pb2.DESCRIPTOR.services_by_name["DirectoryService"].full_name,
    log_pb2.DESCRIPTOR.services_by_name["LogService"].full_name,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What is served."""

    submission: SubmissionServicer
    inbox: InboxServicer
    events: EventServicer
    records: RecordServicer
    overview: OverviewServicer
    archive: ArchiveServicer
    directory: DirectoryServicer
    log: LogServicer


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How it is served."""

    address: str
    shared: bool
    """Other processes of the same user may serve the address too; else one that is served is an error."""
    tls: Callable[[], TlsMaterial]
    """The server's certificate, and who may issue client certificates: asked for at each handshake, in
    threads of gRPC's. A client without a certificate does not get past it."""
    message_bytes: int
    concurrent_calls: int
    """The outer fence, without a reason: more is turned away by gRPC itself."""
    concurrent_streams: int


class Health:
    """The lamp: green for every service at once, or red."""

    def __init__(self) -> None:
        self.servicer: Any = health.aio.HealthServicer()  # type: ignore[attr-defined]

    async def show(self, serving: bool) -> None:
        status = health_pb2.HealthCheckResponse
        lamp = status.SERVING if serving else status.NOT_SERVING
        for name in (health.OVERALL_HEALTH, *SERVED):
            await self.servicer.set(name, lamp)

    async def shut(self) -> None:
        """Shows NOT_SERVING for good: the server is about to stop."""
        await self.servicer.enter_graceful_shutdown()


def make_server(
    door: Door, services: Services, *, boundary: Boundary, lamp: Health
) -> tuple[grpc.aio.Server, int]:
    """Makes the server, bound but not started; returns it and its port. Raises `OSError` when it cannot bind.

    Must be called in the event loop that serves.
    """
    server = grpc.aio.server(
        interceptors=[boundary],
        options=_options(door),
        maximum_concurrent_rpcs=door.concurrent_calls,
    )
    add_SubmissionServiceServicer_to_server(services.submission, server)
    add_InboxServiceServicer_to_server(services.inbox, server)
    add_EventServiceServicer_to_server(services.events, server)
    add_RecordServiceServicer_to_server(services.records, server)
    add_OverviewServiceServicer_to_server(services.overview, server)
    add_ArchiveServiceServicer_to_server(services.archive, server)
    add_DirectoryServiceServicer_to_server(services.directory, server)
    add_LogServiceServicer_to_server(services.log, server)
    health_pb2_grpc.add_HealthServicer_to_server(lamp.servicer, server)
    reflection.enable_server_reflection((*SERVED, health.SERVICE_NAME, reflection.SERVICE_NAME), server)

    try:
        port = server.add_secure_port(door.address, _credentials(door))
    except RuntimeError as exc:
        raise OSError(f"cannot listen on {door.address}") from exc
    if port == 0:
        raise OSError(f"cannot listen on {door.address}")
    return server, port


def _credentials(door: Door) -> grpc.ServerCredentials:
    """Shows each handshake what the door shows by then.

    A new configuration is given only where something changed: gRPC's core frees the one before at once, also
    where another handshake is just beginning with it, and the process dies (grpc/grpc#36693).
    """
    last = door.tls()

    def changed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal last
        tls = door.tls()
        if tls == last:
            return None
        last = tls
        return _configuration(tls)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(last),
        changed,  # type: ignore[arg-type]  # None is "as it was", which the stubs do not know
        require_client_authentication=True,
    )


def _configuration(tls: TlsMaterial) -> grpc.ServerCertificateConfiguration:
    pair = [(tls.private_key, tls.certificate_chain)]
    return grpc.ssl_server_certificate_configuration(pair, root_certificates=tls.client_ca)


def _options(door: Door) -> Sequence[tuple[str, int]]:
    return (
        ("grpc.max_receive_message_length", max(door.message_bytes + SLACK_BYTES, UPLOAD_MESSAGE_BYTES)),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_concurrent_streams", door.concurrent_streams),
        ("grpc.max_metadata_size", 16 << 10),
        ("grpc.so_reuseport", int(door.shared)),
        # Who does not finish the handshake soon does not hold a place.
        ("grpc.server_handshake_timeout_ms", 20_000),
        # Notice a dead link: a watch may be silent for hours.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        # Clients may ask for signs of life as often as twice a minute, also between calls.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 25_000),
    )
