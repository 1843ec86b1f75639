"""`axis export`: everything that a search finds, as bags, with restarts and damage in between."""

from __future__ import annotations

import csv
import json
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import bagit
import pytest

from axis_client import AsyncClient, Client, LocalError, Profile
from signing.package import State, Trust, verify
from tests.axis_client.harness import BIN, MINISTRY, PROVINCE, Ran, RunningAxis, axis, letter

Act = Callable[..., Ran]


@pytest.fixture
def export(running: RunningAxis, tmp_path: Path) -> Act:
    return lambda agency, *flags: axis(
        "export", *flags, "-o", tmp_path / "out", "--profile", running.profile(agency), "--json"
    )


@pytest.fixture
def sent(running: RunningAxis, document_id: str, tmp_path: Path) -> str:
    """A letter with a map beside it, to the province, that can be found already; returns its dispatch id."""
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=(PROVINCE,)))
    (tmp_path / "map.bin").write_bytes(b"map" * 100_000)
    profile = running.profile(MINISTRY)
    ran = axis(
        "send", tmp_path / "letter.edxml", "--attach", tmp_path / "map.bin", "--profile", profile, "--json"
    )
    assert ran.code == 0, ran.err
    dispatch_id: str = ran.objects[0]["dispatch_id"]
    deadline = time.monotonic() + 30
    while axis("search", "--document-id", document_id, "--profile", profile).code != 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return dispatch_id


def test_originals_and_evidence_are_there_byte_for_byte_and_any_tool_can_tell(
    running: RunningAxis, export: Act, sent: str, document_id: str, tmp_path: Path
) -> None:
    ran = export(MINISTRY, "--document-id", document_id)
    assert ran.code == 0, ran.err
    (row,) = ran.objects
    bag = tmp_path / "out" / sent
    assert (row["outcome"], row["records"]) == ("bagged", 2)
    bagit.Bag(str(bag)).validate()
    retrieved = axis("retrieve", sent, "-o", tmp_path / "kept", "--profile", running.profile(MINISTRY))
    assert retrieved.code == 0
    for path in (tmp_path / "kept").iterdir():
        assert (bag / "data" / "original" / path.name).read_bytes() == path.read_bytes()
    assert (bag / "data" / "original" / "map.bin").read_bytes() == b"map" * 100_000
    described = json.loads((bag / "data" / "dispatch.json").read_text())
    assert described["parts"][0]["file"] == "data/original/package.edxml"
    trust = Trust(seals=Profile.load(running.profile(MINISTRY)).trust)
    package = (bag / "data" / f"{sent}.asice").read_bytes()
    assert verify(BytesIO(package), trust, at=datetime.now(UTC)).state is State.SOUND
    (listed,) = csv.DictReader((tmp_path / "out" / "manifest.csv").read_text().splitlines())
    assert (listed["dispatch_id"], listed["outcome"]) == (sent, "bagged")


def test_what_is_whole_stays_and_what_was_damaged_or_grew_is_made_anew(
    running: RunningAxis, export: Act, sent: str, document_id: str, tmp_path: Path
) -> None:
    flags = ("--document-id", document_id)
    assert export(MINISTRY, *flags).objects[0]["outcome"] == "bagged"
    bag = tmp_path / "out" / sent
    inode = bag.stat().st_ino
    assert export(MINISTRY, *flags).objects[0]["outcome"] == "kept"
    assert bag.stat().st_ino == inode

    attached = bag / "data" / "original" / "map.bin"
    attached.write_bytes(attached.read_bytes()[:-1] + b"!")
    assert export(MINISTRY, *flags).objects[0]["outcome"] == "bagged"
    assert attached.read_bytes() == b"map" * 100_000

    taken = axis("fetch", sent, "-o", tmp_path / "in", "--profile", running.profile(PROVINCE), "--json")
    assert taken.code == 0, taken.err
    grown = export(MINISTRY, *flags).objects[0]
    assert (grown["outcome"], grown["records"] > 2) == ("bagged", True)
    assert export(MINISTRY, *flags, "--no-package").objects[0]["outcome"] == "bagged"
    assert not list((bag / "data").glob("*.asice"))


def test_looking_at_what_was_sent_to_us_leaves_no_receipt(
    running: RunningAxis, export: Act, sent: str, document_id: str, tmp_path: Path
) -> None:
    ran = export(PROVINCE, "--document-id", document_id)
    assert (ran.code, ran.objects[0]["outcome"], ran.objects[0]["reason"]) == (1, "skipped", "NOT_FETCHED")
    (status,) = axis("status", sent, "--profile", running.profile(MINISTRY), "--json").objects
    assert status["counts"] == {"consigned": 1}
    axis("fetch", sent, "-o", tmp_path / "in", "--profile", running.profile(PROVINCE))
    assert export(PROVINCE, "--document-id", document_id).objects[0]["outcome"] == "bagged"


def test_a_run_that_was_killed_goes_on(
    running: RunningAxis, export: Act, sent: str, document_id: str, tmp_path: Path
) -> None:
    """Killed at many moments; what has its name is whole every time."""
    out = tmp_path / "out"
    command = [BIN / "axis", "export", "--document-id", document_id, "-o", out]
    for seconds in (0.8, 1.3, 1.7, 2.1):
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [*command, "--profile", running.profile(MINISTRY)], stdout=subprocess.DEVNULL, timeout=seconds
            )
        if (out / sent).exists():
            bagit.Bag(str(out / sent)).validate()
    assert export(MINISTRY, "--document-id", document_id).code == 0
    bagit.Bag(str(out / sent)).validate()
    assert sorted(path.name for path in out.iterdir()) == sorted(["manifest.csv", sent])


async def test_an_identifier_that_is_a_path_is_refused(running: RunningAxis, tmp_path: Path) -> None:
    async with AsyncClient(Profile.load(running.profile(MINISTRY))) as client:
        for name in ("../x", "/etc/passwd", "", ".", "a/b"):
            with pytest.raises(LocalError):
                await client.bag(name, tmp_path)


def test_the_plain_client_makes_bags_too(running: RunningAxis, sent: str, tmp_path: Path) -> None:
    with Client(Profile.load(running.profile(MINISTRY))) as client:
        bagged = client.bag(sent, tmp_path / "bags", package=False)
    assert (bagged.kept, bagged.folder) == (False, tmp_path / "bags" / sent)
