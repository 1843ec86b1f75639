"""A process that puts the blobs 0 to COUNT: `python -m tests.storage.putting_child ROOT COUNT`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from storage.archive.files import FilesArchive
from tests.storage.blobs import content_of, digest_of, stream


async def main() -> None:
    archive = FilesArchive(Path(sys.argv[1]))
    contents = [content_of(100 * seed, seed) for seed in range(int(sys.argv[2]))]
    await asyncio.gather(*(archive.put(digest_of(one), stream(one)) for one in contents))
    await archive.aclose()


asyncio.run(main())
