"""The command `xmlsec1` as a second judge of a seal, for tests.

(room / "root.pem").write_bytes(root.certificate_pem)
assert verifies(room, sealed)
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lxml import etree

from tests.engines import require
from tests.signing.interop.documents import lay_out
from tests.signing.stage import DS, root

SIGNED_PROPERTIES = "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"
TIME = ("--verification-gmt-time", "2026-03-02 03:00:00")


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A directory with the root's certificate and the attachment."""
    require("xmlsec1")
    lay_out(tmp_path)
    (tmp_path / "root.pem").write_bytes(root().certificate_pem)
    return tmp_path


def verifies(room: Path, document: bytes, *options: str) -> bool:
    (room / "document.xml").write_bytes(document)
    command = ["xmlsec1", "--verify", "--trusted-pem", "root.pem", *TIME, "--id-attr:Id", SIGNED_PROPERTIES]
    done = subprocess.run([*command, *options, "document.xml"], capture_output=True, text=True, cwd=room)
    assert ("OK" in done.stdout + done.stderr) == (done.returncode == 0)
    return done.returncode == 0


def mapped(document: bytes) -> list[str]:
    """The options that say where the attachments are."""
    uris = [each.get("URI") or "" for each in etree.fromstring(document).iter(f"{DS}Reference")]
    found = [uri for uri in uris if uri.startswith(("cid:", "ni:"))]
    names = {uri: uri.removeprefix("cid:").removeprefix("ni:///sha-256;") for uri in found}
    return [part for uri, name in names.items() for part in (f"--url-map:{uri}", name)]
