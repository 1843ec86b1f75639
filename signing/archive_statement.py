"""What the axis says of its archive after it has gone through all of it: how much there is, how much of it is
unchanged, and what is not. A sealed XML document; as a leaf of the log it can never be taken back.

    content = write(ArchiveStatement(...), Sealer(signer))
    verdict = verify(content, trust=..., at=...)          # like every other seal
    read(verdict).is_whole
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from signing.plain_document import written
from signing.seal import Sealer
from signing.verdict import Sound

NAMESPACE = "urn:national-axis:archive-statement:1"
NAMED_MOST = 1000
"""Damaged items that a statement names; it counts them all."""
_VIETNAM = timezone(timedelta(hours=7))


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
    fields = (
        ("Identifier", statement.identifier),
        ("Issuer", statement.issuer_id),
        ("Round", str(statement.round)),
        ("StartedAt", statement.started_at.astimezone(_VIETNAM).isoformat()),
        ("EndedAt", statement.ended_at.astimezone(_VIETNAM).isoformat()),
        ("Files", str(statement.blobs)),
        ("Bytes", str(statement.file_bytes)),
        ("Repaired", str(statement.repaired)),
        ("LogOrigin", statement.origin),
        ("LogSize", str(statement.size)),
        ("LogRoot", b64encode(statement.root).decode()),
        ("DamagedCount", str(statement.damaged_count)),
        *(("Damaged", one) for one in statement.damaged[:NAMED_MOST]),
    )
    document = written(NAMESPACE, "ArchiveStatement", fields)
    return sealer.seal_canonical(document, at=statement.ended_at)


def read(sound: Sound) -> ArchiveStatement:
    """Reads what was sealed. Raises `ValueError` when it is another document."""
    root = sound.root
    if root.tag != f"{{{NAMESPACE}}}ArchiveStatement":
        raise ValueError("it is no statement about an archive")
    found: dict[str, list[str]] = {}
    for child in root:
        found.setdefault(str(child.tag).removeprefix(f"{{{NAMESPACE}}}"), []).append(child.text or "")
    try:
        one = {name: values[0] for name, values in found.items()}
        return ArchiveStatement(
            identifier=one["Identifier"],
            issuer_id=one["Issuer"],
            round=int(one["Round"]),
            started_at=datetime.fromisoformat(one["StartedAt"]),
            ended_at=datetime.fromisoformat(one["EndedAt"]),
            blobs=int(one["Files"]),
            file_bytes=int(one["Bytes"]),
            repaired=int(one["Repaired"]),
            origin=one["LogOrigin"],
            size=int(one["LogSize"]),
            root=b64decode(one["LogRoot"], validate=True),
            damaged=tuple(found.get("Damaged", ())),
            damaged_count=int(one["DamagedCount"]),
        )
    except KeyError as missing:
        raise ValueError(f"the statement has no {missing}") from missing
