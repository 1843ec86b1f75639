"""Lost replies, cut streams, an axis that is killed: nothing is lost, doubled or sent again in full."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from axis.v1 import directory_pb2
from axis_client import AsyncClient, LocalError, Patience, Profile, State, Surroundings, TryLater
from axis_client.model import Proof
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
        proofs = [record async for record in axis.evidence(sent.dispatch.dispatch_id)]
    assert [proof.content for proof in proofs] == [proof.content for proof in sent.evidence]
    assert pauses.taken == [0.375, 0.75], "back-off doubles: half of it fixed, half by chance"


async def test_a_lost_reply_to_a_statement_gets_the_same_evidence(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    async with AsyncClient(Profile.load(running.profile(MINISTRY))) as ministry:
        dispatch_id = (await ministry.send(letter(document_id))).dispatch.dispatch_id
    mischief = Mischief(lose_reply=["Report", "Report"])
    async with (
        between(running, PROVINCE, mischief) as profile,
        AsyncClient(profile, hurried(Pauses())) as axis,
    ):
        answered = await axis.accept(dispatch_id, tmp_path)
        assert answered.delivery.state is State.ACCEPTED
        records = [record async for record in axis.evidence(dispatch_id)]
    events = [record.event for record in records if isinstance(record, Proof)]
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


class Peer:
    """Stands before the axis: ends the first connections in a way of its own, then passes every byte on."""

    def __init__(self, running: RunningAxis, how: str, times: int) -> None:
        self._running, self._how, self._left = running, how, times
        self._serving: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Peer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        try:
            await self._speak(reader, writer)
        finally:
            await _closed(writer)

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._left == 0:
            there, back = await asyncio.open_connection("127.0.0.1", self._running.port)
            try:
                await asyncio.gather(_pass(reader, back), _pass(there, writer))
            finally:
                await _closed(back)
            return
        self._left -= 1
        if self._how != "closed at once":
            await reader.read(4096)
        if self._how == "plain":
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        if self._how == "closed half way":
            writer.write(b"\x16\x03\x03\x00\x7a\x02\x00\x00")
        if self._how == "reset":
            writer.transport.abort()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


@pytest.mark.parametrize("how", ["closed at once", "closed", "closed half way", "reset"])
async def test_a_link_cut_in_the_handshake_is_tried_again(running: RunningAxis, how: str) -> None:
    profile = Profile.load(running.profile(MINISTRY))
    around = Surroundings(patience=Patience(attempts=60, first=0.1, longest=0.3))
    async with Peer(running, how, 2) as peer:
        leading = replace(profile, axis=f"127.0.0.1:{peer.port}")
        async with AsyncClient(leading, around) as axis:
            assert (await axis.whoami()).agency.agency_id == MINISTRY


async def test_who_speaks_no_tls_is_not_asked_again(running: RunningAxis) -> None:
    profile, pauses = Profile.load(running.profile(MINISTRY)), Pauses()
    async with Peer(running, "plain", -1) as peer:
        leading = replace(profile, axis=f"127.0.0.1:{peer.port}")
        async with AsyncClient(leading, hurried(pauses)) as axis:
            with pytest.raises(LocalError) as caught:
                await axis.whoami()
    assert (caught.value.reason, pauses.taken) == ("TLS_FAILED", [])


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
