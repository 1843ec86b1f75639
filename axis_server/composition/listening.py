"""Where the axis listens beside its door, and where it sends: each until the stack ends."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import prometheus_client

from axis_server.boundary.plain_log import PlainLog
from axis_server.boundary.server import Door
from axis_server.keyring import Keyring
from axis_server.material import MaterialError
from axis_server.metrics import Metrics
from axis_server.settings import Address, Settings
from axis_server.transparency.proofs import Proofs
from plainhttp import serving
from tracing import Tracer


def door_of(settings: Settings, keys: Keyring, shared: bool) -> Door:
    """Says what the calls' server listens on, and how much it takes at once."""
    return Door(
        address=str(settings.server.listen),
        shared=shared,
        tls=keys.tls,
        message_bytes=settings.limits.message_bytes,
        concurrent_calls=settings.server.concurrent_calls + settings.server.watches,
        concurrent_streams=settings.server.concurrent_streams,
    )


def exported(metrics: Metrics, listen: Address | None, stack: AsyncExitStack) -> Address | None:
    """Serves the metrics from a thread of their own, so that they answer when the loop does not."""
    if listen is None:
        return None
    server, thread = prometheus_client.start_http_server(listen.port, listen.host, metrics.registry)
    stack.callback(thread.join)
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return listen._replace(port=server.server_port)


async def shown(
    proofs: Proofs, listen: Address | None, stack: AsyncExitStack, *, shared: bool
) -> Address | None:
    """Serves the log to everybody."""
    if listen is None:
        return None
    port = await stack.enter_async_context(serving(*listen, PlainLog(proofs=proofs), shared=shared))
    return listen._replace(port=port)


def traced(settings: Settings, node: str, stack: AsyncExitStack) -> Tracer | None:
    """Sends traces as `node`, where they are asked for. Raises `MaterialError` when the library is absent."""
    wanted = settings.telemetry
    if not wanted.traces:
        return None
    try:
        from tracing.otel import exporting
    except ModuleNotFoundError as exc:
        raise MaterialError('`telemetry.traces` needs pip install "national-axis[telemetry]"') from exc
    tracer = exporting(endpoint=wanted.endpoint, sample=wanted.sample, service=settings.axis.id, node=node)
    stack.push_async_callback(asyncio.to_thread, tracer.close)
    return tracer
