"""What can go wrong in a store, as a caller would act on it.

StorageError
├── NotFound            absent, or not yet durable
├── Corrupt             bytes that do not hash to their name: an alarm, never served
├── DigestMismatch      what was uploaded is not what was announced; nothing was kept
├── Locked              the store keeps a blob, `until` a time where it says so: nobody removes it before
├── OffsetMismatch      an upload went on at the wrong place; `offset` says where to go on
├── Conflict            someone else moved first; `current` is what stands now
├── Changed             an agency or group is kept otherwise than it was read: read it again
├── LeaseLost           someone else may have the delivery in hand, or nobody; take it again
├── AsidesFull          the agency has set aside as much as it may; it takes something up first
├── DocumentIdTaken     this sender used this document id with other bytes; `dispatch_id` holds it
├── StatementTaken      this statement is kept for another dispatch, `dispatch_id`
├── Disposed            the dispatch was disposed of, by the order `order_id`
├── DecidedSince        decisions were made since the last one that was looked at: look again
├── SchemaTooNew        a newer program has written this ledger: run that one; nothing was touched
├── SchemaTooOld        an older program has written this ledger, or none: it is upgraded where it is written
├── NotALedger          the file is something else; nothing was touched
└── Unavailable         the store did not answer; nothing is known about the effect: walk the same road again
    ├── StoreFull       no room; nothing was kept
    └── Misconfigured   the store answers, and not as it must: the sentence says what to set right
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.ledger.records import Delivery


class StorageError(Exception):
    """Root of the room's errors."""


class NotFound(StorageError):
    """The thing is absent."""


class Corrupt(StorageError):
    """Stored bytes do not hash to their name, or are gone."""

    def __init__(self, digest: str, detail: str = "the bytes do not hash to their name") -> None:
        super().__init__(f"{digest}: {detail}")
        self.digest = digest
        """The blob to restore."""
        self.detail = detail


class DigestMismatch(StorageError):
    """Bytes given do not hash to the digest they were announced under, or are more or fewer than
    announced."""


class Locked(StorageError):
    """The store refuses to remove a blob: it is retained, or held."""

    def __init__(self, digest: str, until: datetime | None) -> None:
        when = "it is held" if until is None else f"until {until.isoformat(timespec='seconds')}"
        super().__init__(f"{digest} is locked by the store: {when}")
        self.until = until


class OffsetMismatch(StorageError):
    """An upload was continued at another place than where it ended."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"go on at byte {offset}")
        self.offset = offset


class Conflict(StorageError):
    """A compare-and-swap lost."""

    def __init__(self, current: Delivery) -> None:
        super().__init__(f"delivery stands at {current.state}, version {current.version}")
        self.current = current


class Changed(StorageError):
    """What is kept of an agency is not what its writer had read."""


class LeaseLost(StorageError):
    """A lease is not (any more) the one in force."""


class AsidesFull(StorageError):
    """An agency has set aside as much as it may at a time."""


class DocumentIdTaken(StorageError):
    """A new document came under a document id that its sender has used before with other bytes."""

    def __init__(self, dispatch_id: str) -> None:
        super().__init__(f"held by dispatch {dispatch_id}")
        self.dispatch_id = dispatch_id


class StatementTaken(StorageError):
    """A statement came for one dispatch that is kept for another."""

    def __init__(self, dispatch_id: str) -> None:
        super().__init__(f"kept for dispatch {dispatch_id}")
        self.dispatch_id = dispatch_id


class Disposed(StorageError):
    """A dispatch was disposed of: nothing more can be decided about it."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"disposed of by order {order_id}")
        self.order_id = order_id


class DecidedSince(StorageError):
    """Something was decided about how long dispatches are kept, after it was read."""


class SchemaTooNew(StorageError):
    """The ledger was written by a newer program than this one."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"the ledger has schema {found}, this program knows up to {known}: run the newer program"
        )
        self.found = found
        self.known = known


class SchemaTooOld(StorageError):
    """The ledger was written by an older program than this one, and was opened for reading alone."""

    def __init__(self, found: int, known: int) -> None:
        stands = f"has schema {found}" if found else "is not there yet"
        super().__init__(f"the ledger {stands}; `axis-server run` brings it to schema {known}")
        self.found = found
        self.known = known


class NotALedger(StorageError):
    """The file to be opened is not a ledger."""


class Unavailable(StorageError):
    """The store did not answer, or not in time; the operation may or may not have taken effect."""


class StoreFull(Unavailable):
    """The store has no room left."""


class Misconfigured(Unavailable):
    """The store can be reached but cannot serve until an operator has set something right: a key, a bucket, a
    right, a switch. The sentence names it."""
