"""An attachment far larger than memory should be: streamed both ways, a chunk at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.axis_client.harness import MINISTRY, PROVINCE, RunningAxis, letter

SIZE = 200 << 20
ROOM = 64 << 20
"""Bytes that sending and fetching may take above what a small letter took: a third of the attachment."""

SCRIPT = """
import json, resource, sys
from pathlib import Path
from axis_client import Client, Profile

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

act, profile, folder, *rest = sys.argv[1:]
folder = Path(folder)
with Client(Profile.load(profile)) as axis:
    if act == "send":
        axis.send(folder / "small.edxml")
        before = peak()
        dispatch_id = axis.send(folder / "large.edxml", [folder / "large.bin"]).dispatch.dispatch_id
    else:
        (dispatch_id,) = rest
        axis.whoami()
        before = peak()
        axis.fetch(dispatch_id, folder / "in")
print(json.dumps({"dispatch_id": dispatch_id, "grown": peak() - before}))
"""


def run(*arguments: str | Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_two_hundred_megabytes_pass_in_constant_memory(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "small.edxml").write_bytes(letter(document_id + "-small"))
    (tmp_path / "large.edxml").write_bytes(letter(document_id))
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(SIZE)
    sent = run("send", running.profile(MINISTRY), tmp_path)
    fetched = run("fetch", running.profile(PROVINCE), tmp_path, str(sent["dispatch_id"]))
    assert (tmp_path / "in" / "large.bin").stat().st_size == SIZE
    for act in (sent, fetched):
        assert isinstance(act["grown"], int)
        assert act["grown"] < ROOM, f"{act['grown'] >> 20} MiB"
    (tmp_path / "in" / "large.bin").unlink()
