"""An agency's connection: every call is repeated until it is answered, and answers are noted."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2

from axis.v1 import (
    events_pb2_grpc,
    inbox_pb2,
    inbox_pb2_grpc,
    overview_pb2_grpc,
    records_pb2_grpc,
    submission_pb2,
    submission_pb2_grpc,
    types_pb2,
)
from benchmarks.judging.account import Account, Answer, Given, Seen
from benchmarks.load import credentials

_OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 300),
    ("grpc.max_receive_message_length", 64 << 20),
]
_PASSING = frozenset(
    {
        "STORE_UNAVAILABLE",
        "SHUTTING_DOWN",
        "TOO_MANY_CALLS",
        "TOO_MANY_DOCUMENTS",
        "TOO_MANY_STATEMENTS",
        "TOO_MANY_BYTES",
        "TOO_MANY_WATCHES",
        "LOG_LAGS",
    }
)
"""Reasons for which the same call is made again."""
_BROKEN = frozenset({"INTERNAL", "CORRUPT"})
SECONDS_OF_A_CALL = 60.0
ANSWERED_WITHIN = 300.0
"""Seconds after which a call that nobody answers ends the run."""


class Refused(Exception):
    """The axis refused; `reason` is its code."""

    def __init__(self, reason: str, facts: dict[str, str]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


def refusal(error: grpc.aio.AioRpcError) -> Refused | None:
    """What the axis itself said; None when the line or gRPC failed."""
    trailers: Any = error.trailing_metadata() or ()
    for key, value in trailers:
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return Refused(info.reason, dict(info.metadata))
    return None


def seen(news: Any) -> Seen:
    """Makes `Seen` of a StreamEvent."""
    event = news.event
    return Seen(
        event.dispatch_id,
        event.sequence,
        event.kind,
        event.recipient_id,
        event.actor_id,
        event.at.seconds + event.at.nanos / 1e9,
        event.status_code,
        event.evidence_id,
        event.statement_id,
        event.related_dispatch_id,
        news.cursor,
    )


class Wire:
    """What an agency calls, over one channel."""

    def __init__(self, address: str, profile: Path, account: Account, dice: random.Random) -> None:
        self._channel = grpc.aio.secure_channel(address, credentials(profile), _OPTIONS)
        self.account = account
        self._dice = dice
        self.submission = submission_pb2_grpc.SubmissionServiceStub(self._channel)
        self.inbox = inbox_pb2_grpc.InboxServiceStub(self._channel)
        self.events = events_pb2_grpc.EventServiceStub(self._channel)
        self.overview = overview_pb2_grpc.OverviewServiceStub(self._channel)
        self.records = records_pb2_grpc.RecordServiceStub(self._channel)

    async def close(self) -> None:
        await self._channel.close(None)

    async def until_answered(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Calls until there is an answer. Raises `Refused`, and `TimeoutError` when there is none at all."""
        last = time.monotonic() + ANSWERED_WITHIN
        why: grpc.aio.AioRpcError | None = None
        while time.monotonic() < last:
            try:
                return await call()
            except grpc.aio.AioRpcError as error:
                why, said = error, refusal(error)
                if said is not None and said.reason in _BROKEN:
                    self.account.troubles[said.reason] += 1
                if said is not None and said.reason not in _PASSING:
                    raise said from error
                self.account.tallies["calls without an answer"] += 1
                await asyncio.sleep(0.1 + 0.2 * self._dice.random())
        raise TimeoutError(f"nobody answers: {why}")

    async def submit(self, given: Given, package: bytes) -> types_pb2.Dispatch | None:
        """Hands a package in; None when it is refused."""
        request = submission_pb2.SubmitRequest(package=package)
        began = time.monotonic()
        try:
            answer = await self.until_answered(
                lambda: self.submission.Submit(request, timeout=SECONDS_OF_A_CALL)
            )
        except Refused as refused:
            self._note(given, began, refused=refused.reason)
            return None
        self._note(given, began, answer.dispatch.dispatch_id, answer.evidence)
        dispatch: types_pb2.Dispatch = answer.dispatch
        return dispatch

    async def report(self, given: Given, dispatch_id: str, content: bytes) -> str:
        """Hands a statement in; returns the reason of a refusal, empty when it was accepted."""
        request = inbox_pb2.ReportRequest(dispatch_id=dispatch_id, statement=content)
        began = time.monotonic()
        try:
            answer = await self.until_answered(lambda: self.inbox.Report(request, timeout=SECONDS_OF_A_CALL))
        except Refused as refused:
            self._note(given, began, dispatch_id, refused=refused.reason)
            return refused.reason
        self._note(given, began, dispatch_id, answer.evidence)
        told = answer.delivery
        self.account.note_delivery(told.dispatch_id, told.recipient_id, told.version, told.state)
        return ""

    async def fetch(self, dispatch_id: str, number: int) -> str:
        """Fetches a part; returns the reason of a refusal, empty when it was handed out."""

        async def whole() -> bytes:
            request = inbox_pb2.FetchPartRequest(dispatch_id=dispatch_id, number=number)
            chunks = [one.chunk async for one in self.inbox.FetchPart(request, timeout=SECONDS_OF_A_CALL)]
            return b"".join(chunks)

        try:
            content = await self.until_answered(whole)
        except Refused as refused:
            return refused.reason
        self.account.fetched[dispatch_id, number].add(hashlib.sha256(content).hexdigest())
        return ""

    def _note(
        self, given: Given, began: float, dispatch_id: str = "", evidence: Any = (), refused: str = ""
    ) -> None:
        told = tuple(hashlib.sha256(one.content).hexdigest() for one in evidence)
        given.answers.append(Answer(began, time.monotonic(), refused, dispatch_id, told))
        what = f"{given.code or ('package of kind ' + str(given.kind))}"
        self.account.tallies[f"{what}: {refused or 'accepted'}"] += 1
