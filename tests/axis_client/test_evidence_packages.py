"""One file that proves a dispatch, from a real axis, by `axis evidence -o FILE.asice` and `axis verify`."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from axis_client import Client, Profile
from axis_client.exporting import History
from axis_client.model import Record
from signing.package import Evidence
from tests import bare_machine
from tests.axis_client.harness import MINISTRY, PROVINCE, RunningAxis, axis, letter
from tests.signing.package import stage


@pytest.fixture
def dispatched(running: RunningAxis, document_id: str, tmp_path: Path) -> tuple[str, Path]:
    """A letter with two files beside it, of one name, that the province holds and accepted."""
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=[PROVINCE]))
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "Phụ lục.pdf").write_text(folder * 1000)
    beside = (
        "--attach",
        "a/Phụ lục.pdf",
        "--attach",
        "b/Phụ lục.pdf",
        "--profile",
        running.profile(MINISTRY),
    )
    assert axis("seal", "letter.edxml", "-o", "sealed.edxml", *beside, cwd=tmp_path).code == 0
    sent = axis("send", "sealed.edxml", "--json", *beside, cwd=tmp_path)
    assert sent.code == 0, sent.err
    dispatch_id = sent.objects[-1]["dispatch"]["dispatch_id"]
    recipient = ("--profile", running.profile(PROVINCE))
    fetched = axis("fetch", dispatch_id, "-o", "in", "--hand-over", *recipient, cwd=tmp_path)
    assert fetched.code == 0, fetched.err
    assert axis("accept", dispatch_id, *recipient, cwd=tmp_path).code == 0
    return dispatch_id, tmp_path


@pytest.fixture
def root(running: RunningAxis) -> Iterator[tuple[str | Path, ...]]:
    ca = running.base / "axis" / "ca"
    yield ("--trust", ca / "ca.pem", "--crl", ca / "ca.crl")


def test_its_commands_hold_on_a_bare_machine_years_later(
    running: RunningAxis, dispatched: tuple[str, Path]
) -> None:
    dispatch_id, home = dispatched
    assert (
        axis("evidence", dispatch_id, "-o", "x.asice", "--profile", running.profile(MINISTRY), cwd=home).code
        == 0
    )
    shutil.copy(running.base / "axis" / "ca" / "ca.pem", home / "ca.pem")
    done = bare_machine.run("VERIFY.txt", cwd=bare_machine.unpacked(home / "x.asice", home / "package"))
    assert (done.returncode, "EVERYTHING HOLDS" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("side", [MINISTRY, PROVINCE])
def test_each_side_packs_what_it_may_see_and_anyone_verifies_it_offline(
    running: RunningAxis, dispatched: tuple[str, Path], root: tuple[str | Path, ...], side: str
) -> None:
    dispatch_id, home = dispatched
    ran = axis(
        "evidence", dispatch_id, "-o", "x.asice", "--profile", running.profile(side), "--json", cwd=home
    )
    assert (ran.code, ran.objects[0]["verdict"]) == (0, "sound"), ran.err
    (found,) = axis("verify", "x.asice", "--json", *root, cwd=home).objects
    assert (found["verdict"], found["reason"]) == ("sound", "SOUND")
    with zipfile.ZipFile(home / "x.asice") as held:
        sent = list(json.loads(held.read("names.json")).values())
        assert sent.count("Phụ lục.pdf") == 2
        assert held.read("original/package.edxml") == (home / "sealed.edxml").read_bytes()
        assert b"".join(held.read(n) for n in held.namelist() if "Phu-luc" in n) == b"a" * 1000 + b"b" * 1000


def test_the_same_package_twice_is_the_same_bytes(running: RunningAxis, dispatched: tuple[str, Path]) -> None:
    dispatch_id, home = dispatched
    profile = ("--profile", running.profile(MINISTRY))
    for name in ("x.asice", "y.asice", "x.asice"):
        assert axis("evidence", dispatch_id, "-o", name, *profile, cwd=home).code == 0
    assert (home / "x.asice").read_bytes() == (home / "y.asice").read_bytes()
    assert not list(home.glob(".*.part"))


def test_another_file_is_not_replaced_without_force(
    running: RunningAxis, dispatched: tuple[str, Path]
) -> None:
    dispatch_id, home = dispatched
    (home / "x.asice").write_bytes(b"other")
    options = ("evidence", dispatch_id, "-o", "x.asice", "--json", "--profile", running.profile(MINISTRY))
    ran = axis(*options, cwd=home)
    assert (ran.code, ran.error["error"]) == (2, "OUTPUT_EXISTS")
    assert axis(*options, "--force", cwd=home).code == 0


def test_a_changed_package_is_refused_with_its_reason(
    running: RunningAxis, dispatched: tuple[str, Path], root: tuple[str | Path, ...]
) -> None:
    dispatch_id, home = dispatched
    axis("evidence", dispatch_id, "-o", "x.asice", "--profile", running.profile(MINISTRY), cwd=home)
    content = (home / "x.asice").read_bytes()
    (home / "x.asice").write_bytes(content.replace(b"a" * 1000, b"c" * 1000))
    ran = axis("verify", "x.asice", "--json", *root, cwd=home)
    assert (ran.code, ran.objects[0]["reason"]) == (1, "PACKAGE_FILE_ALTERED")
    ran = axis("verify", "x.asice", *root, cwd=home, env={"AXIS_LANG": "vi"})
    assert "Một tệp trong gói đã bị thay đổi" in ran.out


def test_whom_nobody_named_is_trusted_in_no_package(
    running: RunningAxis, dispatched: tuple[str, Path]
) -> None:
    dispatch_id, home = dispatched
    axis("evidence", dispatch_id, "-o", "x.asice", "--profile", running.profile(MINISTRY), cwd=home)
    ran = axis("verify", "x.asice", "--json", cwd=home)
    assert (ran.code, ran.objects[0]["reason"]) == (1, "UNTRUSTED_SIGNER")


def test_in_bulk_every_dispatch_gets_its_package_and_what_is_there_is_passed_over(
    running: RunningAxis, dispatched: tuple[str, Path], tmp_path: Path
) -> None:
    dispatch_id, home = dispatched
    profile = ("--profile", running.profile(PROVINCE), "--json")
    since = "2026-01-01T00:00:00+07:00"
    first = axis("evidence", "--since", since, "-o", "all", *profile, cwd=home)
    assert first.code == 0, first.err
    (home / "all" / f"{dispatch_id}.asice").write_bytes(b"cut off")
    again = axis("evidence", "--all", "-o", "all", *profile, cwd=home)
    assert again.code == 0, again.err
    written = [each["dispatch_id"] for each in again.objects if "kept" not in each]
    assert written == [dispatch_id]
    assert len(again.objects) == len(first.objects) == len(list((home / "all").glob("*.asice")))
    shutil.rmtree(home / "all")


def test_a_log_key_that_is_none_is_a_mistake_in_the_call(
    running: RunningAxis, dispatched: tuple[str, Path], root: tuple[str | Path, ...]
) -> None:
    _, home = dispatched
    ran = axis("verify", "sealed.edxml", "--json", "--log-key", "nonsense", *root, cwd=home)
    assert (ran.code, ran.error["error"]) == (2, "USAGE")


def test_what_a_collector_brings_is_packed_and_judged(
    running: RunningAxis, dispatched: tuple[str, Path], root: tuple[str | Path, ...]
) -> None:
    dispatch_id, home = dispatched

    async def collect(asked: str, records: Sequence[Record]) -> History:
        assert asked == dispatch_id
        now = datetime.now(UTC).replace(microsecond=0)
        proved, stamped = stage.logged([Evidence(content=each.content) for each in records], at=now)
        return History(
            proofs={each.content: each.proof for each in proved if each.proof is not None},
            stamps=(stamped,),
            log=stage.log_policy(),
            time=stage.time_stage.trust(),
        )

    with Client(Profile.load(running.profile(MINISTRY))) as client:
        packaged = client.package(dispatch_id, home / "x.asice", collect=collect)
    assert packaged.state == "sound"
    (home / "tsa.pem").write_bytes(stage.time_stage.root().certificate.public_bytes(stage.PEM))
    key = ("--log-key", stage.log_key().key.vkey, "--tsa", "tsa.pem")
    (found,) = axis("verify", "x.asice", "--json", *key, *root, cwd=home).objects
    assert found["verdict"] == "sound"
    assert not {"LOG_NOT_CHECKED", "TIME_NOT_CHECKED"} & set(found["warnings"])
    (open_,) = axis("verify", "x.asice", "--json", *root, cwd=home).objects
    assert {"LOG_NOT_CHECKED", "TIME_NOT_CHECKED"} <= set(open_["warnings"])
