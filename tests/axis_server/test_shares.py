"""What one agency may take: its share of places and of a minute, and nobody else's."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc.aio
import pytest
from google.rpc import error_details_pb2, status_pb2

from axis.v1.submission_pb2 import SubmitRequest
from axis.v1.submission_pb2_grpc import SubmissionServiceStub
from axis_client.patience import Patience, Persistence
from axis_client.wire.failures import translate
from axis_server.boundary.errors import DETAILS_KEY
from axis_server.caller import Caller
from axis_server.errors import Declined
from axis_server.limits.allowance import Allowance, Rate
from axis_server.limits.shares import Limit, Shares, own
from axis_server.operation.particulars import Particulars
from storage.errors import NotFound
from storage.ledger.registry import Agency, Certificate
from tests.axis_server.packages import document
from tests.axis_server.served import served
from tests.axis_server.world import World

SUBMIT, CHECK, REPORT = "SubmissionService/Submit", "SubmissionService/Check", "InboxService/Report"
AT = datetime(2026, 3, 2, tzinfo=UTC)
A, B = Agency(agency_id="A", name="A"), Agency(agency_id="B", name="B")


def caller(agency: Agency, delegate: Agency | None = None) -> Caller:
    certificate = Certificate(sha256="", pem="", role="system", may_connect=True, may_seal=True)
    return Caller(agency=agency, certificate=certificate, delegate=delegate)


class Time:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


def shares(clock: Callable[[], datetime], *, processes: int = 1, told: list[str] | None = None) -> Shares:
    return Shares(
        calls=3,
        rates={
            Limit.DOCUMENTS: Rate(per_minute=60, burst=4),
            Limit.STATEMENTS: Rate(per_minute=120, burst=8),
        },
        clock=clock,
        processes=processes,
        turned_away=lambda limit, agency_id: None if told is None else told.append(f"{limit} {agency_id}"),
    )


def taken(subject: Shares, by: Caller, method: str, most: int = 99) -> tuple[int, Declined | None]:
    """How many calls get through, one after the other, and what the next one is told."""
    for count in range(most):
        try:
            with subject.place(by, method):
                pass
        except Declined as declined:
            return count, declined
    return most, None


def test_a_burst_is_let_through_and_then_as_many_as_the_minute_brings() -> None:
    time = Time()
    subject = shares(time)
    count, declined = taken(subject, caller(A), SUBMIT)
    assert declined is not None
    assert (count, declined.code, declined.facts) == (4, "TOO_MANY_DOCUMENTS", {"limit": "60"})
    assert declined.wait_seconds == 1.0
    for seconds in (1, 1, 3, 600):
        time.now += timedelta(seconds=seconds)
        assert taken(subject, caller(A), SUBMIT)[0] == min(seconds, 4)


def test_who_waits_as_long_as_it_was_told_is_let_through() -> None:
    allowance = Allowance(Rate(per_minute=7, burst=1))
    assert allowance.take("A", AT) == 0
    wait = allowance.take("A", AT)
    assert pytest.approx(wait) == 60 / 7
    assert allowance.take("A", AT + timedelta(seconds=wait - 0.1)) == pytest.approx(0.1, abs=1e-5)
    assert allowance.take("A", AT + timedelta(seconds=wait)) == 0


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    time = Time()
    subject = shares(time)
    assert taken(subject, caller(A), SUBMIT)[0] == 4
    for seconds in (-3600, 3600, -10):
        time.now += timedelta(seconds=seconds)
        assert taken(subject, caller(A), SUBMIT)[0] == 0
    time.now += timedelta(seconds=12)
    assert taken(subject, caller(A), SUBMIT)[0] == 2


def test_one_that_floods_takes_nothing_of_anothers_share() -> None:
    told: list[str] = []
    subject = shares(Time(), told=told)
    assert taken(subject, caller(A), SUBMIT)[0] == 4
    assert taken(subject, caller(B), SUBMIT, 4) == (4, None)
    assert taken(subject, caller(A), REPORT, 8) == (8, None)
    assert told == ["documents A"]


def test_a_check_counts_as_a_document_and_what_only_reads_as_nothing() -> None:
    subject = shares(Time())
    assert taken(subject, caller(A), CHECK, 2) == (2, None)
    assert taken(subject, caller(A), SUBMIT)[0] == 2
    assert taken(subject, caller(A), "InboxService/ListInbox") == (99, None)


@pytest.mark.parametrize("method", ["SetRetention", "PutHold", "LiftHold", "SubmitDisposal"])
def test_what_is_decided_about_retention_counts_as_a_statement(method: str) -> None:
    subject = shares(Time())
    assert taken(subject, caller(A), f"ArchiveService/{method}", 6) == (6, None)
    count, declined = taken(subject, caller(A), REPORT)
    assert declined is not None
    assert (count, declined.code) == (2, "TOO_MANY_STATEMENTS")


def test_a_delegate_spends_its_own_share_in_whose_name_it_acts() -> None:
    subject = shares(Time())
    for name in ("C", "D", "E", "F"):
        acting = caller(Agency(agency_id=name, name=name), delegate=B)
        assert taken(subject, acting, SUBMIT, 1) == (1, None)
    assert taken(subject, caller(replace(A, agency_id="G"), delegate=B), SUBMIT)[0] == 0
    assert taken(subject, caller(A), SUBMIT)[0] == 4


def test_the_directory_allows_an_agency_more_or_less() -> None:
    subject = shares(Time())
    more = Particulars(limits="documents=600, calls=9").applied(A)
    less = Particulars(limits="documents=15").applied(B)
    assert taken(subject, caller(more), SUBMIT)[0] == 40
    count, declined = taken(subject, caller(less), SUBMIT)
    assert declined is not None
    assert (count, declined.facts, declined.wait_seconds) == (1, {"limit": "15"}, 4.0)
    with ExitStack() as stack:
        for _ in range(9):
            stack.enter_context(subject.place(caller(more), "LogService/GetTile"))
        assert taken(subject, caller(more), "LogService/GetTile")[0] == 0
    assert Particulars(limits="calls=").applied(more).attributes == {"limit.documents": "600"}
    assert Particulars(limits="").applied(more) == A
    for wrong in ("documents=many", "documents=-1", "paper=3", "documents"):
        if wrong != "documents":
            with pytest.raises(ValueError, match="is no limit"):
                Particulars(limits=wrong).applied(A)
    for written in ("0", "x", "-3", "１２", ""):
        assert own(replace(A, attributes={"limit.calls": written}), Limit.CALLS) is None


def test_several_processes_share_a_rate() -> None:
    time = Time()
    nodes = [shares(time, processes=2) for _ in range(2)]
    assert [taken(node, caller(A), SUBMIT)[0] for node in nodes] == [2, 2]
    time.now += timedelta(seconds=2)
    assert [taken(node, caller(A), SUBMIT)[0] for node in nodes] == [1, 1]


async def test_a_days_bytes_are_those_that_were_kept_and_a_retry_costs_none(world: World) -> None:
    time, letter = Time(), world.sealed(world.ministry, document())
    rate = Rate(per_minute=(len(letter) + 100) / 1440, burst=len(letter) + 100)
    world.shares = Shares(calls=9, rates={Limit.BYTES: rate}, clock=time)
    caller = world.ministry.caller()
    kept = await world.intake.submit(caller, letter)
    assert await world.intake.submit(caller, letter) == kept
    await world.uploaded(world.ministry, b"x" * 60)

    async def cut() -> AsyncIterator[bytes]:
        yield b"y" * 10

    sha256 = hashlib.sha256(b"y" * 40).hexdigest()
    for offset in (0, 10, 20):  # what did not come is not counted
        with pytest.raises(Declined) as declined:
            await world.uploads.upload(caller, sha256, 40, offset, cut())
        assert declined.value.code == "STREAM_TRUNCATED"
    with pytest.raises(Declined) as declined:
        await world.uploaded(world.ministry, b"z" * 11)
    assert declined.value.code == "TOO_MANY_BYTES"
    another = world.sealed(world.ministry, document(document_id="another"))
    with pytest.raises(Declined) as declined:
        await world.intake.submit(caller, another)
    assert (declined.value.code, declined.value.evidence) == ("TOO_MANY_BYTES", None)
    wait = declined.value.wait_seconds
    assert wait is not None
    time.now += timedelta(seconds=wait)
    await world.intake.submit(caller, another)
    await world.uploaded(world.province, b"z" * 11)


async def test_the_same_statement_sealed_again_and_again_ends_with_the_days_bytes(world: World) -> None:
    entry = await world.sent(world.province)
    await world.report(world.province, entry, "01")
    sealed = [
        world.statement(world.province, entry, "03", timestamp=f"2026/03/02 11:00:{second:02}")
        for second in range(8)
    ]
    most = sum(map(len, sealed[:3])) + 100
    world.shares = Shares(calls=9, rates={Limit.BYTES: Rate(per_minute=1, burst=most)}, clock=Time())
    caller = world.province.caller()
    for statement in (*sealed[:3], *sealed[:3]):  # what is kept already costs nothing
        await world.exchange.report(caller, entry.dispatch_id, statement)
    with pytest.raises(Declined) as declined:
        await world.exchange.report(caller, entry.dispatch_id, sealed[3])
    assert declined.value.code == "TOO_MANY_BYTES"
    with pytest.raises(NotFound):
        await world.ledger.leaf(hashlib.sha256(sealed[3]).hexdigest())


FEW = ("# [limits] => [limits]\ndocuments_per_minute = 60\ndocuments_burst = 2",)


async def test_a_flood_is_told_how_long_to_wait_in_a_form_that_every_client_reads(tmp_path: Path) -> None:
    async with served(tmp_path, settings=FEW) as axis, axis.ministry.channel(axis.address) as channel:
        stub = SubmissionServiceStub(channel)
        letters = [axis.ministry.letter("H90", number=number) for number in range(8)]
        for letter in letters:
            try:
                await stub.Submit(SubmitRequest(package=letter))
            except grpc.aio.AioRpcError as caught:
                error = caught
                break
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        (packed,) = [value for key, value in error.trailing_metadata() or () if key == DETAILS_KEY]
        assert isinstance(packed, bytes)
        retry, quota = error_details_pb2.RetryInfo(), error_details_pb2.QuotaFailure()
        found = status_pb2.Status.FromString(packed).details
        assert [one.Unpack(retry) for one in found].count(True) == 1
        assert [one.Unpack(quota) for one in found].count(True) == 1
        assert retry.retry_delay.ToTimedelta() >= timedelta(seconds=1)
        assert "(60 in a minute)" in quota.violations[0].description
        async with axis.province.channel(axis.address) as others:
            mine = axis.province.letter("G22")
            await SubmissionServiceStub(others).Submit(SubmitRequest(package=mine))


async def test_the_sdk_waits_as_it_is_told_and_everything_arrives_once(tmp_path: Path) -> None:
    waits: list[float] = []
    quick = ("# [limits] => [limits]\ndocuments_per_minute = 1200\ndocuments_burst = 2",)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0.06)

    async with served(tmp_path, settings=quick) as axis, axis.ministry.channel(axis.address) as channel:
        persist = Persistence(patience=Patience(attempts=99), sleep=sleep, random=lambda: 0.0)
        stub = SubmissionServiceStub(channel)

        async def send(number: int) -> str:
            letter = axis.ministry.letter("H90", number=number)

            async def once() -> str:
                try:
                    return (await stub.Submit(SubmitRequest(package=letter))).dispatch.dispatch_id
                except grpc.aio.AioRpcError as caught:
                    raise translate(caught) from caught

            return await persist(once)

        names = await asyncio.gather(*map(send, range(12)))
        async with axis.province.client(axis.address) as client, aclosing(client.inbox()) as items:
            assert sorted([item.dispatch.dispatch_id async for item in items]) == sorted(set(names))
    assert (len(set(names)), {seconds >= 1.0 for seconds in waits}) == (12, {True})
