"""nginx as deploy/nginx.conf has it, two nodes behind: the axis itself sees who calls, and callers go on when
a node is killed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import grpc.aio
import pytest
from cryptography import x509

from axis_server.ledgers import opened_ledger
from axis_server.settings import Address
from tests import nginx as in_front
from tests.axis_client.harness import free_port
from tests.axis_server.process import PATIENCE, Running, started
from tests.axis_server.served import Prepared, prepared
from tests.engines import lacking, require
from tests.storage import whole

pytestmark = pytest.mark.xdist_group("axis process")


@contextmanager
def nginx(directory: Path, nodes: list[Address]) -> Iterator[Address]:
    """Runs nginx in front of `nodes` until the block ends."""
    require("nginx")
    if not in_front.has_streams():
        lacking("engine not installed: nginx's stream module (run tests/install-engines.sh as root)")
    front = Address("127.0.0.1", free_port())
    with in_front.running(directory, port=front.port, nodes=[str(node) for node in nodes]):
        yield front


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[tuple[Prepared, list[Running]]]:
    """Two nodes over the same stores."""
    ready = await prepared(tmp_path)
    async with AsyncExitStack() as stack:
        yield ready, [await stack.enter_async_context(started(ready.config)) for _ in range(2)]


def answered(node: Running) -> int:
    """How many calls a node has answered."""
    return sum("rpc.finished" in line for line in node.log)


async def test_the_axis_itself_sees_the_certificates_of_its_callers_through_nginx(
    nodes: tuple[Prepared, list[Running]], tmp_path: Path
) -> None:
    ready, running = nodes
    with nginx(tmp_path / "nginx", [node.address for node in running]) as front:
        for office in (ready.ministry, ready.province):
            async with office.client(front) as axis:
                assert (await axis.whoami()).agency.agency_id == office.id
        shown = await asyncio.to_thread(ssl.get_server_certificate, front)
        served = (ready.config.parent / "tls" / "server.pem").read_bytes()
        assert x509.load_pem_x509_certificate(shown.encode()) == x509.load_pem_x509_certificate(served)
        anonymous = grpc.ssl_channel_credentials((ready.ministry.profile / "ca.pem").read_bytes())
        async with grpc.aio.secure_channel(str(front), anonymous) as channel:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(channel.channel_ready(), 2)


async def test_clients_go_on_when_one_of_the_nodes_behind_nginx_is_killed(
    nodes: tuple[Prepared, list[Running]], tmp_path: Path
) -> None:
    ready, running = nodes
    with nginx(tmp_path / "nginx", [node.address for node in running]) as front:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(ready.ministry.client(front)) for _ in range(4)]
            sent: list[str] = []

            async def send(number: int) -> None:
                package = ready.ministry.letter("H90", number=number)
                async with asyncio.timeout(PATIENCE):
                    answer = await clients[number % len(clients)].send(package)
                sent.append(answer.dispatch.dispatch_id)

            await asyncio.gather(*map(send, range(20)))
            later = asyncio.gather(*map(send, range(20, 60)))
            await asyncio.sleep(0.05)
            used = max(running, key=answered)
            (other,) = (node for node in running if node is not used)
            before = answered(other)
            used.process.kill()
            await later
            await asyncio.gather(*map(send, range(60, 70)))
            assert answered(used) and answered(other) > before
    async with opened_ledger(ready.settings) as ledger:
        items = await whole.outbox(ledger, ready.ministry.id)
        assert sorted(item.entry.dispatch_id for item in items) == sorted(sent)
        assert len(set(sent)) == 70
