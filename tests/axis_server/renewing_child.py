"""A process that does what is due for renewal, as a node of the axis does, until nothing is.

python -m tests.axis_server.renewing_child LEDGER ARCHIVE AUTHORITY-URL AUTHORITY-ROOT NOW DIGEST END READS

SHA-256 is trusted until END. Behind READS pieces that were read it says "held", and waits to be killed.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from axis_server.archiving.renewing import Renewing, Rules
from axis_server.archiving.volumes import Trees
from axis_server.metrics import Metrics
from axis_server.transparency.authorities import Authority, Requesting
from storage.archive.files import FilesArchive
from storage.ledger.sqlite import SqliteLedger

YEAR = timedelta(days=365)


async def main(
    ledger_at: Path,
    archive_at: Path,
    url: str,
    root: Path,
    now: datetime,
    digest: str,
    end: datetime,
    most: int,
) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    ledger, archive, read = await SqliteLedger.open(ledger_at), FilesArchive(archive_at), 0

    async def paced(_: int) -> None:
        nonlocal read
        read += 1
        if read > most:
            print("held", flush=True)
            await asyncio.Event().wait()

    renewing = Renewing(
        ledger=ledger,
        trees=Trees(ledger=ledger, archive=archive),
        authorities=[Authority(name="tsa", url=url, anchors=(root,), crls=(), policy=None, every=YEAR)],
        rules=Rules(every=YEAR, lead=YEAR, digest=digest, trusted={"sha256": end}),
        requesting=Requesting(workers=None, clock=lambda: now, nonce=lambda: secrets.randbits(127)),
        metrics=Metrics.make(),
    )
    while (task := await renewing.due()) is not None:
        await renewing.do(task, paced)
    await ledger.aclose()
    await archive.aclose()


ledger_at, archive_at, url, root, now, digest, end, most = sys.argv[1:]
times = datetime.fromisoformat(now), datetime.fromisoformat(end)
asyncio.run(main(Path(ledger_at), Path(archive_at), url, Path(root), times[0], digest, times[1], int(most)))
