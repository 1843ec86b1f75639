"""A process that appends to an upload and never ends: `python -m tests.storage.appending_child ROOT OWNER
DIGEST`.

Reads the content from standard input, prints a line once it is all handed over, and waits to be killed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from storage.archive.files import FilesArchive


async def main() -> None:
    root, owner, digest = sys.argv[1:]
    content = sys.stdin.buffer.read()

    async def endless() -> AsyncIterator[bytes]:
        yield content
        print("handed over", flush=True)
        await asyncio.Event().wait()

    await FilesArchive(Path(root)).append(owner, digest, 0, endless())


asyncio.run(main())
