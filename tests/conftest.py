"""Engines that are started once for a whole run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines import require
from tests.storage.ceph import COMMANDS, Ceph

ON_CEPH = pytest.mark.xdist_group("ceph")
"""Marks tests that use Ceph, so that one test process starts it."""


@pytest.fixture(scope="session")
def ceph() -> Iterator[Ceph]:
    """A real S3 store, started at its first use."""
    for command in (*COMMANDS, "setpriv"):
        require(command)
    with (
        tempfile.TemporaryDirectory(prefix="ceph-", ignore_cleanup_errors=True) as room,
        Ceph.started(Path(room)) as store,
    ):
        yield store
