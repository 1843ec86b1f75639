"""Evidence that outlived SHA-256: sent through a real axis, renewed by its operator, judged in 2045."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from signing.timestamps import Imprint, TimestampRequest
from tests import bare_machine
from tests.axis_client.harness import BIN, MINISTRY, PROVINCE, Ran, RunningAxis, axis, letter
from tests.axis_server.fetching.outside import Reply, outside
from tests.signing.renewal.stage import aged, time_root
from tests.signing.timestamps.stage import openssl_response

LATER = ("--at", "2045-06-01T00:00:00+07:00")
ENDED = ("--hash-ends", "sha256=2040-01-01")
BY_HAND = "\n[scrub]\nbytes_per_second = 0\n\n[renewal]\nbytes_per_second = 0\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An axis whose archive somebody time-stamps, and a letter that it carried."""

    axis: RunningAxis
    dispatch_id: str
    home: Path

    def renew(self, *arguments: str) -> None:
        command = [str(BIN / "axis-server"), "renew", *arguments, "--config", str(self.axis.config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    def packed(self, name: str, profile: Path | None = None) -> Path:
        chosen = profile or self.axis.profile(MINISTRY)
        ran = axis("evidence", self.dispatch_id, "-o", name, "--profile", chosen, cwd=self.home)
        assert ran.code == 0, ran.err
        return self.home / name

    def judged(self, package: Path, *options: str) -> Ran:
        ca = self.axis.base / "axis" / "ca"
        trust = ("--trust", ca / "ca.pem", "--crl", ca / "ca.crl", "--tsa", self.home / "tsa.pem")
        return axis("verify", package, "--json", *trust, *options)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """The letter has one file in it and one beside it, and the province accepted it."""
    home = tmp_path_factory.mktemp("renewed")
    (home / "tsa.pem").write_bytes(time_root().certificate.public_bytes(Encoding.PEM))
    tsa = home / "tsa"
    tsa.mkdir()

    def stamped(_: str, body: bytes) -> Reply:
        query = TimestampRequest(imprint=Imprint.of(b""), nonce=1, policy=None, der=body)
        reply = openssl_response(tsa, query, by=aged(2024, 2060, "p521"), ess="sha512", digest="sha512")
        return Reply(body=reply, kind="application/timestamp-reply")

    running = RunningAxis.make(home / "axis")
    with outside(stamped) as there:
        table = f'\n[[timestamps]]\nname = "tsa"\nurl = "{there.url}"\nanchors = ["{home / "tsa.pem"}"]\n'
        with running.config.open("a", encoding="utf-8") as config:
            config.write(BY_HAND + table)
        running.start()
        try:
            yield Archive(axis=running, dispatch_id=sent(running, home), home=home)
        finally:
            running.stop()


def sent(running: RunningAxis, home: Path) -> str:
    (home / "letter.edxml").write_bytes(letter("000.00.00.G90,2026/03/02,1/KT", to=[PROVINCE]))
    (home / "Phụ lục.pdf").write_text("a" * 1000)
    ours = ("--attach", "Phụ lục.pdf", "--profile", running.profile(MINISTRY))
    assert axis("seal", "letter.edxml", "-o", "sealed.edxml", *ours, cwd=home).code == 0
    ran = axis("send", "sealed.edxml", "--json", *ours, cwd=home)
    assert ran.code == 0, ran.err
    dispatch_id: str = ran.objects[-1]["dispatch"]["dispatch_id"]
    theirs = ("--profile", running.profile(PROVINCE))
    assert axis("fetch", dispatch_id, "-o", "in", "--hand-over", *theirs, cwd=home).code == 0
    assert axis("accept", dispatch_id, *theirs, cwd=home).code == 0
    return dispatch_id


def without_log(profile: Path) -> Path:
    """The same profile, believing nobody about the log."""
    folder = shutil.copytree(profile.parent, profile.parent.with_name("without-log"), dirs_exist_ok=True)
    lines = profile.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("log = ")]
    assert len(kept) == len(lines) - 1
    (folder / profile.name).write_text("".join(kept), encoding="utf-8")
    return folder / profile.name


def records_in(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as held:
        return [name for name in held.namelist() if name.startswith("renewal/")]


def test_evidence_of_a_real_axis_is_sound_in_2045_through_its_archive_records_alone(archive: Archive) -> None:
    before = archive.packed("before.asice")
    assert records_in(before) == []
    assert archive.judged(before).code == 0
    ran = archive.judged(before, *LATER, *ENDED)
    assert (ran.code, ran.objects[0]["verdict"], ran.objects[0]["reason"]) == (
        3,
        "undecided",
        "HASH_OUTLIVED",
    )

    archive.renew("cover")
    archive.renew("timestamp", "--all")
    only_256 = archive.packed("sha256.asice")
    assert len(records_in(only_256)) > 3
    ran = archive.judged(only_256, *LATER, *ENDED)
    assert (ran.code, ran.objects[0]["reason"]) == (3, "HASH_OUTLIVED")

    archive.renew("hash-tree", "--to", "sha512")
    after = archive.packed("after.asice")
    assert archive.judged(after).code == 0
    ran = archive.judged(after, *LATER, *ENDED)
    assert (ran.code, ran.objects[0]["verdict"]) == (0, "sound"), ran.objects[0]
    assert "SEAL_OUTLIVED" in ran.objects[0]["warnings"]
    inside = {each["file"]: each["verdict"] for each in ran.objects[0]["inside"]}
    assert {inside[name] for name in records_in(after)} == {"sound"}

    shutil.copy(archive.axis.base / "axis" / "ca" / "ca.pem", archive.home / "ca.pem")
    directory = bare_machine.unpacked(after, archive.home / "after")
    done = bare_machine.run("VERIFY.txt", cwd=directory)
    assert (done.returncode, "EVERYTHING HOLDS" in done.stdout) == (0, True), done.stdout
    assert "renewal/00001.ers: " in done.stdout

    unlogged = archive.packed("unlogged.asice", without_log(archive.axis.profile(MINISTRY)))
    assert records_in(unlogged) == records_in(after)
    assert archive.judged(unlogged, *LATER, *ENDED).code == 0
