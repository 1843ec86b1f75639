"""The log's key changes: what a client believes, what it remembers, and what it takes for an alarm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from axis.v1 import log_pb2
from axis_client import AsyncClient, EvidenceError, LocalError, LogAlarm, Patience, Surroundings
from axis_client.logbook import Logbook
from signing.log import (
    MemoryNoteSigner,
    NoteSigner,
    read_checkpoint,
    read_note,
    read_skey,
    read_successions,
    sign_checkpoint,
    sign_succession,
)
from tests.axis_client.harness import MINISTRY, PROVINCE, RunningAxis, axis, letter
from tests.axis_client.proxy import Mischief, between

BRIEF = Surroundings(patience=Patience(attempts=1))
AT = 1_790_000_000


@dataclass(kw_only=True)
class Stage:
    """A client of a real axis, and a hand on what that says of its keys."""

    client: AsyncClient
    mischief: Mischief
    book: Logbook
    log: MemoryNoteSigner
    """The log's own key: what a thief of it has."""

    def offer(self, *successions: bytes) -> None:
        def put(answer: log_pb2.GetSuccessionsResponse) -> None:
            del answer.successions[:]
            answer.successions.extend(successions)

        self.mischief.alter["GetSuccessions"] = (log_pb2.GetSuccessionsResponse, put)

    def sign_with(self, *signers: NoteSigner) -> None:
        """Has the newest checkpoint signed by others."""

        def put(answer: log_pb2.GetCheckpointResponse) -> None:
            head = read_checkpoint(read_note(answer.checkpoint).text)
            answer.checkpoint = sign_checkpoint(head, *signers).content()

        self.mischief.alter["GetCheckpoint"] = (log_pb2.GetCheckpointResponse, put)

    def another(self) -> MemoryNoteSigner:
        return MemoryNoteSigner(self.log.key.name, Ed25519PrivateKey.generate())

    def learned(self) -> list[str]:
        return [one.new.vkey for one in self.book.successions()]


@asynccontextmanager
async def staged(running: RunningAxis, directory: Path) -> AsyncIterator[Stage]:
    mischief = Mischief()
    async with between(running, MINISTRY, mischief) as through:
        profile = replace(through, log_state=directory / "log.checkpoint")
        assert profile.log is not None and profile.log_state is not None
        async with AsyncClient(profile, BRIEF) as client:
            yield Stage(
                client=client,
                mischief=mischief,
                book=Logbook(policy=profile.log, path=profile.log_state),
                log=read_skey((running.base / "axis" / "log" / "log.key").read_text().strip()),
            )


async def test_what_the_trusted_key_names_is_believed_and_remembered(
    running: RunningAxis, tmp_path: Path
) -> None:
    async with staged(running, tmp_path) as stage:
        new = stage.another()
        stage.offer(said := sign_succession(stage.log, new, at=AT))
        stage.sign_with(new)
        state = await stage.client.check_log()
        assert [key.vkey for key in state.policy.keys] == [stage.log.key.vkey, new.key.vkey]
        stage.offer()  # what was learned stays, whatever the axis says later
        assert (await stage.client.check_log()).successions == state.successions
        assert (tmp_path / "log.checkpoint.successions").read_bytes() == said


async def test_what_no_trusted_key_signed_is_not_believed(running: RunningAxis, tmp_path: Path) -> None:
    async with staged(running, tmp_path) as stage:
        thief, new = stage.another(), stage.another()
        stage.offer(sign_succession(thief, new, at=AT))
        stage.sign_with(new)
        with pytest.raises(EvidenceError) as caught:
            await stage.client.check_log()
        assert (caught.value.reason, stage.learned()) == ("LOG_WRONG_KEY", [])
    assert not list(tmp_path.glob("*.successions"))


async def test_a_succession_of_another_log_or_one_that_is_damaged_is_refused(
    running: RunningAxis, tmp_path: Path
) -> None:
    async with staged(running, tmp_path) as stage:
        one, two = (MemoryNoteSigner("other.example/log", Ed25519PrivateKey.generate()) for _ in range(2))
        good = sign_succession(stage.log, stage.another(), at=AT)
        for offered, reason in (
            (sign_succession(one, two, at=AT), "LOG_WRONG_ORIGIN"),
            (good.replace(b"time 179", b"time 178"), "LOG_SIGNATURE_INVALID"),
            (good[:-9], "LOG_SUCCESSION_MALFORMED"),
        ):
            stage.offer(offered)
            with pytest.raises(EvidenceError) as caught:
                await stage.client.check_log()
            assert (caught.value.reason, stage.learned()) == (reason, [])


async def test_two_successors_of_one_key_are_an_alarm_that_keeps_both_statements(
    running: RunningAxis, tmp_path: Path
) -> None:
    async with staged(running, tmp_path) as stage:
        first, second = (sign_succession(stage.log, stage.another(), at=AT + n) for n in range(2))
        stage.offer(first)
        await stage.client.check_log()
        known = stage.learned()
        for offered in ((second,), (first, second)):
            stage.offer(*offered)
            with pytest.raises(LogAlarm) as caught:
                await stage.client.check_log()
            alarm = caught.value
            assert (alarm.reason, alarm.kept, alarm.shown) == ("LOG_TWO_SUCCESSORS", first, second)
            assert {path.read_bytes() for path in tmp_path.glob("*.alarm-*")} == {first, second}
            assert stage.learned() == known


async def test_a_key_that_was_given_up_signs_nothing_new(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    """A thief of a retired key finds it worth nothing to clients that went on."""
    async with staged(running, tmp_path) as stage:
        new = stage.another()
        stage.offer(sign_succession(stage.log, new, at=AT))
        stage.sign_with(stage.log, new)
        await stage.client.check_log()
        stage.sign_with(stage.log)
        await stage.client.check_log()  # another node that is not so far yet
        stage.sign_with(new)
        await stage.client.send(letter(document_id, to=[PROVINCE]))
        newest = await stage.client.check_log()
        before = newest.before
        while before is not None and newest.head.checkpoint.size == before.checkpoint.size:
            newest = await stage.client.check_log()
        done = await stage.client.send(letter(f"{document_id}-2", to=[PROVINCE]))
        stage.sign_with(stage.log)
        with pytest.raises(EvidenceError) as caught:
            await stage.client.prove(done.evidence[0])
        assert caught.value.reason == "LOG_KEY_GIVEN_UP"


@pytest.mark.parametrize("damage", [b"", b"noise\n", None])
async def test_what_was_learned_is_never_given_up_silently(
    running: RunningAxis, tmp_path: Path, damage: bytes | None
) -> None:
    async with staged(running, tmp_path) as stage:
        stage.offer(sign_succession(stage.log, stage.another(), at=AT))
        await stage.client.check_log()
        path = tmp_path / "log.checkpoint.successions"
        path.write_bytes(path.read_bytes()[:-5] if damage is None else damage)
        with pytest.raises(LocalError) as caught:
            await stage.client.check_log()
        assert (caught.value.reason, caught.value.facts["file"]) == ("LOG_STATE_UNUSABLE", str(path))


async def test_an_axis_from_before_keys_followed_each_other_is_an_axis(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    async with staged(running, tmp_path) as stage:
        stage.mischief.unknown.append("GetSuccessions")
        assert (await stage.client.check_log()).successions == ()
        done = await stage.client.send(letter(document_id, to=[PROVINCE]))
        await stage.client.prove(done.evidence[0])
        await stage.client.package(done.dispatch.dispatch_id, tmp_path / "x.asice")


def test_the_command_shows_the_keys_and_verify_follows_them_offline(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=[PROVINCE]))
    profile = running.profile(MINISTRY)
    sent = axis("send", "letter.edxml", "--json", "--profile", profile, cwd=tmp_path)
    (shape,) = sent.objects
    taken = axis("evidence", str(shape["dispatch_id"]), "-o", "proof", "--profile", profile, cwd=tmp_path)
    assert taken.code == 0, taken.err
    evidence = next((tmp_path / "proof").glob("00001-*.xml"))
    proved = axis("log", "prove", evidence, "-o", tmp_path / "x.tlog-proof", "--profile", profile)
    assert proved.code == 0, proved.err
    log = read_skey((running.base / "axis" / "log" / "log.key").read_text().strip())
    old = MemoryNoteSigner(log.key.name, Ed25519PrivateKey.generate())
    (tmp_path / "successions").write_bytes(sign_succession(old, log, at=AT))
    trust = (
        profile.with_name("trust.pem")
        if profile.with_name("trust.pem").exists()
        else profile.with_name("ca.pem")
    )
    rules = ("verify", evidence, "--trust", trust, "--proof", tmp_path / "x.tlog-proof")
    told = ("--successions", tmp_path / "successions")
    assert axis(*rules, "--log", log.key.vkey).code == 0
    followed = axis(*rules, "--log", old.key.vkey, *told)
    assert followed.code == 0, followed.out
    for wrong in (("--log", old.key.vkey), ("--log", old.key.vkey, *told, "--pin")):
        ran = axis(*rules, *wrong)
        assert (ran.code, "LOG_WRONG_KEY" in ran.out) == (1, True), ran.out
    assert read_successions((tmp_path / "successions").read_bytes())[0].new == log.key
    shown = axis("log", "keys", "--lang", "en", "--profile", profile)
    assert (shown.code, log.key.vkey in shown.out, "Named in the profile" in shown.out) == (0, True, True)
