"""What is counted, and that the document tells of all of it."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path

import grpc.aio
import pytest
from prometheus_client import Gauge
from prometheus_client.parser import text_string_to_metric_families

from axis.v1 import inbox_pb2, inbox_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.metrics import Metrics, described
from docs.generate import HERE, metrics_page
from tests.axis_server.served import ANYWHERE, served


def scraped(url: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    samples = (sample for family in families for sample in family.samples)
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


async def test_a_scrape_tells_of_calls_submissions_stores_and_certificates(tmp_path: Path) -> None:
    async with served(tmp_path, metrics=ANYWHERE) as axis, axis.ministry.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        package = axis.ministry.letter("H90")
        for _ in range(2):
            await stub.Submit(submission_pb2.SubmitRequest(package=package))
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.Submit(submission_pb2.SubmitRequest(package=axis.ministry.letter("NOBODY")))
        found = await asyncio.to_thread(scraped, f"http://{axis.metrics_address}/metrics")
    method = ("method", "SubmissionService/Submit")
    assert found["axis_calls_total", (("code", "OK"), method)] == 2
    assert found["axis_calls_total", (("code", "FAILED_PRECONDITION"), method)] == 1
    assert found["axis_submissions_accepted_total", ()] == 2
    assert found["axis_submissions_refused_total", (("reason", "UNKNOWN_RECIPIENT"),)] == 1
    assert found["axis_call_seconds_count", (method,)] == 3
    assert found["axis_received_bytes_total", (method,)] > 2 * len(package)
    assert found["axis_probe_up", (("store", "archive"),)] == 1
    assert found["axis_probe_up", (("store", "ledger"),)] == 1
    assert found["axis_certificate_days_left", (("certificate", "tls"),)] > 1000
    assert found["axis_calls_open", ()] == 0
    assert not any("G22" in str(key) or "H90" in str(key) for key in found)


async def test_a_caller_that_hangs_up_leaves_no_watch_behind(tmp_path: Path) -> None:
    method = ("method", "InboxService/WatchInbox")
    async with served(tmp_path, metrics=ANYWHERE) as axis:
        url = f"http://{axis.metrics_address}/metrics"

        async def eventually(wanted: float) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
            for _ in range(200):
                found = await asyncio.to_thread(scraped, url)
                if found["axis_watches_open", ()] == wanted:
                    return found
                await asyncio.sleep(0.02)
            return pytest.fail(f"there were never {wanted} watches")

        async with axis.province.channel(axis.address) as channel:
            watch = inbox_pb2_grpc.InboxServiceStub(channel).WatchInbox(inbox_pb2.WatchInboxRequest())
            waiting = asyncio.ensure_future(anext(aiter(watch)))
            await eventually(1)
            watch.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            found = await eventually(0)
    assert found["axis_calls_total", (("code", "CANCELLED"), method)] == 1
    assert found["axis_calls_open", ()] == 0


def test_the_document_tells_of_every_metric() -> None:
    page = (HERE / "metrics.md").read_text(encoding="utf-8")
    assert page == metrics_page(), "run `make docs`"
    for name, _, _, labels in described(Metrics.make()):
        assert f"| `{name}` |" in page
        assert all(f"`{label}`" in page for label in labels)


def test_every_gauge_says_what_several_workers_show_together() -> None:
    metrics = Metrics.make()
    gauges = [
        one for name in metrics.__dataclass_fields__ if isinstance(one := getattr(metrics, name), Gauge)
    ]
    assert len(gauges) > 5
    together = {"livesum", "livemin", "livemax"}
    assert not [one._name for one in gauges if one._multiprocess_mode not in together]
