"""Follows a log over plain HTTP, believing nothing: `following_child.py URL VKEY` prints a verdict a look.

sound 6
alarm LOG_TILE_ALTERED
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Sequence

from signing.log import LogPolicy, NotProven, Tile, open_checkpoint, read_vkey, tile_reader
from signing.reasons import Reason


def main(url: str, vkey: str) -> None:
    key = read_vkey(vkey)
    policy, leaves = LogPolicy(origin=key.name, keys=(key,)), tuple[bytes, ...]()

    def get(path: str) -> bytes:
        with urllib.request.urlopen(f"{url}/{path}", timeout=30) as answer:
            return bytes(answer.read())

    def tiles(wanted: Sequence[Tile]) -> Sequence[bytes]:
        return [get(tile.path) for tile in wanted]

    for _ in sys.stdin:  # a line asks for a look
        try:
            head = open_checkpoint(get("checkpoint"), policy).checkpoint
            if head.size < len(leaves):
                raise NotProven(Reason.LOG_ROLLBACK, "smaller")
            seen = tuple(tile_reader(head, tiles)([(0, index) for index in range(head.size)]))
            if seen[: len(leaves)] != leaves:
                raise NotProven(Reason.LOG_SPLIT_VIEW, "another beginning")
            leaves = seen
            print("sound", head.size, flush=True)
        except NotProven as refused:
            print("alarm", refused.reason, flush=True)
        except urllib.error.HTTPError as missing:
            print("alarm", missing.code, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
