"""A package whose proofs are by a later key of the log than the one that the reader has had all along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signing.log import LogPolicy, MemoryNoteSigner, Succession, read_succession, sign_succession
from signing.package import Contents, State, Verified
from signing.package.layout import SUCCESSIONS
from signing.verdict import Reason
from tests import bare_machine
from tests.signing.package import stage
from tests.signing.timestamps import stage as time_stage

ORIGIN = "axis.test/log"
FIRST, SECOND, THIRD, OTHER = (MemoryNoteSigner(ORIGIN, Ed25519PrivateKey.generate()) for _ in range(4))


def step(old: MemoryNoteSigner, new: MemoryNoteSigner) -> Succession:
    return read_succession(sign_succession(old, new, at=int(stage.AT.timestamp())))


LINE = (step(FIRST, SECOND), step(SECOND, THIRD))


def contents(
    by: Sequence[MemoryNoteSigner] = (THIRD,), successions: Sequence[Succession] = LINE, **changes: Any
) -> Contents:
    records, stamped = stage.logged(stage.records(), by=by)
    return stage.contents(
        records=records,
        stamps=(stamped,),
        successions=tuple(successions),
        trust=replace(stage.trust(), log=policy(*by)),
        **changes,
    )


def policy(*keys: MemoryNoteSigner, follow: bool = True) -> LogPolicy:
    return LogPolicy(origin=ORIGIN, keys=tuple(one.key for one in keys), follow=follow)


def verified(package: bytes, log: LogPolicy | None) -> Verified:
    return stage.verified(package, by=replace(stage.trust(), log=log))


@pytest.mark.parametrize("known", [FIRST, SECOND, THIRD], ids=["first", "second", "third"])
def test_it_is_sound_by_any_key_that_leads_to_the_one_that_signed(known: MemoryNoteSigner) -> None:
    found = verified(stage.packed(contents()), policy(known))
    assert found.state is State.SOUND, found.worst
    (told,) = (finding for finding in found.findings if finding.name == SUCCESSIONS)
    assert (told.state, told.warnings) == (State.SOUND, ())


def test_while_keys_change_either_is_enough() -> None:
    package = stage.packed(contents(by=(FIRST, SECOND), successions=LINE[:1]))
    for known in (FIRST, SECOND):
        assert verified(package, policy(known)).state is State.SOUND


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (policy(OTHER), Reason.LOG_WRONG_KEY),
        (policy(FIRST, follow=False), Reason.LOG_WRONG_KEY),
        (replace(policy(FIRST), origin="axis.other/log"), Reason.LOG_WRONG_ORIGIN),
    ],
    ids=["a stranger's key", "a key that is pinned", "another log"],
)
def test_it_is_refused_by_any_other(log: LogPolicy, reason: Reason) -> None:
    found = verified(stage.packed(contents()), log)
    assert (found.state, found.worst.reason) == (State.REFUSED, reason)


def test_the_newest_key_does_not_vouch_for_what_an_old_one_signed() -> None:
    package = stage.packed(contents(by=(FIRST,), successions=()))
    assert verified(package, policy(THIRD)).worst.reason is Reason.LOG_WRONG_KEY


def test_two_successors_of_one_key_are_refused() -> None:
    both = (step(FIRST, SECOND), step(FIRST, OTHER))
    package = stage.packed(contents(by=(SECOND, OTHER), successions=both))
    found = verified(package, policy(FIRST))
    assert (found.state, found.worst.reason) == (State.REFUSED, Reason.LOG_TWO_SUCCESSORS)


def test_what_leads_to_no_proof_here_has_no_place_in_it() -> None:
    package = stage.packed(contents(by=(SECOND,), successions=LINE))
    found = verified(package, policy(SECOND))
    assert (found.worst.name, found.worst.reason) == (SUCCESSIONS, Reason.PACKAGE_PROOF_ELSEWHERE)


def test_without_the_log_s_key_it_says_that_nobody_was_asked() -> None:
    found = verified(stage.packed(contents()), None)
    assert found.state is State.SOUND
    assert "LOG_NOT_CHECKED" in {code for finding in found.findings for code in finding.warnings}


# --- on a bare machine


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("succeeded")
    (base / "x.asice").write_bytes(stage.packed(contents()))
    (base / "ca.pem").write_bytes(stage.root().certificate.public_bytes(stage.PEM))
    (base / "tsa.pem").write_bytes(time_stage.root().certificate.public_bytes(stage.PEM))
    return bare_machine.unpacked(base / "x.asice", base / "package")


@pytest.mark.parametrize("known", [FIRST, SECOND, THIRD], ids=["first", "second", "third"])
def test_the_commands_hold_by_any_key_that_leads_to_the_one_that_signed(
    room: Path, known: MemoryNoteSigner
) -> None:
    done = bare_machine.run("VERIFY.txt", cwd=room, given={"LOG_KEY": known.key.vkey})
    assert (done.returncode, "EVERYTHING HOLDS" in done.stdout) == (0, True), done.stdout


def test_the_commands_fail_for_a_stranger_s_key(room: Path) -> None:
    done = bare_machine.run("VERIFY.txt", cwd=room, given={"LOG_KEY": OTHER.key.vkey})
    assert (done.returncode, "not signed by LOG_KEY" in done.stdout) == (1, True), done.stdout


@pytest.mark.parametrize("forged", [False, True], ids=["as signed", "forged"])
def test_the_commands_find_a_succession_that_the_old_key_did_not_sign(
    room: Path, tmp_path: Path, forged: bool
) -> None:
    changed = bare_machine.copied(room, tmp_path)
    commands = (room / "VERIFY.txt").read_text(encoding="utf-8")
    functions, _, blocks = commands.partition("\n\n# 1. ")
    (block,) = (block for block in blocks.split("\n\n# ") if block.startswith("The log's keys"))
    told = (room / SUCCESSIONS).read_text(encoding="utf-8")
    if forged:
        true, false = (signature(one, FIRST) for one in (LINE[0], step(FIRST, OTHER)))
        assert true in block and true in told
        block, told = block.replace(true, false), told.replace(true, false)
    (changed / SUCCESSIONS).write_text(told, encoding="utf-8")
    (changed / "VERIFY.txt").write_text(f"{functions}\n# {block}\n", encoding="utf-8")
    done = bare_machine.run("VERIFY.txt", cwd=changed, given={"LOG_KEY": FIRST.key.vkey})
    assert (done.returncode, "FAILED" in done.stdout) == (int(forged), forged), done.stdout


def signature(of: Succession, by: MemoryNoteSigner) -> str:
    (line,) = (one for one in of.note.signatures if one.key_id == by.key.key_id)
    return line.line().split(" ")[2].strip()
