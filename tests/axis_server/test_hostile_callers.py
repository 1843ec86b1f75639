"""Callers that ask for more than their share, over real mutual TLS."""

from __future__ import annotations

from pathlib import Path

import grpc.aio
import pytest

from axis.v1 import directory_pb2, directory_pb2_grpc
from tests.axis_server.served import served, told


async def test_an_identifier_too_long_to_be_one_is_an_invalid_argument(tmp_path: Path) -> None:
    async with served(tmp_path) as axis, axis.ministry.channel(axis.address) as channel:
        stub = directory_pb2_grpc.DirectoryServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetAgency(directory_pb2.GetAgencyRequest(agency_id="\u0301\u0323" * 2_000_000))
    assert told(caught.value).reason == "INVALID_ARGUMENT"
