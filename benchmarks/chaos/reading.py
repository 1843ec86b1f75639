"""The final dump: all that the axis serves in the end, read by each agency through the wire, and the log over
plain HTTP. It is written as it came; what it means is the checker's to say."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from benchmarks.judging.account import Account
from benchmarks.judging.reading import read, unsettled
from benchmarks.judging.wire import Wire
from benchmarks.soak.country import House

SETTLED_WITHIN = 120.0
"""Seconds within which the axis must have ended everything after the last deadline passed."""
SEALS = 10
"""One evidence in so many has its seal checked with libxmlsec1."""
TILE = 256
LOG_PORT = 9465


async def read_all(record: Path, houses: Mapping[str, House], address: str, host: str) -> None:
    """Waits until everything has ended, for a time, and reads it."""
    account = Account()
    wires = {
        name: Wire(address, house.profile, account, random.Random(name)) for name, house in houses.items()
    }
    try:
        last = time.monotonic() + SETTLED_WITHIN
        while await unsettled(wires) and time.monotonic() < last:
            await asyncio.sleep(0.5)
        served = await read(wires, record / "ca.pem", SEALS, keep=True)
        for name, wire in wires.items():
            for sent in served.sent[name]:
                for number in range(len(sent.digests)):
                    await wire.fetch(sent.dispatch_id, number)
    finally:
        for wire in wires.values():
            await wire.close()
    checkpoint, leaves = await asyncio.to_thread(read_log, f"http://{host}:{LOG_PORT}")
    dump = {
        "sent": {name: [_sent(one) for one in outbox] for name, outbox in served.sent.items()},
        "events": served.events,
        "verified": served.verified,
        "broken": served.broken,
        "contents": {one: base64.b64encode(content).decode() for one, content in served.contents.items()},
        "fetched": [[*part, sorted(digests)] for part, digests in account.fetched.items()],
        "checkpoint": checkpoint,
        "leaves": base64.b64encode(leaves).decode(),
    }
    (record / "dump.json").write_text(json.dumps(dump, ensure_ascii=False))


def _sent(sent: object) -> list[object]:
    return [getattr(sent, name) for name in FIELDS]


FIELDS = ("dispatch_id", "document_id", "kind", "digests", "deliveries", "proofs", "statements")


def read_log(url: str) -> tuple[str, bytes]:
    """Returns the newest checkpoint and the hashes of all its leaves, 32 bytes each."""
    checkpoint = _get(f"{url}/checkpoint").decode()
    size = int(checkpoint.splitlines()[1])
    leaves = b""
    for number in range((size + TILE - 1) // TILE):
        width = min(TILE, size - number * TILE)
        path = "/".join([f"x{part:03d}" for part in _thousands(number)[:-1]] + [f"{number % 1000:03d}"])
        leaves += _get(f"{url}/tile/0/{path}" + (f".p/{width}" if width < TILE else ""))
    return checkpoint, leaves


def _thousands(number: int) -> list[int]:
    return [*(_thousands(number // 1000) if number >= 1000 else []), number % 1000]


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
    return content
