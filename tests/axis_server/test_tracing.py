"""One trace of a document's way: client, node, ledger, archive, as a real OTLP receiver gets it; and nothing
of the document in it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import timeit
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from structlog.testing import capture_logs

import tracing
from edxml.writer import write
from tests.axis_server.packages import document
from tests.axis_server.process import ENVIRONMENT, ROOT
from tests.axis_server.served import served

collector = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
collector_grpc = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc")

PATIENCE = 30.0


class Receiver:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.port = 0
        self.spans: list[tuple[str, Any]] = []
        """The service that sent it, and the span."""

    async def Export(self, request: Any, context: Any) -> Any:
        for resource in request.resource_spans:
            facts = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(facts["service.name"], span) for span in scope.spans]
        return collector.ExportTraceServiceResponse()

    def trace(self, trace_id: bytes) -> dict[str, tuple[str, Any]]:
        return {span.name: (service, span) for service, span in self.spans if span.trace_id == trace_id}


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    server, receiver = grpc.aio.server(), Receiver()
    collector_grpc.add_TraceServiceServicer_to_server(receiver, server)
    receiver.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield receiver
    await server.stop(None)


def settings(receiver: Receiver) -> str:
    return (
        f'[ledger] => [telemetry]\ntraces = true\nendpoint = "http://127.0.0.1:{receiver.port}"\n\n[ledger]'
    )


HOST = """
import asyncio, sys
from pathlib import Path
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from axis_client import AsyncClient, Profile

async def main() -> None:
    async with AsyncClient(Profile.load(Path(sys.argv[1]))) as axis:
        with trace.get_tracer("dms").start_as_current_span("dms.send"):
            sent = await axis.send(Path(sys.argv[2]).read_bytes())
            await axis.retrieve(sent.dispatch.dispatch_id, Path(sys.argv[4]))

provider = TracerProvider(resource=Resource.create({"service.name": "dms"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[3], insecure=True)))
trace.set_tracer_provider(provider)
asyncio.run(main())
provider.shutdown()
"""
"""A program that has OpenTelemetry set up and uses the SDK."""


async def test_one_trace_goes_through_client_node_ledger_and_archive(tmp_path: Path) -> None:
    letter = document(
        to=("H90",), sender="G22", document_id="G22,2026/03/02,77/BM-VP", subject="Kính gửi về việc riêng"
    )
    (tmp_path / "letter.xml").write_bytes(write(letter))
    async with receiving() as receiver:
        with capture_logs(processors=[_with_context]) as events:
            async with served(tmp_path, settings=[settings(receiver)]) as axis:
                axis.ministry.client(axis.address)  # which writes the address into the profile
                arguments = (
                    axis.ministry.profile / "profile.toml",
                    tmp_path / "letter.xml",
                    f"http://127.0.0.1:{receiver.port}",
                    tmp_path / "retrieved",
                )
                ran = await asyncio.to_thread(
                    subprocess.run,
                    [sys.executable, "-c", HOST, *map(str, arguments)],
                    capture_output=True,
                    text=True,
                    env=ENVIRONMENT,
                    cwd=ROOT,
                    timeout=PATIENCE * 2,
                )
                assert ran.returncode == 0, ran.stderr
        (root,) = [span for service, span in receiver.spans if span.name == "dms.send"]
        trace = receiver.trace(root.trace_id)
    names = {
        service: sorted(name for name, (of, _) in trace.items() if of == service)
        for service in ("dms", "AXIS.TEST")
    }
    assert {"axis/Submit", "dms.send"} <= set(names["dms"])
    assert {
        "SubmissionService/Submit",
        "intake.examine",
        "intake.attest",
        "archive.put",
        "ledger.commit",
        "storage.batch",
        "archive.get",
    } <= set(names["AXIS.TEST"])
    above = {span.span_id: span.name for _, span in trace.values()}
    assert above[trace["SubmissionService/Submit"][1].parent_span_id] == "axis/Submit"
    assert above[trace["ledger.commit"][1].parent_span_id] == "SubmissionService/Submit"
    told = [one for one in events if one["event"] == "rpc.finished" and one["method"].endswith("/Submit")]
    assert [one["trace_id"] for one in told] == [root.trace_id.hex()]
    everything = b"".join(span.SerializeToString() for _, span in receiver.spans)
    for private in ("77/BM-VP", "Kính gửi", "G22", "H90"):
        assert private.encode() not in everything


def _with_context(logger: Any, method: str, event: Any) -> Any:
    import structlog

    return structlog.contextvars.merge_contextvars(logger, method, event)


async def test_a_receiver_that_is_away_hinders_nobody(tmp_path: Path) -> None:
    async with receiving() as receiver:
        pass
    async with (
        served(tmp_path, settings=[settings(receiver)]) as axis,
        axis.ministry.client(axis.address) as client,
    ):
        assert (await client.whoami()).agency.agency_id == "G22"


def test_a_span_that_nobody_asked_for_costs_next_to_nothing() -> None:
    def traced() -> None:
        with tracing.span("x", size=1):
            pass

    seconds = min(timeit.repeat(traced, number=10_000, repeat=5)) / 10_000
    assert tracing.here() is None
    assert seconds < 100e-6, seconds  # measured: under a microsecond


def test_an_error_in_a_span_is_told_by_its_kind_alone() -> None:
    otel = pytest.importorskip("tracing.otel")
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    memory = pytest.importorskip(
        "opentelemetry.sdk.trace.export.in_memory_span_exporter"
    ).InMemorySpanExporter()
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    provider = sdk.TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(export.SimpleSpanProcessor(memory))
    tracer = otel.OtelTracer(provider)
    with pytest.raises(ValueError), tracing.begun(tracer, "call", ()), tracing.span("inner"):
        raise ValueError("Kính gửi")
    assert tracing.here() is None
    told = [(span.name, span.status.description, span.events) for span in memory.get_finished_spans()]
    assert told == [("inner", "ValueError", ()), ("call", "ValueError", ())]


@pytest.mark.parametrize("state", ["vendor=Kinh-gui", "Kinh-gui is no state", "a=Kinh-gui,a=Kinh-gui"])
def test_a_callers_trace_is_gone_on_with_and_its_words_are_not(
    state: str, caplog: pytest.LogCaptureFixture
) -> None:
    otel = pytest.importorskip("tracing.otel")
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    memory = pytest.importorskip(
        "opentelemetry.sdk.trace.export.in_memory_span_exporter"
    ).InMemorySpanExporter()
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    provider = sdk.TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(export.SimpleSpanProcessor(memory))
    metadata = (("traceparent", f"00-{'ab' * 16}-{'cd' * 8}-01"), ("tracestate", state))
    with tracing.begun(otel.OtelTracer(provider), "call", metadata):
        assert (place := tracing.here()) is not None
        assert place.trace_id == "ab" * 16
    (span,) = memory.get_finished_spans()
    assert "Kinh-gui" not in span.to_json() + caplog.text
