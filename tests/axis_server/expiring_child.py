"""A process that ends what is due in a ledger, as a node of the axis does, until nothing is.

python -m tests.axis_server.expiring_child LEDGER KEY CERTIFICATE NOW

It prints a line when it begins, and how many deliveries it ended itself once it is through; its log goes to
standard error.
"""

from __future__ import annotations

import asyncio
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import structlog

from axis_server.addressing.directory import DirectoryView
from axis_server.attest import Attestor
from axis_server.changes import Changes
from axis_server.delivering.expiring import Expiring
from axis_server.delivering.moving import Mover
from axis_server.limits.turns import Turns
from axis_server.metrics import Metrics
from signing.evidence import Party
from signing.keys import load_pem
from storage.ledger.sqlite import SqliteLedger


async def main(path: Path, key: Path, certificate: Path, now: datetime) -> None:
    ledger = await SqliteLedger.open(path)
    signer = load_pem(key, certificate)
    attestor = Attestor(
        issuer=Party(agency_id="axis.test"),
        signer=lambda: signer,
        new_id=lambda: str(uuid.uuid4()),
    )
    metrics = Metrics.make()
    with ThreadPoolExecutor(1) as workers:
        mover = Mover(
            ledger=ledger,
            attestor=attestor,
            directory=lambda: DirectoryView.of(()),
            changes=Changes(),
            workers=workers,
            turns=Turns(2),
        )
        expiring = Expiring(ledger=ledger, mover=mover, clock=lambda: now, metrics=metrics)
        print("begins", flush=True)
        while await ledger.due(at=now, limit=1):
            await expiring.sweep()
    await ledger.aclose()
    print(int(metrics.deadlines_passed.labels("handover")._value.get()), flush=True)


structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
path, key, certificate = map(Path, sys.argv[1:4])
asyncio.run(main(path, key, certificate, datetime.fromisoformat(sys.argv[4])))
