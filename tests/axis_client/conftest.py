from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.axis_client.harness import RunningAxis


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAxis]:
    """One real axis for all tests of this room; each test sends documents of its own."""
    axis = RunningAxis.make(tmp_path_factory.mktemp("axis"))
    axis.start()
    yield axis
    axis.stop()


_numbers = count(1)


@pytest.fixture
def document_id() -> str:
    """A DocumentId that no other test has used."""
    return f"000.00.00.G90,2026/03/02,{next(_numbers)}/KT"
