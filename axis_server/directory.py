"""The directory as the axis uses it: a snapshot in memory, replaced when the kept one changed."""

from __future__ import annotations

from collections.abc import Iterable

from axis_server.caller import Caller
from storage.ledger.base import Agency, Certificate


class DirectoryView:
    """One snapshot; immutable. Identifiers are compared trimmed and in upper case."""

    @classmethod
    def of(cls, agencies: Iterable[Agency]) -> DirectoryView:
        raise NotImplementedError

    def resolve(self, identifier: str) -> Agency | None:
        """Finds an agency by its canonical id or any alias; suspended ones too."""
        raise NotImplementedError

    def caller(self, certificate_sha256: str) -> Caller | None:
        """Finds who may connect with this certificate; suspended agencies too."""
        raise NotImplementedError

    def sealer(self, certificate_sha256: str) -> tuple[Agency, Certificate] | None:
        """Finds for whom this certificate may seal."""
        raise NotImplementedError


class DirectoryWatch:
    """Keeps the newest view: `view()` is free of waiting; `refresh()` asks the store whether it changed.
    `follow(interval)` is the owned task that refreshes; a store that does not answer leaves the last view in force."""

    # DirectoryWatch(directory: storage.ledger.base.Directory)
    # async def refresh(self) -> None
    # def view(self) -> DirectoryView
    # async def follow(self, interval: float) -> None
