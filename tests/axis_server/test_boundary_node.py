"""A client in another language, made from the .proto files alone, sends and receives."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import google.rpc
import pytest

from signing.evidence import read
from signing.trust import TrustStore
from signing.verdict import Sound
from signing.verify import verify
from tests.axis_server.packages import detached
from tests.axis_server.process import ROOT, started
from tests.axis_server.served import prepared, sha256_of
from tests.engines import lacking, require

HERE = Path(__file__).parent / "node"
GOOGLE = Path(next(iter(google.rpc.__path__))).parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "national-axis"


pytestmark = pytest.mark.xdist_group("node")
"""One process installs the packages; two at once would install over each other."""


@pytest.fixture(scope="module")
def client() -> Path:
    """The Node.js client with its packages, installed once for each package.json, outside the sources."""
    require("node")
    npm = require("npm")
    manifest = (HERE / "package.json").read_bytes()
    home = CACHE / f"node-{hashlib.sha256(manifest).hexdigest()[:16]}"
    home.mkdir(parents=True, exist_ok=True)
    (home / "package.json").write_bytes(manifest)
    if not (home / ".installed").exists():
        install = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        ended = subprocess.run(install, cwd=home, capture_output=True, text=True, timeout=300)
        if ended.returncode != 0:
            lacking(f"npm cannot install the Node.js client's packages: {ended.stderr[-300:]}")
        (home / ".installed").touch()
    shutil.copy(HERE / "client.mjs", home / "client.mjs")
    return home / "client.mjs"


async def test_a_node_client_submits_and_fetches_over_mutual_tls(client: Path, tmp_path: Path) -> None:
    ready = await prepared(tmp_path)
    attachment = bytes(range(256)) * 10_000
    package = ready.ministry.letter(
        "H90", references={"cid:210": sha256_of(attachment)}, attachments=(detached("210", "bản đồ.bin"),)
    )
    tampered = ready.ministry.letter("H90", number=2).replace(b"V/v", b"V/x", 1)
    misdirected = ready.ministry.letter(*("Ế" * 100 + str(n) for n in range(20)), number=3)
    files = {
        "package": package,
        "attachment": attachment,
        "tampered": tampered,
        "misdirected": misdirected,
    }
    for name, content in files.items():
        (tmp_path / f"{name}.bin").write_bytes(content)
    async with started(ready.config) as axis:
        task = {
            "address": f"localhost:{axis.address.port}",
            "protos": [str(ROOT / "proto"), str(GOOGLE)],
            "sender": str(ready.ministry.profile),
            "recipient": str(ready.province.profile),
            **{name: str(tmp_path / f"{name}.bin") for name in files},
        }
        node = await asyncio.create_subprocess_exec(
            *("node", str(client), json.dumps(task)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(node.communicate(), 120)
        assert node.returncode == 0, errors.decode() + "".join(axis.log)
    seen = json.loads(output)
    assert (seen["agency_id"], seen["role"], seen["uploaded"]) == ("G22", "ROLE_SYSTEM", True)
    assert seen["events"] == ["SubmissionAcceptance", "ContentConsignment"]
    assert seen["same_evidence"]
    assert seen["state"] == "DELIVERY_STATE_CONSIGNED"
    assert seen["digests"] == seen["named"] == [sha256_of(package), sha256_of(attachment)]
    assert seen["history"] == seen["records"] == [*seen["events"], "ContentAccessTracking"]
    assert seen["counts"] == [{"state": "DELIVERY_STATE_FETCHED", "count": 1}]
    assert seen["deliveries"] == [[seen["own"], "DELIVERY_STATE_FETCHED"]]
    assert (seen["refused"]["code"], seen["refused"]["reason"]) == (3, "DIGEST_MISMATCH")
    assert set(seen["refused"]["sentences"]) == {"en", "vi"}
    assert seen["misdirected"]["reason"] == "UNKNOWN_RECIPIENT"
    trust = TrustStore.load(ready.settings.trust.anchors)
    documents = [*seen["evidence"], seen["refused"]["evidence"], seen["misdirected"]["evidence"]]
    verdicts = [verify(base64.b64decode(one), trust=trust, at=datetime.now(UTC)) for one in documents]
    records = [read(verdict) for verdict in verdicts if isinstance(verdict, Sound)]
    assert [record.event for record in records] == [*seen["events"], *["SubmissionRejection"] * 2]
