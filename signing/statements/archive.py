"""What the axis says of its archive after it has gone through all of it: how much there is, how much of it is
unchanged, and what is not. A sealed XML document; as a leaf of the log it can never be taken back.

    content = write(ArchiveStatement(...), Sealer(signer))
    verdict = verify(content, trust=..., at=...)          # like every other seal
    read(verdict).is_whole
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime

from signing.parser import text_of
from signing.seal import Sealer
from signing.spelling import local
from signing.statements.document import fields, moment, one, written
from signing.verdict import Sound

NAMESPACE = "urn:national-axis:archive-statement:1"
NAMED_MOST = 1000
"""Damaged items that a statement names; it counts them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveStatement:
    """One going-through of everything. Times are aware."""

    identifier: str
    issuer_id: str
    round: int
    started_at: datetime
    ended_at: datetime
    blobs: int
    """Archived files that were read to their last byte, or looked for in vain."""
    file_bytes: int
    repaired: int
    """Files that a replica gave back."""
    origin: str
    """The log, and its tree that every evidence and statement was held against."""
    size: int
    root: bytes
    damaged: tuple[str, ...]
    """Digests of files, ids of evidence and statements; at most `NAMED_MOST`."""
    damaged_count: int

    @property
    def is_whole(self) -> bool:
        """Nothing is missing and nothing was changed."""
        return self.damaged_count == 0


def write(statement: ArchiveStatement, sealer: Sealer) -> bytes:
    """Returns the sealed document. Its SigningTime is when the round ended."""
    said = (
        ("Identifier", statement.identifier),
        ("Issuer", statement.issuer_id),
        ("Round", str(statement.round)),
        ("StartedAt", local(statement.started_at)),
        ("EndedAt", local(statement.ended_at)),
        ("Files", str(statement.blobs)),
        ("Bytes", str(statement.file_bytes)),
        ("Repaired", str(statement.repaired)),
        ("LogOrigin", statement.origin),
        ("LogSize", str(statement.size)),
        ("LogRoot", b64encode(statement.root).decode()),
        ("DamagedCount", str(statement.damaged_count)),
        *(("Damaged", one) for one in statement.damaged[:NAMED_MOST]),
    )
    document = written(NAMESPACE, "ArchiveStatement", said)
    return sealer.seal_canonical(document, at=statement.ended_at)


def read(sound: Sound) -> ArchiveStatement:
    """Reads what was sealed. Raises `ValueError` when it is another document."""
    found = fields(sound.root, NAMESPACE, "ArchiveStatement")
    return ArchiveStatement(
        identifier=one(found, "Identifier"),
        issuer_id=one(found, "Issuer"),
        round=int(one(found, "Round")),
        started_at=moment(found, "StartedAt"),
        ended_at=moment(found, "EndedAt"),
        blobs=int(one(found, "Files")),
        file_bytes=int(one(found, "Bytes")),
        repaired=int(one(found, "Repaired")),
        origin=one(found, "LogOrigin"),
        size=int(one(found, "LogSize")),
        root=b64decode(one(found, "LogRoot"), validate=True),
        damaged=tuple(text_of(each) for each in found.get("Damaged", ())),
        damaged_count=int(one(found, "DamagedCount")),
    )
