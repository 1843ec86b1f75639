"""The world of the axis's tests."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.archive.memory import MemoryArchive
from storage.ledger.memory import MemoryLedger
from tests.axis_server.world import Pki, World


@pytest.fixture(scope="session")
def pki() -> Pki:
    return Pki.made()


@pytest.fixture(scope="session")
def workers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture
def world(pki: Pki, workers: ThreadPoolExecutor) -> World:
    return World(archive=MemoryArchive(), ledger=MemoryLedger(), pki=pki, workers=workers)
