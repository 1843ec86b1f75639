"""The directory's nouns: agencies, their certificates, and groups of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate that acts or signs for an agency."""

    sha256: str
    """Of its DER form."""
    pem: str
    role: str
    """`system`, `clerk`, `archivist` or `operator`."""
    may_connect: bool
    """It may be a TLS client certificate of the agency."""
    may_seal: bool
    """It may seal documents and statements in the agency's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Leave that an agency gives another one (a unit below it, a provider) to act in its name."""

    agency_id: str
    """Who may act, with its own certificates."""
    may_send: bool
    may_receive: bool
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an agency's systems take; the axis refuses beforehand what they do not."""

    attachment_bytes: int = 0
    """Largest file; 0 means no bound of its own."""
    kinds: frozenset[int] = frozenset({0, 1, 2, 3})
    """BussinessDocType."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One agency of the directory, or a unit below one.

    Its identifiers come normalised (`edxml.agency_id.normalise`): the store compares them as they
    are.
    """

    agency_id: str
    name: str
    aliases: tuple[str, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    active: bool = True
    parent_id: str = ""
    """The agency it is a unit of; empty for one that stands alone."""
    category: str = ""
    """`ministry`, `province`, ...: free text, folded to lower case, that groups may name."""
    capabilities: Capabilities = Capabilities()
    delegations: tuple[Delegation, ...] = ()
    since: datetime | None = None
    """From when it can send and be addressed; None from ever."""
    until: datetime | None = None
    """To when, exclusive; None for ever."""
    attributes: dict[str, str] = field(default_factory=dict)
    """Free facts for later needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A name for many recipients, resolved and frozen at submission. It shares the identifiers of agencies:
    no agency has the same one."""

    group_id: str
    name: str
    owner_id: str = ""
    """The agency that alone may see and address it; empty for everybody's."""
    members: tuple[str, ...] = ()
    """Agencies and other groups, by identifier."""
    categories: tuple[str, ...] = ()
    """All agencies (not units) of these categories are members too."""
    active: bool = True


Registered = Agency | Group
"""What the directory holds."""
