"""The S3 store on a host of its own: Ceph's Object Gateway, and a door before it that misbehaves on demand.

with Store.begun(room, host) as store:
    store.target                                  # for the nodes' settings
    store.door.trouble("", "", Trouble.HALF, times=-1)
    store.door.heal()
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.network import Host
from storage.archive.s3 import Target
from tests.storage.ceph import Ceph
from tests.storage.troubled import Door

PORT = 9000


@dataclass(frozen=True, slots=True)
class Store:
    """A running store with an empty, versioned, locking bucket."""

    door: Door
    target: Target

    @classmethod
    @contextmanager
    def begun(cls, room: Path, host: Host) -> Iterator[Store]:
        """Starts it; what it starts is on that host, since a thread there does it."""
        room.mkdir()
        stack = ExitStack()

        def begin() -> Store:
            ceph = stack.enter_context(Ceph.started(room))
            door = stack.enter_context(Door.before(ceph.endpoint, host=host.address, port=PORT))
            made = ceph.bucket(lock=True)
            target = Target(
                endpoint=door.endpoint,
                bucket=made.bucket,
                access_key=made.access_key,
                secret_key=made.secret_key,
            )
            return cls(door, target)

        with stack:
            yield host.entering.submit(begin).result()
