"""A short chaos: two nodes over PostgreSQL with a standby, killed, parted, failed over: the axis keeps its
word. Then the record of that very run is doctored, one lie at a time, and the checker finds each."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.chaos.checking import check
from benchmarks.chaos.recorded import Line, Recorded
from benchmarks.chaos.sealing_off import NEEDED, lacking
from benchmarks.judging.table import ENDINGS
from benchmarks.subjects import ROOT
from tests.engines import require

MINUTES, SEED = 0.3, 20260302
pytestmark = pytest.mark.xdist_group("chaos")


@pytest.fixture(scope="module", autouse=True)
def allowed() -> None:
    """Skips, by name, where an engine is missing or namespaces are not allowed."""
    for command in NEEDED:
        require(command)
    if (reason := lacking()) is not None:
        pytest.skip(reason)


def chaos(*options: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.chaos", "--brief", "--seed", str(SEED), *options]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's record, judged."""
    room = tmp_path_factory.mktemp("chaos")
    options = ("--minutes", str(MINUTES), "--record", str(room / "record"), "--results", str(room))
    done = subprocess.run(chaos(*options), cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return room


@pytest.fixture(scope="module")
def recorded(room: Path) -> Recorded:
    return Recorded.load(room / "record")


def test_the_axis_keeps_its_word_whatever_breaks(room: Path) -> None:
    told = json.loads((room / "chaos.json").read_text())
    assert told["verdict"] == "kept its word"
    assert told["figures"]["documents accepted"] == told["figures"]["documents meant to be sent"] > 20
    assert sum(fault["times"] for fault in told["faults"].values()) >= 2
    assert told["packets"]["carried"] > 1000


def test_the_report_for_people_says_what_the_one_for_programs_says(room: Path) -> None:
    told, page = json.loads((room / "chaos.json").read_text()), (room / "chaos.md").read_text()
    assert f"**Verdict of the checker: {told['verdict']}.**" in page
    assert all(f"| {kind} | {one['times']} |" in page for kind, one in told["faults"].items())


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that PostgreSQL's own user may pass through, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="axk-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_nothing_of_a_run_is_left_when_it_is_killed(place: Path) -> None:
    process = subprocess.Popen(
        chaos("--minutes", "5", "--record", str(place / "record"), "--results", str(place)),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(place)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    while not running(place, "initdb") and not running(place, "postgres"):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 30
    while running(place, "") and time.monotonic() < end:
        time.sleep(0.05)
    assert not running(place, "")
    assert str(place) not in Path("/proc/mounts").read_text()
    assert "axis-chaos" not in Path("/proc/mounts").read_text()


def running(directory: Path, name: str) -> bool:
    """Tells whether a process, of that name, has something in a directory among its arguments."""
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = one.read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(directory) in said and name in said:
            return True
    return False


def test_the_checker_knows_nothing_of_the_axis() -> None:
    program = "import sys, benchmarks.chaos.checking; print(*{name.split('.')[0] for name in sys.modules})"
    shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    loaded = set(shown.stdout.split())
    assert "benchmarks" in loaded
    assert not loaded & {"axis", "axis_server", "axis_client", "storage", "signing", "edxml", "plainhttp"}


# What the checker must not believe


def call_of(recorded: Recorded, rpc: str) -> Line:
    return next(line for _, line in recorded.lines("call") if line["rpc"] == rpc and line["code"] == "OK")


def failed(recorded: Recorded, rpc: str, code: str, reason: str) -> None:
    lines = next(iter(recorded.histories.values()))
    told = {"later": False, "details": ""}
    lines.append(call_of(recorded, rpc) | {"code": code, "reason": reason, "told": told})


def a_lost_document(recorded: Recorded) -> None:
    next(outbox for outbox in recorded.dump["sent"].values() if outbox).pop()


def a_doubled_document(recorded: Recorded) -> None:
    outbox = next(outbox for outbox in recorded.dump["sent"].values() if outbox)
    outbox.append(["another", *outbox[0][1:]])


def a_doubled_ending(recorded: Recorded) -> None:
    proofs = next(
        sent[5]
        for outbox in recorded.dump["sent"].values()
        for sent in outbox
        if any(proof[1] in ENDINGS for proof in sent[5])
    )
    ending = next(proof for proof in proofs if proof[1] in ENDINGS)
    proofs.append(["second", *ending[1:4], "second", *ending[5:]])


def an_ending_that_never_came(recorded: Recorded) -> None:
    for outbox in recorded.dump["sent"].values():
        for sent in outbox:
            sent[5][:] = [proof for proof in sent[5] if proof[1] not in ENDINGS]


def an_altered_byte_of_evidence(recorded: Recorded) -> None:
    name, content = next(iter(recorded.contents().items()))
    altered = bytes([content[0] ^ 1]) + content[1:]
    recorded.dump["contents"][name] = base64.b64encode(altered).decode()


def an_altered_byte_of_a_document(recorded: Recorded) -> None:
    recorded.dump["fetched"][0][2] = ["0" * 64]


def bytes_altered_on_the_way_out(recorded: Recorded) -> None:
    call_of(recorded, "FetchPart")["told"]["sha256"] = "0" * 64


def a_part_that_nobody_hands_out(recorded: Recorded) -> None:
    recorded.dump["fetched"].pop()


def another_answer_to_the_same_bytes(recorded: Recorded) -> None:
    call = deepcopy(call_of(recorded, "Submit"))
    call["told"]["evidence"].reverse()
    call["told"]["evidence"].append("0" * 64)
    next(iter(recorded.histories.values())).append(call)


def events_in_another_order(recorded: Recorded) -> None:
    lines = max(recorded.histories.values(), key=len)
    events = [line for line in lines if line["act"] == "event"]
    first = events[0]
    second = next(line for line in events[1:] if line["event"][0] == first["event"][0])
    first["event"], second["event"] = second["event"], first["event"]


def an_event_that_was_missed(recorded: Recorded) -> None:
    lines = max(recorded.histories.values(), key=len)
    missed = next(line for line in lines if line["act"] == "event")["event"][:2]
    lines[:] = [line for line in lines if line["act"] != "event" or line["event"][:2] != missed]


def an_internal_error(recorded: Recorded) -> None:
    failed(recorded, "Submit", "INTERNAL", "INTERNAL")


def an_untrue_verdict(recorded: Recorded) -> None:
    failed(recorded, "Submit", "INVALID_ARGUMENT", "SEAL_BROKEN")


def an_alarmed_client(recorded: Recorded) -> None:
    alarm = {
        "act": "could not",
        "at": 0,
        "verb": "send",
        "kind": "EvidenceError",
        "reason": "",
        "message": "",
    }
    next(iter(recorded.histories.values())).append(alarm)


def a_document_that_was_given_up(recorded: Recorded) -> None:
    sha256 = call_of(recorded, "Submit")["asked"]["sha256"]
    for lines in recorded.histories.values():
        lines[:] = [line for line in lines if line.get("asked", {}).get("sha256") != sha256]


def evidence_that_is_in_no_log(recorded: Recorded) -> None:
    hashes = base64.b64decode(recorded.dump["leaves"])
    recorded.dump["leaves"] = base64.b64encode(hashes[:-32] + bytes(32)).decode()


def a_log_that_was_cut(recorded: Recorded) -> None:
    hashes = base64.b64decode(recorded.dump["leaves"])
    recorded.dump["leaves"] = base64.b64encode(hashes[:-32]).decode()


def a_forked_checkpoint(recorded: Recorded) -> None:
    """Signed by the log's own key, which is another one then: one client was shown another tree."""
    key = Ed25519PrivateKey.generate()
    name, number, _ = recorded.vkey.split("+", 2)
    public = base64.b64encode(b"\x01" + key.public_key().public_bytes_raw()).decode()
    recorded.vkey = f"{name}+{number}+{public}"

    def signed(text: str) -> str:
        signature = base64.b64encode(bytes.fromhex(number) + key.sign(text.encode())).decode()
        return f"{text}\n\u2014 {name} {signature}\n"

    shown = [line for _, line in recorded.lines("checkpoint")]
    for line in shown:
        line["note"] = signed(line["note"].partition("\n\n")[0] + "\n")
    recorded.dump["checkpoint"] = signed(recorded.dump["checkpoint"].partition("\n\n")[0] + "\n")
    assert not list(check(recorded)), "signed anew it is as true as before"
    origin, size, _ = shown[-1]["note"].split("\n")[:3]
    shown[-1]["note"] = signed(f"{origin}\n{size}\n{base64.b64encode(bytes(32)).decode()}\n")


def a_checkpoint_that_nobody_signed(recorded: Recorded) -> None:
    _, line = recorded.lines("checkpoint")[0]
    origin, size, rest = line["note"].split("\n", 2)
    line["note"] = f"{origin}\n{int(size) + 1}\n{rest}"


def an_agency_that_is_not_served_again(recorded: Recorded) -> None:
    lines = next(iter(recorded.histories.values()))
    lines[:] = [line for line in lines if line.get("ended", 0) < recorded.calm]


LIES: list[tuple[Callable[[Recorded], None], str]] = [
    (a_lost_document, "nothing lost"),
    (a_doubled_document, "nothing doubled"),
    (a_doubled_ending, "one ending each"),
    (an_ending_that_never_came, "one ending each"),
    (an_altered_byte_of_evidence, "whole to the last byte"),
    (an_altered_byte_of_a_document, "nothing altered"),
    (bytes_altered_on_the_way_out, "nothing altered"),
    (a_part_that_nobody_hands_out, "whole to the last byte"),
    (another_answer_to_the_same_bytes, "same bytes, same answer"),
    (events_in_another_order, "no event lost"),
    (an_event_that_was_missed, "no event lost"),
    (an_internal_error, "never INTERNAL"),
    (an_untrue_verdict, "no untrue verdict"),
    (an_alarmed_client, "the SDK is not alarmed"),
    (a_document_that_was_given_up, "accepted in the end"),
    (evidence_that_is_in_no_log, "one log"),
    (a_log_that_was_cut, "one log"),
    (a_forked_checkpoint, "one log"),
    (a_checkpoint_that_nobody_signed, "one log"),
    (an_agency_that_is_not_served_again, "served again"),
]


@pytest.mark.parametrize(("lie", "rule"), LIES, ids=[lie.__name__ for lie, _ in LIES])
def test_the_checker_finds(recorded: Recorded, lie: Callable[[Recorded], None], rule: str) -> None:
    doctored = deepcopy(recorded)
    lie(doctored)
    assert rule in {breach.rule for breach in check(doctored)}
