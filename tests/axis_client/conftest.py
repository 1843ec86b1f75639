from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.axis_client.harness import DEPARTMENT, MINISTRY, PROVINCE, Act, RunningAxis, axis, letter


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


@pytest.fixture
def ministry(running: RunningAxis) -> Act:
    return lambda *arguments: axis(*arguments, "--profile", running.profile(MINISTRY), "--json")


@pytest.fixture
def province(running: RunningAxis) -> Act:
    return lambda *arguments: axis(*arguments, "--profile", running.profile(PROVINCE), "--json")


@pytest.fixture
def sent(ministry: Act, document_id: str, tmp_path: Path) -> str:
    """A letter on its way; returns its dispatch id."""
    (tmp_path / "letter.edxml").write_bytes(letter(document_id))
    ran = ministry("send", tmp_path / "letter.edxml")
    assert ran.code == 0, ran.err
    dispatch_id: str = ran.objects[0]["dispatch_id"]
    return dispatch_id


@pytest.fixture
def department(running: RunningAxis) -> Act:
    return lambda *arguments: axis(*arguments, "--profile", running.profile(DEPARTMENT), "--json")
