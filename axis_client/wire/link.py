"""One open connection, and how every call over it is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import grpc.aio

from axis_client.profile import Profile
from axis_client.wire.channel import open_channel
from axis_client.wire.failures import translate
from tracing.host import calling

if TYPE_CHECKING:
    Question = TypeVar("Question", contravariant=True)
    Answer = TypeVar("Answer")

QUICK = 30.0
"""Seconds for a question: the axis answers from memory or one read."""
SLOW = 120.0
"""Seconds for what the axis verifies, archives and signs before it answers; a dispatch to 5,000 units too."""
TRANSFER = 3600.0
"""Seconds for one stream of bytes; a longer one is cut here and resumed."""
WATCH = 120.0
"""Seconds after which a watch is opened anew: a link may die without a word, and a watch is often silent."""
LARGEST_PAGE = 1000
"""Asked for where items are small, or the axis bounds a page by its bytes."""
ACTING_FOR = "axis-acting-for"
"""Metadata: the agency in whose name the caller acts, when it is not its own."""

T = TypeVar("T")

Page = tuple[tuple[T, ...], str, bool]
"""Items of a list, the cursor to go on from, and whether more stood behind them."""


class Link:
    """Makes calls. Every one raises `AxisError`, and none is tried again."""

    def __init__(self, profile: Profile) -> None:
        """Must be called in the event loop that uses it."""
        self._channel = open_channel(profile)
        self._metadata = ((ACTING_FOR, profile.acting_for),) if profile.acting_for else ()

    async def close(self) -> None:
        await self._channel.close(grace=None)

    async def _ask(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Question, Answer],
        request: Question,
        seconds: float = QUICK,
    ) -> Answer:
        with translated(), calling(_name(request)) as headers:
            return await method(request, timeout=seconds, metadata=(*self._metadata, *headers))

    async def _follow(
        self, method: grpc.aio.UnaryStreamMultiCallable[Question, Answer], request: Question, seconds: float
    ) -> AsyncGenerator[Answer, None]:
        """Yields what a stream brings, and ends the call when the reader does."""
        with translated(), calling(_name(request)) as headers:
            call: Any = method(request, timeout=seconds, metadata=(*self._metadata, *headers))
            try:
                async for message in call:
                    yield message
            finally:
                call.cancel()


def _name(request: object) -> str:
    """`axis/Submit`, of a request."""
    return f"axis/{type(request).__name__.removesuffix('Request')}"


@contextmanager
def translated() -> Iterator[None]:
    """Raises gRPC's errors as `AxisError`."""
    try:
        yield
    except grpc.aio.AioRpcError as exc:
        raise translate(exc) from exc
