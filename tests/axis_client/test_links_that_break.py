"""Lost replies, cut streams, an axis that is killed: nothing is lost, doubled or sent again in full."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from axis.v1 import directory_pb2
from axis_client import AsyncClient, Patience, Profile, State, Surroundings, TryLater
from tests.axis_client.harness import MINISTRY, PROVINCE, RunningAxis, letter
from tests.axis_client.proxy import Alter, Mischief, between

MIB = 1 << 20


class Pauses:
    """Takes no time, and remembers how long each pause would have been."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def hurried(pauses: Pauses, attempts: int = 4) -> Surroundings:
    return Surroundings(sleep=pauses, random=lambda: 0.5, patience=Patience(attempts=attempts))


async def test_retry_after_a_lost_reply_returns_the_same_evidence(
    running: RunningAxis, document_id: str
) -> None:
    mischief, pauses = Mischief(lose_reply=["Submit", "Submit"]), Pauses()
    async with between(running, MINISTRY, mischief) as profile, AsyncClient(profile, hurried(pauses)) as axis:
        sent = await axis.send(letter(document_id))
        assert mischief.calls.count("Submit") == 3
        record = await axis.evidence(sent.dispatch.dispatch_id)
    assert [proof.content for proof in record.evidence] == [proof.content for proof in sent.evidence]
    assert pauses.taken == [0.375, 0.75], "back-off doubles: half of it fixed, half by chance"


async def test_a_lost_reply_to_a_statement_gets_the_same_evidence(
    running: RunningAxis, document_id: str
) -> None:
    async with AsyncClient(Profile.load(running.profile(MINISTRY))) as ministry:
        dispatch_id = (await ministry.send(letter(document_id))).dispatch.dispatch_id
    mischief = Mischief(lose_reply=["Report", "Report"])
    async with (
        between(running, PROVINCE, mischief) as profile,
        AsyncClient(profile, hurried(Pauses())) as axis,
    ):
        answered = await axis.accept(dispatch_id)
        assert answered.delivery.state is State.ACCEPTED
        events = [proof.event for proof in (await axis.evidence(dispatch_id)).evidence]
    assert events.count("ContentHandover") == events.count("ConsignmentAcceptance") == 1


async def test_patience_ends_and_says_try_later(running: RunningAxis, document_id: str) -> None:
    mischief, pauses = Mischief(lose_reply=["Submit"] * 9), Pauses()
    async with between(running, MINISTRY, mischief) as profile, AsyncClient(profile, hurried(pauses)) as axis:
        with pytest.raises(TryLater) as caught:
            await axis.send(letter(document_id))
    assert caught.value.retryable
    assert mischief.calls.count("Submit") == 4
    assert len(pauses.taken) == 3


async def test_a_cut_upload_goes_on_where_it_was_cut(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    beside = tmp_path / "large.bin"
    beside.write_bytes(os.urandom(8 * MIB))
    # Two messages and three messages pass (the header is one), then the rest.
    mischief = Mischief(cut_after={"Upload": [2, 3]})
    seen: list[int] = []
    async with (
        between(running, MINISTRY, mischief) as profile,
        AsyncClient(profile, hurried(Pauses())) as axis,
    ):
        sent = await axis.send(
            letter(document_id), attachments=[beside], progress=lambda progress: seen.append(progress.done)
        )
    assert mischief.calls.count("Upload") == 3
    assert sent.dispatch.parts[-1].size == 8 * MIB
    assert seen[-1] == 8 * MIB


async def test_what_the_axis_holds_is_not_uploaded_again(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    beside = tmp_path / "large.bin"
    beside.write_bytes(os.urandom(2 * MIB))
    mischief = Mischief()
    async with (
        between(running, MINISTRY, mischief) as profile,
        AsyncClient(profile, hurried(Pauses())) as axis,
    ):
        sealed = await axis.seal(letter(document_id), [beside])
        await axis.send(sealed, [beside])
        await axis.send(sealed, [beside])
    assert mischief.calls.count("Upload") == 1


async def test_a_cut_download_goes_on_where_it_was_cut(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    beside = tmp_path / "large.bin"
    beside.write_bytes(os.urandom(6 * MIB))
    async with AsyncClient(Profile.load(running.profile(MINISTRY))) as ministry:
        dispatch_id = (await ministry.send(letter(document_id), [beside])).dispatch.dispatch_id
    # The package is one stream; of the attachment, one message, two messages, and the rest.
    mischief = Mischief(cut_after={"FetchPart": [-1, 1, 2]})
    async with (
        between(running, PROVINCE, mischief) as profile,
        AsyncClient(profile, hurried(Pauses())) as axis,
    ):
        await axis.fetch(dispatch_id, tmp_path / "in")
    assert mischief.calls.count("FetchPart") == 4
    assert (tmp_path / "in" / "large.bin").read_bytes() == beside.read_bytes()


async def test_a_fetch_that_was_given_up_goes_on_in_the_next_run(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    beside = tmp_path / "large.bin"
    beside.write_bytes(os.urandom(4 * MIB))
    async with AsyncClient(Profile.load(running.profile(MINISTRY))) as ministry:
        dispatch_id = (await ministry.send(letter(document_id), [beside])).dispatch.dispatch_id
    mischief = Mischief(cut_after={"FetchPart": [-1, 2, 0, 0]})
    async with between(running, PROVINCE, mischief) as profile:
        async with AsyncClient(profile, hurried(Pauses(), attempts=2)) as axis:
            with pytest.raises(TryLater):
                await axis.fetch(dispatch_id, tmp_path / "in")
        (staging,) = (tmp_path / "in").iterdir()
        part = max(staging.iterdir(), key=lambda path: path.stat().st_size)
        assert part.stat().st_size == 2 * MIB
        async with AsyncClient(profile, hurried(Pauses())) as axis:
            await axis.fetch(dispatch_id, tmp_path / "in")
    assert sorted(path.name for path in (tmp_path / "in").iterdir() if "Công" not in path.name) == [
        "large.bin",
        "package.edxml",
    ]


async def test_leftovers_of_another_content_do_not_spoil_a_fetch(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    async with AsyncClient(Profile.load(running.profile(MINISTRY))) as ministry:
        dispatch_id = (await ministry.send(letter(document_id))).dispatch.dispatch_id
    staging = tmp_path / f".{dispatch_id}.part"
    staging.mkdir()
    (staging / "0").write_bytes(b"left by a disk that lost its mind")
    async with AsyncClient(Profile.load(running.profile(PROVINCE))) as province:
        fetched = await province.fetch(dispatch_id, tmp_path)
    assert fetched.files[0].sha256 == fetched.dispatch.parts[0].sha256


async def test_a_package_too_large_for_a_message_is_uploaded_first(
    running: RunningAxis, document_id: str
) -> None:
    mischief = Mischief()
    mischief.alter["WhoAmI"] = _limit(max_message_bytes=1000)
    async with (
        between(running, MINISTRY, mischief) as profile,
        AsyncClient(profile, hurried(Pauses())) as axis,
    ):
        sent = await axis.send(letter(document_id))
    assert mischief.calls.index("Upload") < mischief.calls.index("Submit")
    assert sent.evidence[0].event == "SubmissionAcceptance"


def _limit(**limits: int) -> tuple[type[Any], Alter]:
    def alter(message: directory_pb2.WhoAmIResponse) -> None:
        for name, value in limits.items():
            setattr(message, name, value)

    return directory_pb2.WhoAmIResponse, alter


async def test_a_watch_goes_on_after_the_axis_was_killed(
    tmp_path_factory: pytest.TempPathFactory, document_id: str
) -> None:
    axis = RunningAxis.make(tmp_path_factory.mktemp("killed"))
    axis.start()
    try:
        around = Surroundings(patience=Patience(attempts=60, first=0.2, longest=0.5))
        async with (
            AsyncClient(Profile.load(axis.profile(MINISTRY)), around) as ministry,
            AsyncClient(Profile.load(axis.profile(PROVINCE)), around) as province,
        ):
            sealed = await ministry.seal(letter(document_id))
            first = await ministry.send(sealed)
            coming = province.watch()
            assert (await anext(coming)).dispatch.dispatch_id == first.dispatch.dispatch_id
            axis.stop(signal.SIGKILL)
            axis.start()
            again = await ministry.send(sealed)
            assert [p.content for p in again.evidence] == [p.content for p in first.evidence]
            second = await ministry.send(letter(document_id + "-2"))
            assert (await anext(coming)).dispatch.dispatch_id == second.dispatch.dispatch_id
            await coming.aclose()
    finally:
        axis.stop()


async def test_nobody_there_is_try_later_and_not_a_grpc_error(running: RunningAxis) -> None:
    profile = Profile.load(running.profile(MINISTRY))
    mischief = Mischief()
    async with between(running, MINISTRY, mischief) as leading:
        gone = leading.axis

    async with AsyncClient(replace(profile, axis=gone), hurried(Pauses(), attempts=2)) as axis:
        with pytest.raises(TryLater) as caught:
            await axis.whoami()
    assert caught.value.reason == "UNREACHABLE"
    assert isinstance(caught.value.__cause__, grpc.aio.AioRpcError)
