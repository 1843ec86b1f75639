"""The seam over OpenTelemetry. Here alone it is imported, and only for who asks for traces.

with exporting(endpoint="http://127.0.0.1:4317", sample=1.0, service="axis", node="n1") as tracer: ...
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tracing import Place, Value

EXPORT_SECONDS = 5.0
"""A receiver that does not answer for so long loses what it was to have; calls never wait for it."""
_PROPAGATOR = TraceContextTextMapPropagator()
_HEADERS = ("traceparent",)
"""Numbers alone. A `tracestate` is a caller's own text: it would stand in each span, and, where it is
malformed, in the log of this process, since OpenTelemetry warns of it word by word."""


class _Place:
    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span

    @property
    def trace_id(self) -> str:
        context = self._span.get_span_context()
        return f"{context.trace_id:032x}" if context.trace_flags.sampled else ""

    @contextmanager
    def below(self, name: str, attributes: dict[str, Value], beside: Sequence[Place] = ()) -> Iterator[Place]:
        links = [Link(cast(_Place, one)._span.get_span_context()) for one in beside]
        context = set_span_in_context(self._span)
        with _running(self._tracer, name, attributes, context, SpanKind.INTERNAL, links) as place:
            yield place


class OtelTracer:
    """`tracing.Tracer` over OpenTelemetry's."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("national-axis")

    @contextmanager
    def begin(
        self, name: str, metadata: Iterable[tuple[str, str | bytes]], attributes: dict[str, Value]
    ) -> Iterator[Place]:
        context = _PROPAGATOR.extract(_carried(metadata))
        with _running(self._tracer, name, attributes, context, SpanKind.SERVER) as place:
            yield place

    def close(self) -> None:
        """Sends what waits, for some seconds at most. It blocks: call it in a thread."""
        self._provider.shutdown()


def exporting(*, endpoint: str, sample: float, service: str, node: str) -> OtelTracer:
    """Sends spans to an OTLP receiver over gRPC, from a thread of its own, until it is closed. An empty
    endpoint means what the environment says (`OTEL_EXPORTER_OTLP_ENDPOINT` and the like). `sample` is the
    share of the traces begun here that are kept; a caller's own decision stands."""
    provider = TracerProvider(
        resource=Resource.create({SERVICE_NAME: service, SERVICE_INSTANCE_ID: node}),
        sampler=ParentBased(TraceIdRatioBased(sample)),
        shutdown_on_exit=False,
    )
    insecure = endpoint.startswith("http://") or None
    exporter = OTLPSpanExporter(endpoint=endpoint or None, insecure=insecure, timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return OtelTracer(provider)


@contextmanager
def _running(
    tracer: Tracer,
    name: str,
    attributes: Mapping[str, Value],
    context: Context,
    kind: SpanKind,
    links: Sequence[Link] = (),
) -> Iterator[Place]:
    span = tracer.start_span(name, context=context, kind=kind, attributes=dict(attributes), links=links)
    try:
        yield _Place(tracer, span)
    except BaseException as exc:
        span.set_status(StatusCode.ERROR, type(exc).__name__)
        raise
    finally:
        span.end()


def _carried(metadata: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    return {key: value for key, value in metadata if key in _HEADERS and isinstance(value, str)}
