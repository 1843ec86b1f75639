"""The axis's log as its clients see it: what it proves, and what they do when it tells two histories."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from axis.v1 import log_pb2
from axis_client import (
    AsyncClient,
    Client,
    EvidenceError,
    LocalError,
    LogAlarm,
    Patience,
    Profile,
    Surroundings,
    TryLater,
)
from axis_client.logbook import Logbook
from axis_client.policy import log_policy
from signing.log import (
    Checkpoint,
    Included,
    KeyKind,
    MemoryNoteSigner,
    leaf_hash,
    open_checkpoint,
    read_proof,
    read_skey,
    sign_checkpoint,
    verify_inclusion,
    write_proof,
)
from tests.axis_client.harness import MINISTRY, PROVINCE, RunningAxis, axis, letter
from tests.axis_client.proxy import Mischief, between

BRIEF = Surroundings(patience=Patience(attempts=1))


def log_signer(running: RunningAxis) -> MemoryNoteSigner:
    """The log's own key: what a dishonest operator has."""
    return read_skey((running.base / "axis" / "log" / "log.key").read_text().strip())


def sent(running: RunningAxis, home: Path, document_id: str) -> dict[str, object]:
    (home / "letter.edxml").write_bytes(letter(document_id, to=[PROVINCE]))
    ran = axis("send", "letter.edxml", "--json", "--profile", running.profile(MINISTRY), cwd=home)
    assert ran.code == 0, ran.err
    (shape,) = ran.objects
    return shape


def kept(running: RunningAxis, agency_id: str = MINISTRY) -> bytes:
    return running.profile(agency_id).with_suffix(".checkpoint").read_bytes()


def of_own(running: RunningAxis, directory: Path) -> Profile:
    """The ministry's profile, remembering the log in a place of its own."""
    return replace(Profile.load(running.profile(MINISTRY)), log_state=directory / "log.checkpoint")


# --- what it proves


def test_what_is_sent_stands_in_the_log_and_the_client_remembers_how_far_it_was(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    shape = sent(running, tmp_path, document_id)
    evidence = shape["evidence"]
    assert isinstance(evidence, list)
    assert [one["log"]["origin"] for one in evidence] == [log_signer(running).key.name] * 2
    policy = log_policy([log_signer(running).key.vkey])
    size = open_checkpoint(kept(running), policy).checkpoint.size
    assert size >= max(one["log"]["size"] for one in evidence) > evidence[0]["log"]["index"]
    ran = axis("log", "check", "--json", "--profile", running.profile(MINISTRY))
    assert ran.code == 0, ran.err
    (state,) = ran.objects
    assert state["size"] >= state["before"] == size


def test_answers_and_evidence_say_where_they_stand_in_the_log(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    dispatch_id = str(sent(running, tmp_path, document_id)["dispatch_id"])
    for language, words in (("vi", "có trong nhật ký, mục "), ("en", "in the log, entry ")):
        command = ("accept", dispatch_id, "--lang", language, "--profile", running.profile(PROVINCE))
        ran = axis(*command, cwd=tmp_path)
        assert ran.code == 0, ran.err
        assert words in ran.out
    ran = axis("evidence", dispatch_id, "--json", "--profile", running.profile(PROVINCE))
    assert len(ran.objects) >= 4 and all(entry["log"] for entry in ran.objects)


async def test_two_programs_with_one_memory_raise_no_false_alarm(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    profile = of_own(running, tmp_path)
    async with AsyncClient(profile) as one, AsyncClient(profile) as two:

        async def growing() -> None:
            for number in range(6):
                done = await one.send(letter(f"{document_id}-{number}", to=[PROVINCE]))
                await two.prove_all(done.evidence)

        async def looking(client: AsyncClient) -> None:
            for _ in range(30):
                await client.check_log()

        await asyncio.gather(growing(), looking(one), looking(two), looking(two))
    assert not list(tmp_path.glob("*.alarm-*"))


def test_a_program_proves_and_checks_like_the_command(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    with Client(of_own(running, tmp_path)) as client:
        assert client.has_log
        done = client.send(letter(document_id, to=[PROVINCE]))
        logged = client.prove(done.evidence[0])
        assert client.check_log().head.checkpoint.size >= logged.head.checkpoint.size
        for record in client.evidence(done.dispatch.dispatch_id):
            assert record.logged is not None


async def test_without_a_log_in_the_profile_nothing_is_asked(running: RunningAxis, document_id: str) -> None:
    profile = replace(Profile.load(running.profile(MINISTRY)), log=None)
    async with AsyncClient(profile) as client:
        done = await client.send(letter(document_id, to=[PROVINCE]))
        async for record in client.evidence(done.dispatch.dispatch_id):
            assert record.logged is None
        with pytest.raises(LocalError) as caught:
            await client.check_log()
    assert caught.value.reason == "NO_LOG"


# --- offline


@pytest.fixture(scope="module")
def saved(running: RunningAxis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """proof/ with evidence and their proofs, and ca.pem."""
    home = tmp_path_factory.mktemp("saved")
    dispatch_id = str(sent(running, home, "000.00.00.G90,2026/03/02,901/LOG")["dispatch_id"])
    ran = axis("evidence", dispatch_id, "-o", "proof", "--profile", running.profile(MINISTRY), cwd=home)
    assert ran.code == 0, ran.err
    shutil.copy(running.profile(MINISTRY).with_name("ca.pem"), home / "ca.pem")
    return home


FIRST, SECOND = "proof/00001-SubmissionAcceptance.xml", "proof/00002-ContentConsignment.xml"


def verified(
    home: Path, proof: Path | str, *options: str, file: str = FIRST
) -> tuple[int, dict[str, object]]:
    ran = axis("verify", file, "--trust", "ca.pem", "--proof", proof, *options, "--json", cwd=home)
    (shape,) = ran.objects
    return ran.code, shape


def test_evidence_verifies_offline_with_its_proof_and_the_logs_key(running: RunningAxis, saved: Path) -> None:
    vkey = log_signer(running).key.vkey
    for file in (FIRST, SECOND):
        code, shape = verified(saved, f"{file}.tlog-proof", "--log", vkey, file=file)
        assert (code, shape["verdict"]) == (0, "sound")
        assert isinstance(shape["log"], dict) and shape["log"]["origin"] == log_signer(running).key.name
    offline = ("verify", FIRST, "--trust", "ca.pem", "--proof", f"{FIRST}.tlog-proof", "--log", vkey)
    people = axis(*offline, cwd=saved)
    assert "in the log, entry" in people.out


def test_log_prove_writes_the_same_proof_for_a_file(
    running: RunningAxis, saved: Path, tmp_path: Path
) -> None:
    target = tmp_path / "one.tlog-proof"
    ran = axis("log", "prove", FIRST, "-o", target, "--profile", running.profile(MINISTRY), cwd=saved)
    assert ran.code == 0, ran.err
    assert verified(saved, target, "--log", log_signer(running).key.vkey)[0] == 0
    (tmp_path / "other.xml").write_bytes((saved / FIRST).read_bytes().replace(b"AXIS.TEST", b"AXIS.TEXT"))
    ran = axis("log", "prove", tmp_path / "other.xml", "--json", "--profile", running.profile(MINISTRY))
    assert (ran.code, ran.error["error"]) == (1, "LOG_NOT_INCLUDED")


def resigned(running: RunningAxis, proof: bytes, **changes: object) -> bytes:
    """The proof under a checkpoint of other content, soundly signed."""
    read = read_proof(proof)
    signer = log_signer(running)
    head = open_checkpoint(read.checkpoint, log_policy([signer.key.vkey])).checkpoint
    note = sign_checkpoint(replace(head, **changes), signer)  # type: ignore[arg-type]
    return write_proof(replace(read, checkpoint=note.content()))


def other_key(running: RunningAxis, proof: bytes) -> bytes:
    read, signer = read_proof(proof), log_signer(running)
    head = open_checkpoint(read.checkpoint, log_policy([signer.key.vkey])).checkpoint
    stranger = MemoryNoteSigner(signer.key.name, Ed25519PrivateKey.generate())
    return write_proof(replace(read, checkpoint=sign_checkpoint(head, stranger).content()))


WRONG: dict[str, tuple[Callable[[RunningAxis, bytes], bytes], str]] = {
    "no proof": (lambda running, proof: b"nothing", "LOG_PROOF_MALFORMED"),
    "cut": (lambda running, proof: proof[:-10], "LOG_CHECKPOINT_MALFORMED"),
    "another place": (lambda running, proof: _beside(proof), "LOG_NOT_INCLUDED"),
    "no such place": (
        lambda running, proof: write_proof(replace(read_proof(proof), index=1 << 40)),
        "LOG_WRONG_SIZE",
    ),
    "a hash less": (
        lambda running, proof: write_proof(replace(read_proof(proof), path=read_proof(proof).path[1:])),
        "LOG_WRONG_SIZE",
    ),
    "another root": (lambda running, proof: resigned(running, proof, root=bytes(32)), "LOG_NOT_INCLUDED"),
    "another size": (lambda running, proof: resigned(running, proof, size=1 << 40), "LOG_WRONG_SIZE"),
    "another log": (other_key, "LOG_WRONG_KEY"),
    "a wrong signature": (lambda running, proof: _altered(proof), "LOG_SIGNATURE_INVALID"),
}


def _beside(proof: bytes) -> bytes:
    """The leaf's neighbour, whose proof is as long."""
    read = read_proof(proof)
    return write_proof(replace(read, index=read.index ^ 1))


def _altered(proof: bytes) -> bytes:
    """One more entry in the checkpoint's text than its signature says."""
    read = read_proof(proof)
    origin, size, rest = read.checkpoint.split(b"\n", 2)
    note = b"\n".join((origin, str(int(size) + 1).encode(), rest))
    return write_proof(replace(read, checkpoint=note))


@pytest.mark.parametrize("name", WRONG)
def test_a_proof_that_is_wrong_is_refused_with_its_own_reason(
    running: RunningAxis, saved: Path, tmp_path: Path, name: str
) -> None:
    alter, reason = WRONG[name]
    proof = tmp_path / "wrong.tlog-proof"
    proof.write_bytes(alter(running, (saved / f"{FIRST}.tlog-proof").read_bytes()))
    code, shape = verified(saved, proof, "--log", log_signer(running).key.vkey)
    assert (code, shape["verdict"], shape["reason"]) == (1, "refused", reason)


def test_the_proof_of_another_evidence_another_origin_and_missing_witnesses_are_refused(
    running: RunningAxis, saved: Path
) -> None:
    vkey = log_signer(running).key.vkey
    assert verified(saved, f"{SECOND}.tlog-proof", "--log", vkey)[1]["reason"] == "LOG_NOT_INCLUDED"
    elsewhere = MemoryNoteSigner("another.example/log", Ed25519PrivateKey.generate()).key.vkey
    assert verified(saved, f"{FIRST}.tlog-proof", "--log", elsewhere)[1]["reason"] == "LOG_WRONG_ORIGIN"
    witness = MemoryNoteSigner("w.one", Ed25519PrivateKey.generate(), KeyKind.COSIGNATURE).key.vkey
    found = verified(saved, f"{FIRST}.tlog-proof", "--log", vkey, "--witness", witness)
    assert (found[0], found[1]["reason"]) == (1, "LOG_TOO_FEW_WITNESSES")
    none = ("--log", vkey, "--witness", witness, "--quorum", "0")
    assert verified(saved, f"{FIRST}.tlog-proof", *none)[0] == 0


# --- what a dishonest axis does


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAxis]:
    """An axis of the tests' own, to tamper with; what one test did to it, the next one finds."""
    running = RunningAxis.make(tmp_path_factory.mktemp("own"))
    with running.config.open("a") as config:  # whose statements would be leaves too, at times of their own
        config.write("\n[scrub]\nbytes_per_second = 0\n")
    running.start()
    yield running
    running.stop()


def test_a_log_that_was_taken_back_is_an_alarm_that_names_and_keeps_both(
    own: RunningAxis, tmp_path: Path
) -> None:
    ledger = own.base / "axis" / "ledger" / "ledger.sqlite3"
    sent(own, tmp_path, "000.00.00.G90,2026/03/02,1/A")
    with sqlite3.connect(ledger) as now, sqlite3.connect(tmp_path / "then.sqlite3") as then:
        now.backup(then)
    sent(own, tmp_path, "000.00.00.G90,2026/03/02,2/A")
    remembered = kept(own)
    own.stop()
    for leftover in ledger.parent.glob("ledger.sqlite3*"):
        leftover.unlink()
    shutil.copy(tmp_path / "then.sqlite3", ledger)
    own.start()

    ran = axis("log", "check", "--json", "--profile", own.profile(MINISTRY))
    assert (ran.code, ran.error["error"]) == (1, "LOG_ROLLBACK")
    facts = ran.error["facts"]
    assert int(facts["kept_size"]) > int(facts["shown_size"])
    assert Path(facts["kept_file"]).read_bytes() == remembered == kept(own)
    policy = log_policy([log_signer(own).key.vkey])
    shown = open_checkpoint(Path(facts["shown_file"]).read_bytes(), policy).checkpoint
    assert str(shown.size) == facts["shown_size"]
    for language in ("vi", "en"):
        told = axis("log", "check", "--lang", language, "--profile", own.profile(MINISTRY))
        assert facts["shown_file"] in told.err and facts["shown_root"] in told.err

    # The log grows on, past what was seen: another history of the same length and more.
    (tmp_path / "letter.edxml").write_bytes(letter("000.00.00.G90,2026/03/02,3/A", to=[PROVINCE]))
    ran = axis("send", "letter.edxml", "--profile", own.profile(MINISTRY), cwd=tmp_path)
    assert ran.code == 1 and "[LOG_SPLIT_VIEW]" in ran.err
    assert "the evidence holds" in ran.out  # it was sent, and that is said
    assert not (tmp_path / "letter.sending.edxml").exists()
    (tmp_path / "more.edxml").write_bytes(letter("000.00.00.G90,2026/03/02,4/A", to=[PROVINCE]))
    ran = axis("send", "more.edxml", "--json", "--profile", own.profile(MINISTRY), cwd=tmp_path)
    assert ran.code == 1 and json.loads(ran.err)["error"] == "LOG_SPLIT_VIEW"
    assert json.loads(ran.out)["dispatch_id"]
    assert kept(own) == remembered


def test_a_log_that_is_not_signed_any_more_costs_the_sender_a_note_and_nothing_else(
    own: RunningAxis, tmp_path: Path
) -> None:
    """The axis signs nothing behind a checkpoint that was changed in its ledger, and goes on serving."""
    with sqlite3.connect(own.base / "axis" / "ledger" / "ledger.sqlite3") as thief:
        thief.execute("UPDATE checkpoints SET note = CAST('gone' || char(10) AS BLOB)")
    document = letter("000.00.00.H90,2026/03/02,1/A", to=[MINISTRY], sender=PROVINCE)
    (tmp_path / "letter.edxml").write_bytes(document)
    ran = axis("send", "letter.edxml", "--profile", own.profile(PROVINCE), cwd=tmp_path)
    assert ran.code == 0
    assert "the evidence holds" in ran.out
    assert "The axis's log has not answered; look later" in ran.err


async def test_what_is_damaged_once_on_the_way_is_asked_for_again_and_no_alarm(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    mischief = Mischief()
    async with between(running, MINISTRY, mischief) as through:
        profile = replace(through, log_state=tmp_path / "log.checkpoint")
        async with AsyncClient(profile, BRIEF) as client:
            first = await client.send(letter(document_id, to=[PROVINCE]))
            await client.prove(first.evidence[0])
            second = await client.send(letter(f"{document_id}-2", to=[PROVINCE]))
            remaining = {"GetInclusionProof": 1, "GetConsistencyProof": 1}

            def damage(answer: log_pb2.GetInclusionProofResponse) -> None:
                if remaining["GetInclusionProof"]:
                    remaining["GetInclusionProof"] -= 1
                    answer.proof = answer.proof[:-1]

            mischief.alter["GetInclusionProof"] = (log_pb2.GetInclusionProofResponse, damage)
            await client.prove(second.evidence[0])

            def bend(answer: log_pb2.GetConsistencyProofResponse) -> None:
                if remaining["GetConsistencyProof"]:
                    remaining["GetConsistencyProof"] -= 1
                    answer.hashes[0] = bytes(32)

            mischief.alter["GetConsistencyProof"] = (log_pb2.GetConsistencyProofResponse, bend)
            third = await client.send(letter(f"{document_id}-3", to=[PROVINCE]))
            await client.prove(third.evidence[0])
    assert remaining == {"GetInclusionProof": 0, "GetConsistencyProof": 0}
    assert not list(tmp_path.glob("*.alarm-*"))


async def test_a_split_view_for_one_caller_alone_is_an_alarm(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    """The operator signs a second history for this caller."""
    mischief, signer = Mischief(), log_signer(running)
    async with between(running, MINISTRY, mischief) as through:
        profile = replace(through, log_state=tmp_path / "log.checkpoint")
        async with AsyncClient(profile, BRIEF) as client:
            done = await client.send(letter(document_id, to=[PROVINCE]))
            await client.prove(done.evidence[0])
            good = (tmp_path / "log.checkpoint").read_bytes()

            def fork(answer: log_pb2.GetCheckpointResponse) -> None:
                head = Checkpoint(origin=signer.key.name, size=1 << 30, root=leaf_hash(b"another"))
                answer.checkpoint = sign_checkpoint(head, signer).content()

            mischief.alter["GetCheckpoint"] = (log_pb2.GetCheckpointResponse, fork)
            with pytest.raises(LogAlarm) as caught:
                await client.check_log()
    alarm = caught.value
    assert alarm.reason == "LOG_SPLIT_VIEW"
    assert alarm.kept == good == (tmp_path / "log.checkpoint").read_bytes()
    assert {path.read_bytes() for path in tmp_path.glob("*.alarm-*")} == {alarm.kept, alarm.shown}


async def test_a_proof_that_never_holds_and_a_stranger_s_checkpoint_are_alarms_too(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    mischief = Mischief()
    async with between(running, MINISTRY, mischief) as through:
        profile = replace(through, log_state=tmp_path / "log.checkpoint")
        async with AsyncClient(profile, BRIEF) as client:
            done = await client.send(letter(document_id, to=[PROVINCE]))

            def elsewhere(answer: log_pb2.GetInclusionProofResponse) -> None:
                answer.proof = write_proof(replace(read_proof(answer.proof), index=0))

            mischief.alter["GetInclusionProof"] = (log_pb2.GetInclusionProofResponse, elsewhere)
            with pytest.raises(EvidenceError) as caught:
                await client.prove(done.evidence[0])
            assert caught.value.reason in ("LOG_NOT_INCLUDED", "LOG_WRONG_SIZE")

            def strange(answer: log_pb2.GetCheckpointResponse) -> None:
                key = MemoryNoteSigner(log_signer(running).key.name, Ed25519PrivateKey.generate())
                head = Checkpoint(origin=key.key.name, size=9, root=bytes(32))
                answer.checkpoint = sign_checkpoint(head, key).content()

            mischief.alter["GetCheckpoint"] = (log_pb2.GetCheckpointResponse, strange)
            with pytest.raises(EvidenceError) as caught:
                await client.check_log()
            assert caught.value.reason == "LOG_WRONG_KEY"
    assert not (tmp_path / "log.checkpoint").exists()


async def test_witnesses_that_have_not_cosigned_yet_are_waited_for(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    witness = MemoryNoteSigner("w.one", Ed25519PrivateKey.generate(), KeyKind.COSIGNATURE).key
    profile = of_own(running, tmp_path)
    assert profile.log is not None
    profile = replace(profile, log=replace(profile.log, witnesses=(witness,), quorum=1))
    async with AsyncClient(profile, BRIEF) as client:
        done = await client.send(letter(document_id, to=[PROVINCE]))
        with pytest.raises(TryLater) as caught:
            await client.prove(done.evidence[0])
    assert caught.value.reason == "LOG_TOO_FEW_WITNESSES"


# --- what is kept here


@pytest.mark.parametrize("content", [b"", b"nothing", b"\xff" * 600_000])
def test_a_memory_that_is_damaged_is_never_begun_anew(
    running: RunningAxis, tmp_path: Path, content: bytes
) -> None:
    profile = of_own(running, tmp_path)
    assert profile.log_state is not None
    profile.log_state.write_bytes(content)
    with Client(profile, BRIEF) as client, pytest.raises(LocalError) as caught:
        client.check_log()
    assert caught.value.reason == "LOG_STATE_UNUSABLE"
    assert profile.log_state.read_bytes() == content


async def test_the_memory_of_a_slower_process_does_not_replace_that_of_a_faster(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    profile = of_own(running, tmp_path)
    assert profile.log is not None and profile.log_state is not None
    book = Logbook(policy=profile.log, path=profile.log_state)
    async with AsyncClient(profile) as client:
        older = (await client.check_log()).head
        done = await client.send(letter(document_id, to=[PROVINCE]))
        newer = (await client.prove(done.evidence[0])).head
    assert book.kept() == newer
    assert not book.swap(None, older)
    assert not book.swap(older, older)
    assert book.kept() == newer


def test_each_record_has_the_proof_of_its_own_bytes(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    profile = of_own(running, tmp_path)
    assert profile.log is not None
    with Client(profile) as client:
        done = client.send(letter(document_id, to=[PROVINCE]))
        for record in client.evidence(done.dispatch.dispatch_id):
            assert record.logged is not None
            verdict = verify_inclusion(record.content, record.logged.proof, profile.log)
            assert isinstance(verdict, Included) and verdict.index == record.logged.index
