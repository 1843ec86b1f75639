"""A real axis process, and strangers that connect at the same time, again and again."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from benchmarks.subjects import axis, make_world, running

pytestmark = pytest.mark.xdist_group("axis process")
AT_ONCE, EACH = 32, 25


async def connect(host: str, port: int, trust: ssl.SSLContext) -> None:
    """Begins a handshake without a certificate, as often as it says; the axis may turn it away."""
    for _ in range(EACH):
        try:
            _, writer = await asyncio.open_connection(host, port, ssl=trust)
        except ssl.SSLError:
            continue
        writer.close()


async def test_an_axis_outlives_many_handshakes_at_the_same_time(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    trust = ssl.create_default_context(cafile=str(tmp_path / "axis" / "ca" / "ca.pem"))
    with running("axis", axis(world), tmp_path / "axis.log") as subject:
        host, port = subject.address.rsplit(":", 1)
        await asyncio.gather(*(connect(host, int(port), trust) for _ in range(AT_ONCE)))
        state = Path(f"/proc/{subject.pid}/stat").read_text().rpartition(")")[2].split()[0]
        assert state != "Z", "the process died of a handshake"
