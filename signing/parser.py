"""The one XML parser of the project: no DTD, no entities, no network, bounds on everything.

Every XML byte that comes from outside passes here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from signing.verdict import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a document may cost. Counted before or while it is parsed, never after memory was spent."""

    bytes: int = 64 << 20
    depth: int = 64
    elements: int = 200_000
    attributes: int = 64
    """Of one element, namespace declarations included."""
    text: int = 64 << 20
    """Characters of one text node: an inline attachment is one."""


DEFAULT_LIMITS = Limits()


class Malformed(Exception):
    """The bytes are not an XML document that may be read here."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        """`XML_MALFORMED`, `XML_FORBIDDEN` (DTD, entity, encoding) or `XML_TOO_LARGE`."""
        self.detail = detail


def parse(data: bytes, limits: Limits = DEFAULT_LIMITS) -> etree._Element:
    """Parses `data` and returns the root; comments and processing instructions are still in the tree.

    UTF-8 (with or without BOM), UTF-16 and ISO-8859-1 are read; any other encoding, a DOCTYPE or an entity is refused
    before libxml2 sees it. Raises `Malformed`.
    """
    raise NotImplementedError


def text_of(element: etree._Element | None) -> str:
    """Returns the whole text of an element, also when comments or processing instructions stand inside it; empty for None."""
    raise NotImplementedError
