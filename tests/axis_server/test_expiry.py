"""When certificates end: the first of each use, as the metric shows it, and agencies' own among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest

from axis.v1 import records_pb2, records_pb2_grpc
from axis_server.addressing.directory_watch import DirectoryWatch
from axis_server.ledgers import opened_ledger
from axis_server.metrics import Metrics
from axis_server.revoking.expiry import Expiry
from signing.trust import load_certificates
from tests.axis_server.served import Office, Served, prepared, served


async def test_the_first_end_of_each_use_is_shown(tmp_path: Path) -> None:
    axis = await prepared(tmp_path)
    now = datetime.now(UTC)
    (own,) = load_certificates(axis.settings.tls.certificate)[:1]
    metrics = Metrics.make()
    async with opened_ledger(axis.settings) as ledger:
        watch = DirectoryWatch(ledger)
        await watch.refresh()
        clock = [now]
        expiry = Expiry(
            axis.settings, watch.view, own=lambda: {"tls": own}, clock=lambda: clock[0], metrics=metrics
        )
        expiry.look()

        def left(use: str) -> float:
            name = "axis_certificate_expiry_seconds"
            value = metrics.registry.get_sample_value(name, {"use": use})
            assert value is not None, use
            return value

        assert left("tls") == (own.not_valid_after_utc - now).total_seconds()
        system = load_certificates(axis.ministry.profile / "system.pem")[0].not_valid_after_utc
        assert 0 < left("agency") <= (system - now).total_seconds()
        assert left("trust") > 0
        assert left("client_ca") > 0
        before = left("agency")
        clock[0] = now + timedelta(days=1)
        expiry.look()
        assert left("agency") == before - timedelta(days=1).total_seconds()


async def answers(axis: Served, office: Office, dispatch_id: str) -> grpc.StatusCode:
    """How `ListAnswers` ends for an office."""
    async with office.channel(axis.address) as channel:
        stub = records_pb2_grpc.RecordServiceStub(channel)
        try:
            async for _ in stub.ListAnswers(records_pb2.ListAnswersRequest(dispatch_id=dispatch_id)):
                pass
        except grpc.aio.AioRpcError as refusal:
            return refusal.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize("known", [True, False])
async def test_answers_are_given_to_the_parties_of_a_dispatch_alone(tmp_path: Path, known: bool) -> None:
    async with served(tmp_path) as axis:
        async with axis.ministry.client(axis.address) as client:
            sent = await client.send(axis.ministry.letter(axis.province.id))
        wanted = sent.dispatch.dispatch_id if known else "0" * 26
        parties = grpc.StatusCode.OK if known else grpc.StatusCode.NOT_FOUND
        assert await answers(axis, axis.ministry, wanted) is parties
        assert await answers(axis, axis.province, wanted) is parties
        assert await answers(axis, axis.neighbour, wanted) is grpc.StatusCode.NOT_FOUND
        assert await answers(axis, axis.stranger, wanted) not in (parties, grpc.StatusCode.NOT_FOUND)
