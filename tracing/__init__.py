"""Spans of one document's way through client, node, ledger and archive: a seam, and nothing beneath it until
somebody asks for it.

    with begun(tracer, "SubmissionService/Submit", metadata):    # at the boundary; None as tracer: nothing
        with span("archive.put", bytes=size):                    # anywhere below, in the same task
            ...

Attributes are counts, sizes and codes; never a subject, a name, an identifier of a document or a person, or
content. A failed span says which error it was, never what the error says.

Where nothing was begun, `span` reads one context variable. `tracing.otel` alone knows OpenTelemetry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol

Value = str | int | float | bool
Headers = Sequence[tuple[str, str]]
"""W3C Trace Context, as lower-case metadata: `traceparent`, `tracestate`."""


class Place(Protocol):
    """A span under way: where others begin below it. Threads may share it."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits; empty when it is not recorded."""
        ...

    def below(
        self, name: str, attributes: dict[str, Value], beside: Sequence[Place] = ()
    ) -> AbstractContextManager[Place]:
        """A span below this one, linked with others that it also served."""
        ...


class Tracer(Protocol):
    """Begins what came from outside."""

    def begin(
        self, name: str, metadata: Iterable[tuple[str, str | bytes]], attributes: dict[str, Value]
    ) -> AbstractContextManager[Place]:
        """A span below the one that the metadata name, if they do."""
        ...


_here: ContextVar[Place | None] = ContextVar("tracing.here", default=None)
_NOTHING: AbstractContextManager[None] = nullcontext()


def here() -> Place | None:
    """Returns where this task is, None where nothing was begun."""
    return _here.get()


def span(name: str, **attributes: Value) -> AbstractContextManager[None]:
    """A span below where this task is; nothing where nothing was begun."""
    place = _here.get()
    return _NOTHING if place is None else _entered(place.below(name, attributes))


def begun(
    tracer: Tracer | None, name: str, metadata: Iterable[tuple[str, str | bytes]], **attributes: Value
) -> AbstractContextManager[None]:
    """A span for a call from outside, under which `span` begins others."""
    return _NOTHING if tracer is None else _entered(tracer.begin(name, metadata, attributes))


def shared(name: str, places: Iterable[Place | None], **attributes: Value) -> AbstractContextManager[None]:
    """A span for work done at once for several: below the first of them, linked with the others."""
    traced = [place for place in places if place is not None]
    return _entered(traced[0].below(name, attributes, traced[1:])) if traced else _NOTHING


def leaf(name: str, **attributes: Value) -> AbstractContextManager[object]:
    """The same as `span` with nothing below it: for generators, which end in whatever task closes them."""
    place = _here.get()
    return _NOTHING if place is None else place.below(name, attributes)


@contextmanager
def _entered(begin: AbstractContextManager[Place]) -> Iterator[None]:
    with begin as place:
        token = _here.set(place)
        try:
            yield
        finally:
            _here.reset(token)
