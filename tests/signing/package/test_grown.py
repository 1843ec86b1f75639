"""Grown evidence (XAdES-B-T) in a package: judged, tampered with, and held by VERIFY.txt."""

from __future__ import annotations

import functools
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from signing.package import Evidence, State, verify
from signing.package.contents import Contents
from signing.package.findings import TIME_NOT_CHECKED
from signing.reasons import Reason
from signing.timestamps import content_to_stamp, grow
from signing.trust import TrustStore
from tests import bare_machine
from tests.pki import AT
from tests.signing.package import stage
from tests.signing.timestamps import stage as time_stage

GROWN = "grown/00001-SubmissionAcceptance.xml"
LATER = AT + timedelta(minutes=1)


@functools.cache
def contents(stamped: bytes | None = None, base: bytes | None = None) -> Contents:
    """A dossier whose first evidence has grown, by a time-stamp over `stamped`, perhaps from another."""
    dossier = stage.contents()
    first = dossier.records[0]
    assert isinstance(first, Evidence)
    grown_from = base or first.content
    token = time_stage.forged(stamped or content_to_stamp(grown_from), at=LATER)
    taller = replace(first, grown=grow(grown_from, [token]))
    return replace(dossier, records=(taller, *dossier.records[1:]))


def packed(stamped: bytes | None = None, base: bytes | None = None) -> bytes:
    return stage.packed(contents(stamped, base))


def found(content: bytes, **trust: TrustStore | None) -> dict[str, tuple[State, Reason, tuple[str, ...]]]:
    verified = verify(io.BytesIO(content), stage.trust(**trust), at=stage.NOW)
    return {each.name: (each.state, each.reason, each.warnings) for each in verified.findings}


def test_grown_evidence_is_sound_and_the_same_contents_are_the_same_bytes() -> None:
    content = packed()
    assert content == packed()
    findings = found(content)
    assert findings[GROWN][:2] == (State.SOUND, Reason.SOUND)
    assert {state for state, _, _ in findings.values()} == {State.SOUND}


def test_without_trust_in_time_it_is_said_that_it_was_not_checked() -> None:
    assert found(packed(), time=None)[GROWN] == (State.SOUND, Reason.SOUND, (TIME_NOT_CHECKED,))


def test_what_grew_from_another_evidence_and_a_time_stamp_of_something_else_are_refused() -> None:
    other = stage.contents().records[1].content
    assert found(packed(base=other))[GROWN][:2] == (State.REFUSED, Reason.PACKAGE_PROOF_ELSEWHERE)
    wrong = found(packed(stamped=b"something else"))[GROWN]
    assert wrong[:2] == (State.REFUSED, Reason.TIMESTAMP_IMPRINT_MISMATCH)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("grown")
    (base / "x.asice").write_bytes(packed())
    (base / "ca.pem").write_bytes(stage.root().certificate.public_bytes(stage.PEM))
    (base / "tsa.pem").write_bytes(time_stage.root().certificate.public_bytes(stage.PEM))
    return bare_machine.unpacked(base / "x.asice", base / "package")


def test_the_commands_hold_on_a_bare_machine(room: Path) -> None:
    commands = (room / "VERIFY.txt").read_text(encoding="utf-8")
    assert f"grew {GROWN}" in commands
    done = bare_machine.run("VERIFY.txt", cwd=room, given={"LOG_KEY": stage.log_key().key.vkey})
    assert done.returncode == 0, done.stdout
    assert "EVERYTHING HOLDS" in done.stdout


def test_the_command_fails_when_the_seal_that_was_stamped_is_another(room: Path) -> None:
    text = (room / "VERIFY.txt").read_text(encoding="utf-8")
    functions, _, commands = text.partition("\n\n# 1. ")
    line = next(line for line in commands.splitlines() if line.startswith("grew "))
    swapped = line.replace("evidence/00001-SubmissionAcceptance.xml", "evidence/00002-ContentConsignment.xml")
    assert swapped != line
    (room / "grew.txt").write_text(f"{functions}\n{line}\n", encoding="utf-8")
    assert bare_machine.run("grew.txt", cwd=room).returncode == 0
    (room / "grew.txt").write_text(f"{functions}\n{swapped}\n", encoding="utf-8")
    done = bare_machine.run("grew.txt", cwd=room)
    assert done.returncode != 0
    assert "did not grow" in done.stdout
