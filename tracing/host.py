"""Traces of the program that uses the SDK: where that has OpenTelemetry set up, each call is a span of it and
carries it on; where it has not, nothing happens, and nothing need be installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tracing import Headers

try:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ModuleNotFoundError:

    @contextmanager
    def calling(method: str) -> Iterator[Headers]:
        """Without OpenTelemetry: no headers."""
        yield ()

else:
    _PROPAGATOR = TraceContextTextMapPropagator()

    @contextmanager
    def calling(method: str) -> Iterator[Headers]:
        """A span around one call, and the headers that carry it to the axis; none where the program has set
        no OpenTelemetry up."""
        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            yield ()
            return
        span = trace.get_tracer("national-axis").start_span(
            method, kind=trace.SpanKind.CLIENT, attributes={"rpc.system": "grpc"}
        )
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(span))
        try:
            yield tuple(carrier.items())
        except BaseException as exc:
            span.set_status(trace.StatusCode.ERROR, type(exc).__name__)
            raise
        finally:
            span.end()
