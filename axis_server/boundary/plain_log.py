"""The log over plain HTTP, as C2SP tlog-tiles has it: `/checkpoint` and `/tile/…`; beside them
`/successions`, how its keys followed each other; and nothing else.

Whoever asks is not asked who they are: hashes tell nothing of a document. Entries are not served
(docs/decisions/0012).
"""

from __future__ import annotations

from axis_server.boundary.log import FULL
from axis_server.errors import Declined
from axis_server.transparency.proofs import Proofs
from plainhttp import Reply, Request
from signing.log import Tile, parse_path, write_successions
from storage.errors import Unavailable

CHECKPOINT, SUCCESSIONS = "/checkpoint", "/successions"
HASHES = "application/octet-stream"
FRESH = (("Cache-Control", "no-cache"),)
"""A checkpoint is old when the next one is signed."""
FOR_EVER = (("Cache-Control", "public, max-age=31536000, immutable"),)
"""A full tile never changes."""
FOR_A_WHILE = (("Cache-Control", "public, max-age=3600"),)
"""Neither does a partial one; but a wider one takes its place."""
SOON = (("Cache-Control", "no-store"), ("Retry-After", "5"))


class PlainLog:
    """Answers requests; `Proofs` knows the log. Holds nothing itself."""

    def __init__(self, *, proofs: Proofs) -> None:
        self._proofs = proofs

    async def __call__(self, request: Request) -> Reply:
        if request.method not in ("GET", "HEAD"):
            return Reply(status=405, headers=(("Allow", "GET, HEAD"),))
        try:
            if request.path == CHECKPOINT:
                newest, _ = await self._proofs.checkpoint()
                return Reply(body=newest.content, headers=FRESH)
            if request.path == SUCCESSIONS:
                return Reply(body=write_successions(self._proofs.successions()), headers=FRESH)
            return await self._tile(request.path)
        except Declined:
            return Reply(status=404, headers=FRESH)
        except Unavailable:
            return Reply(status=503, headers=SOON)

    async def _tile(self, path: str) -> Reply:
        try:
            tile = parse_path(path.removeprefix("/"))
        except ValueError:
            return Reply(status=404)
        if not isinstance(tile, Tile) or not path.startswith("/"):
            return Reply(status=404)
        content = await self._proofs.tile(tile)
        return Reply(body=content, kind=HASHES, headers=FOR_EVER if tile.width == FULL else FOR_A_WHILE)
