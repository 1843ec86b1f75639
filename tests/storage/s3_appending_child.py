"""A process that appends to an upload in a bucket and never ends: `python -m tests.storage.s3_appending_child
ENDPOINT BUCKET ACCESS_KEY SECRET_KEY OWNER DIGEST`.

Reads the content from standard input, prints a line once it is all handed over, and waits to be killed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from storage.archive.base import CHUNK_BYTES
from storage.archive.s3 import Lock, S3Archive, Target


async def main() -> None:
    endpoint, bucket, access_key, secret_key, owner, digest = sys.argv[1:]
    content = sys.stdin.buffer.read()

    async def endless() -> AsyncIterator[bytes]:
        for start in range(0, len(content), CHUNK_BYTES):
            yield content[start : start + CHUNK_BYTES]
        print("handed over", flush=True)
        await asyncio.Event().wait()

    target = Target(endpoint=endpoint, bucket=bucket, access_key=access_key, secret_key=secret_key)
    archive = await S3Archive.open(target, lock=Lock.GOVERNANCE)
    await archive.append(owner, digest, 0, endless())


asyncio.run(main())
