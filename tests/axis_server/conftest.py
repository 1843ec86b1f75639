"""The world of the axis's tests."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.archive.memory import MemoryArchive
from storage.ledger.memory import MemoryLedger
from tests.axis_server.houses import Pki
from tests.axis_server.retaining import Stand, standing
from tests.axis_server.world import World
from tests.conftest import ON_POSTGRES
from tests.storage.postgres import Postgres

Kind = str | Postgres


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


@pytest.fixture
def stand(world: World) -> Stand:
    return standing(world)


@pytest.fixture(
    params=["memory", "files and SQLite", pytest.param("files and PostgreSQL", marks=ON_POSTGRES)]
)
def kind(request: pytest.FixtureRequest) -> Kind:
    """What the stores of a world are: a name, or the server that its ledger is in."""
    if request.param == "files and PostgreSQL":
        server: Postgres = request.getfixturevalue("postgres")
        return server
    name: str = request.param
    return name
