"""The metrics of all workers at one address."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import prometheus_client
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from axis_server.metrics import Workforce
from axis_server.settings import Address

if TYPE_CHECKING:
    from typing import Self

METRICS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""Names to prometheus_client the directory in which each worker counts, in files of its own."""


class Exposition:
    """Adds up what the workers count, those that are gone too, and serves it until it is left.

    Gauges speak of the living alone; each says in `axis_server.metrics` how many become one.
    """

    def __init__(self, counts: Path, listen: Address | None) -> None:
        self._counts = counts
        self._listen = listen
        self._registry = CollectorRegistry()
        MultiProcessCollector(self._registry, path=str(counts))  # type: ignore[no-untyped-call]
        self._workforce = Workforce.make(self._registry)
        self._stack = ExitStack()

    def staffed(self, count: Callable[[], int]) -> None:
        """Shows as workers that serve what `count` says at each scrape."""
        self._workforce.workers.set_function(count)

    def gone(self, pid: int, *, died: bool) -> None:
        """Takes out what the gauges of a worker said that has ended."""
        if died:
            self._workforce.died.inc()
        mark_process_dead(pid, str(self._counts))  # type: ignore[no-untyped-call]

    def __enter__(self) -> Self:
        if self._listen is not None:
            server, thread = prometheus_client.start_http_server(
                self._listen.port, self._listen.host, self._registry
            )
            self._stack.callback(thread.join)
            self._stack.callback(server.server_close)
            self._stack.callback(server.shutdown)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
