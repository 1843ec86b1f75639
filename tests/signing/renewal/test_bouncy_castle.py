"""BouncyCastle's org.bouncycastle.tsp.ers finds every data object in every record, and no other.

Runs where its jars (bcpkix, bcprov, bcutil) are named by `AXIS_TEST_BOUNCYCASTLE`, a class path, or lie in
Maven's local repository.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.engines import require
from tests.signing.renewal.stage import GROUPS, grown

PROGRAM = Path(__file__).with_name("CheckRecord.java")
AT = datetime(2039, 1, 1, tzinfo=UTC)


def class_path() -> str:
    named = os.environ.get("AXIS_TEST_BOUNCYCASTLE")
    if named:
        return named
    kept = Path.home() / ".m2/repository/org/bouncycastle"
    jars = [
        max(kept.glob(f"{name}-jdk18on/*/*.jar"), default=None) for name in ("bcpkix", "bcprov", "bcutil")
    ]
    if not all(jars):
        pytest.skip("BouncyCastle's jars are not here; AXIS_TEST_BOUNCYCASTLE names them")
    return os.pathsep.join(map(str, jars))


def test_bouncy_castle_finds_what_a_record_covers_and_nothing_else(tmp_path: Path) -> None:
    java, jars = require("java"), class_path()
    asked: list[str | Path] = []

    def ask(index: int, objects: Sequence[bytes]) -> None:
        record = tmp_path / f"{index}.ers"
        record.write_bytes(grown().der(index))
        files = [tmp_path / f"{len(asked)}-{number}" for number in range(len(objects))]
        for path, data in zip(files, objects, strict=True):
            path.write_bytes(data)
        asked.extend((record, *files, "--"))

    for index, group in enumerate(GROUPS):
        ask(index, group)
    ask(1, GROUPS[2])
    ask(0, (*GROUPS[0], b"more"))
    command = [java, "-XX:TieredStopAtLevel=1", "-cp", jars, PROGRAM, str(int(AT.timestamp())), *asked]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[: len(GROUPS)] == ["present"] * len(GROUPS)
    assert done.stdout.splitlines()[len(GROUPS) :] == ["object hash not found"] * 2
