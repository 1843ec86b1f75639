"""What became of what was asked: sent, fetched, answered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from axis_client.model.deliveries import Delivery, Dispatch
from axis_client.model.proofs import Evidence, Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What the axis answered to a submission; nothing in it is verified yet."""

    dispatch: Dispatch
    evidence: tuple[Evidence, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What the axis answered to a statement; nothing in it is verified yet."""

    delivery: Delivery
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A document that the axis verifiably accepted: every evidence here was checked against what was sent."""

    dispatch: Dispatch
    recipients: tuple[str, ...]
    """As the SubmissionAcceptance names them."""
    evidence: tuple[Proof, ...]
    """SubmissionAcceptance first, then ContentConsignment."""
    warnings: tuple[str, ...]
    sealed: bytes
    """The very bytes that were sent. Keep them: sent again, they are the same dispatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """One file on disk."""

    path: Path
    sha256: str
    size: int
    part: int
    """Number of the part it came from."""
    unwrapped: bool = False
    """It is the content of a one-file ZIP, which stands beside it as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A dispatch on disk, complete, every digest equal to the sender's seal and to the axis's evidence. Only
    `AsyncClient.fetch` makes one, and a hand-over asks for it."""

    dispatch: Dispatch
    directory: Path
    files: tuple[FetchedFile, ...]
    """The package first."""
    signer: x509.Certificate
    """Whose key sealed the package."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """The original and what lay beside it, byte for byte as the axis keeps them, equal to its evidence. The
    seal was not judged: `axis verify` does that, at any time that is asked for."""

    dispatch: Dispatch
    directory: Path
    files: tuple[FetchedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A statement that the axis verifiably took."""

    delivery: Delivery
    evidence: tuple[Proof, ...]
    statement: bytes
    """The sealed status package that was sent; empty when the delivery already stood there."""
    fetched: Fetched | None = None
    """What was taken to disk on the way, where that was still to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadState:
    offset: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a transfer is, in bytes."""

    name: str
    done: int
    total: int
