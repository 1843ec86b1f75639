"""Who is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an agency's systems take."""

    attachment_bytes: int = 0
    """Largest file; 0 means no bound of its own."""
    kinds: tuple[int, ...] = (0, 1, 2, 3)
    """BussinessDocType."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An agency, or a unit below one."""

    agency_id: str
    name: str
    aliases: tuple[str, ...] = ()
    active: bool = True
    parent_id: str = ""
    category: str = ""
    capabilities: Capabilities = Capabilities()
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""
    mailbox_id: str = ""
    """The agency whose systems take what is sent to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A name for many recipients: a package may name it in To."""

    group_id: str
    name: str
    owner_id: str = ""
    members: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGone:
    """A group that the caller sees no more."""

    group_id: str


DirectoryEntry = Agency | Group | GroupGone


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who the caller is to the axis, and what the axis is."""

    agency: Agency
    role: str
    """`system`, `clerk`, `archivist` or `operator`."""
    certificate_sha256: str
    axis_id: str
    axis_certificates: tuple[x509.Certificate, ...]
    """With these the axis signs evidence; the caller's own trust must vouch for them."""
    max_message_bytes: int
    max_attachment_bytes: int
