"""Engines that are started once for a whole run."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.engines import lacking, require
from tests.storage.ceph import COMMANDS, Ceph
from tests.storage.postgres import COMMANDS as POSTGRES_COMMANDS
from tests.storage.postgres import Postgres, command

ON_CEPH = pytest.mark.xdist_group("ceph")
"""Marks tests that use Ceph, so that one test process starts it."""


@pytest.fixture(scope="session")
def ceph() -> Iterator[Ceph]:
    """A real S3 store, started at its first use."""
    for name in (*COMMANDS, "setpriv"):
        require(name)
    with (
        tempfile.TemporaryDirectory(prefix="ceph-", ignore_cleanup_errors=True) as room,
        Ceph.started(Path(room)) as store,
    ):
        yield store


_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where a flush costs nothing; a crash of the server alone, which is what tests make, loses nothing there
either."""

ON_POSTGRES = pytest.mark.xdist_group("postgres")
"""Marks tests that use PostgreSQL, so that one test process starts it."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL, started at its first use."""
    for name in POSTGRES_COMMANDS:
        if command(name) is None:
            lacking(f"engine not installed: {name} (run tests/install-engines.sh as root)")
    with (
        tempfile.TemporaryDirectory(prefix="pg-", dir=_MEMORY, ignore_cleanup_errors=True) as room,
        Postgres.started(Path(room)) as server,
    ):
        yield server


@pytest.fixture(autouse=True)
def logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that sets the process's logging up, as a program does once, leaves none of it to the next."""
    before, root, configure = structlog.get_config(), logging.getLogger(), structlog.configure

    def uncached(**settings: Any) -> None:
        configure(**{**settings, "cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", uncached)
    handlers, level = list(root.handlers), root.level
    yield
    configure(**before)
    root.handlers[:], root.level = handlers, level
