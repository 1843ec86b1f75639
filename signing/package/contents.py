"""What goes into an evidence package, as whoever collected it holds it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from signing.evidence.events import EventLabel
from signing.log import LogPolicy, Succession
from signing.reading import open_regular
from signing.renewal import Trusted
from signing.trust import TrustStore

CHUNK = 1 << 20
"""Bytes of an attachment in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom a package's parts are judged by."""

    seals: TrustStore
    """For evidence, documents, statements and the package's own seal."""
    log: LogPolicy | None = None
    """None: proofs are not checked, which is said as a warning."""
    trusted: Trusted = field(default_factory=dict)
    """Until when a hash algorithm is trusted, such as `sha256`; what is not here has no end."""
    time: TrustStore | None = None
    """The authorities trusted with time; None: time-stamps are not checked, which is said as a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that lies beside the original; of any size."""

    name: str
    """As it was sent, whatever its spelling."""
    sha256: str
    size: int
    chunks: Callable[[], Iterator[bytes]] = field(repr=False)
    """Its bytes in pieces, read once."""
    ending: str = ""
    """Such as `.zip`, behind the name in the package, where the bytes are of another kind than the name
    says."""

    @classmethod
    def of_file(cls, path: Path, *, name: str) -> Attachment:
        """Measures a file now and reads it when the package is written. Raises `OSError`."""
        with open_regular(path) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return cls(name=name, sha256=digest, size=file.tell(), chunks=lambda: _chunks(path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An evidence document of the axis."""

    content: bytes
    proof: bytes | None = None
    """Its `.tlog-proof` file."""
    renewal: bytes | None = None
    """Its archive record (RFC 4998)."""
    grown: bytes | None = None
    """Its XAdES-B-T form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An agency's own sealed statement, such as status 03."""

    content: bytes
    agency_id: str
    """Who states it; words for the page, as `label` is. What counts is the seal."""
    label: EventLabel
    code: str = ""
    """Status code, for the file's name."""
    proof: bytes | None = None
    renewal: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A checkpoint of the log, and a time-stamp over its very bytes."""

    checkpoint: bytes
    token: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """What proves that the document itself was lawfully destroyed: then it is not in the package."""

    original: str
    """SHA-256 of the package that was destroyed."""
    order: bytes
    approvals: tuple[bytes, ...] = ()
    destruction: bytes
    """The axis's evidence of destruction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What the page says of the document at its top; words of the document, judged by nobody."""

    subject: str = ""
    code: str = ""
    """Number and notation."""
    promulgated: str = ""
    kind: EventLabel = field(default_factory=lambda: EventLabel(vietnamese="", english=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything about one dispatch. The same contents, written with the same key, are the same bytes."""

    original: bytes = b""
    """The sealed package, as it was sent; nothing where `disposal` is given."""
    disposal: Disposal | None = None
    attachments: tuple[Attachment, ...] = ()
    records: tuple[Evidence | Statement, ...]
    """In the order in which the axis took them."""
    stamps: tuple[Stamped, ...] = ()
    successions: tuple[Succession, ...] = ()
    """How the keys that signed the proofs' checkpoints followed older ones."""
    trust: Trust
    """By this the page's verdicts are made; the chains that it leads to go into the package."""
    certificates: tuple[x509.Certificate, ...] = ()
    """On top of those chains, such as a time-stamping authority's."""
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    answers: tuple[bytes, ...] = ()
    """OCSP responses, DER."""
    headline: Headline = field(default_factory=Headline)

    @property
    def sha256(self) -> str:
        """Of the original."""
        return self.disposal.original if self.disposal else hashlib.sha256(self.original).hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with open_regular(path) as file:
        while piece := file.read(CHUNK):
            yield piece
