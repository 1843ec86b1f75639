"""Keeps workers on one port until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

import structlog

from axis_server.settings import Address, Settings
from axis_server.supervision.exposition import METRICS_DIRECTORY, Exposition
from axis_server.supervision.place import Place, WorkerFailed

log = structlog.get_logger()

SLACK_SECONDS = 30.0
"""What a worker may take beyond its grace to finish what must not be cut in two and to close the stores."""

Command = Callable[[Address], Sequence[str]]
"""Says how a worker on an address is started."""


async def supervise(
    settings: Settings,
    *,
    command: Command,
    count: int,
    sound: Callable[[], bool],
    ready: Callable[[Address], None],
) -> None:
    """Runs `count` workers until SIGTERM or SIGINT; `ready` is told the address once all of them serve.

    SIGHUP replaces them one after the other, if `sound` says that the configuration would run: each new one
    serves before the old one takes no more calls. So a new configuration, new certificates and a new program
    are taken over without a call being refused; the address and the number of workers stay.

    Raises `WorkerFailed` when the first one does not start, `OSError` when the port cannot be had.
    """
    stop, renewal = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    loop.add_signal_handler(signal.SIGHUP, renewal.set)
    async with AsyncExitStack() as stack:
        address = stack.enter_context(reserved(settings.server.listen))
        counts = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="axis-metrics-")))
        exposition = stack.enter_context(Exposition(counts, settings.metrics.listen))
        places = [
            Place(
                command(address),
                environment={METRICS_DIRECTORY: str(counts)},
                grace=settings.server.shutdown_grace_seconds + SLACK_SECONDS,
                gone=exposition.gone,
            )
            for _ in range(count)
        ]
        stopping = asyncio.create_task(stop.wait())
        stack.push_async_callback(_cleared, places)
        working = asyncio.create_task(_work(places, renewal, sound, exposition, lambda: ready(address)))
        await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if working.done():
            working.result()
        log.info("workers.stopping", grace=settings.server.shutdown_grace_seconds)
        working.cancel()
        await asyncio.wait({working})


async def _work(
    places: Sequence[Place],
    renewal: asyncio.Event,
    sound: Callable[[], bool],
    exposition: Exposition,
    ready: Callable[[], None],
) -> None:
    await places[0].fill()  # alone: it may have to upgrade the ledger
    async with asyncio.TaskGroup() as group:
        for place in places[1:]:
            group.create_task(_filled(place))
    exposition.staffed(lambda: sum(place.pid is not None for place in places))
    ready()
    async with asyncio.TaskGroup() as group:
        for place in places:
            group.create_task(place.keep())
        group.create_task(_renewals(places, renewal, sound))


async def _filled(place: Place) -> None:
    with suppress(WorkerFailed):  # tried again by `keep`
        await place.fill()


async def _renewals(places: Sequence[Place], renewal: asyncio.Event, sound: Callable[[], bool]) -> None:
    """Replaces all workers each time `renewal` is set; where a new one does not serve, the old ones go on."""
    while True:
        await renewal.wait()
        renewal.clear()
        if not await asyncio.to_thread(sound):
            log.error("workers.kept", detail="the configuration would not run; see the lines before")
            continue
        try:
            for place in places:
                await place.renew()
        except WorkerFailed as exc:
            log.error("workers.kept", detail=str(exc))
        else:
            log.info("workers.renewed")


async def _cleared(places: Sequence[Place]) -> None:
    await asyncio.gather(*(place.clear() for place in places))


@contextmanager
def reserved(listen: Address) -> Iterator[Address]:
    """Holds a port for the workers, without listening on it; port 0 becomes the one that the system chose.

    Only processes of the same user may share it. Raises `OSError` when it cannot be had.
    """
    family, kind, protocol, _, name = socket.getaddrinfo(*listen, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(name)
        yield listen._replace(port=holder.getsockname()[1])
