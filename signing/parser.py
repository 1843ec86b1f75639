"""The one XML parser of the project: no DTD, no entities, no network, bounds on everything.

Every XML byte that comes from outside passes here and nowhere else.

    data -> encoding (UTF-8, UTF-16, ISO-8859-1) -> no DOCTYPE -> no flood (`signing.markup`) -> libxml2 ->
    depth

What may cost memory is counted before libxml2 sees the bytes. Depth costs none of it: libxml2 stops by itself
at 256 (2048 in large documents) without recursion, and the tree is measured afterwards.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from lxml import etree

from signing.markup import Flood, check_floods, has_doctype
from signing.verdict import Reason

_LIBXML2_TEXT_LIMIT = 10_000_000
"""Beyond this many bytes libxml2 needs `huge_tree`; below, its own limits stay on as a second fence."""

_DECLARATION = re.compile(
    r"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')"""
    r"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*"""
    r"""(?P<quote>["'])(?P<encoding>[A-Za-z][A-Za-z0-9._-]*)(?P=quote))?"""
    r"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>"""
)
_DECLARATION_LENGTH = 512
"""Characters within which an XML declaration must end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a document may cost. Counted before or while it is parsed, never after memory was spent."""

    bytes: int = 64 << 20
    depth: int = 64
    elements: int = 200_000
    """Elements; also the most attributes that a whole document may have."""
    attributes: int = 64
    """Of one element, namespace declarations included."""
    namespaces: int = 40
    """Namespace declarations in scope at one place: inclusive canonical forms cost their square at each
    element."""
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

    UTF-8 (with or without BOM), UTF-16 and ISO-8859-1 are read; any other encoding, a DOCTYPE or an entity is
    refused before libxml2 sees it. Raises `Malformed`.
    """
    if len(data) > limits.bytes:
        raise Malformed(Reason.XML_TOO_LARGE, f"more than {limits.bytes} bytes")
    utf8 = _as_utf8(data)
    if has_doctype(utf8):
        raise Malformed(Reason.XML_FORBIDDEN, "the document has a DOCTYPE")
    try:
        check_floods(
            utf8,
            elements=limits.elements,
            attributes=limits.attributes,
            namespaces=limits.namespaces,
            text=limits.text,
        )
    except Flood as flood:
        raise Malformed(Reason.XML_TOO_LARGE, str(flood)) from flood
    root = _libxml2(utf8)
    if _deeper_than(limits.depth)(root):
        raise Malformed(Reason.XML_TOO_LARGE, f"elements nest deeper than {limits.depth}")
    return root


def text_of(element: etree._Element | None) -> str:
    """Returns the whole text of an element, also when comments or processing instructions stand inside it.

    Empty for None.
    """
    if element is None:
        return ""
    if len(element) == 0:
        return element.text or ""
    return str(_STRING_VALUE(element))


_STRING_VALUE = etree.XPath("string(.)")


def encoding_of(data: bytes) -> str:
    """Returns how `data` is encoded: `utf-8`, `utf-8-sig`, `utf-16-le`, `utf-16-be` (these with a BOM) or
    `iso-8859-1`. The byte order mark and the declaration must agree. Raises `Malformed`."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        found = "utf-16-le" if data[0] == 0xFF else "utf-16-be"
        head = data[2 : 2 * _DECLARATION_LENGTH].decode(found, "replace").encode()
        return _agreed(found, _declared(head), "utf-16")
    if data.startswith(b"\xef\xbb\xbf"):
        return _agreed("utf-8-sig", _declared(data[3:]), "utf-8")
    if data[:2] in (b"<\0", b"\0<"):
        raise Malformed(Reason.XML_FORBIDDEN, "UTF-16 without a byte order mark")
    declared = _declared(data)
    return "iso-8859-1" if declared == "iso-8859-1" else _agreed("utf-8", declared, "utf-8")


def _declared(data: bytes) -> str | None:
    """The encoding that the XML declaration names, in lower case; None when it names none."""
    if not data.startswith((b"<?xml ", b"<?xml\t", b"<?xml\r", b"<?xml\n")):
        return None
    return _read_declaration(data[: data.find(b"?>", 0, _DECLARATION_LENGTH) + 2])


@functools.lru_cache(maxsize=64)
def _read_declaration(text: bytes) -> str | None:
    declaration = _DECLARATION.fullmatch(text.decode("latin-1"))
    if declaration is None:
        raise Malformed(Reason.XML_MALFORMED, "the XML declaration is not that of an XML 1.0 document")
    encoding = declaration["encoding"]
    return encoding.lower() if encoding else None


def _agreed(found: str, declared: str | None, allowed: str) -> str:
    if declared is None or declared == allowed:
        return found
    raise Malformed(
        Reason.XML_FORBIDDEN, "the declared encoding is not UTF-8, UTF-16 or ISO-8859-1, or not the one used"
    )


def _as_utf8(data: bytes) -> bytes:
    """`data` itself when it is UTF-8; else recoded, without the declaration that no longer holds."""
    encoding = encoding_of(data)
    if encoding in ("utf-8", "utf-8-sig"):
        return data
    try:
        text = data.decode(encoding)
        text = text.removeprefix("\ufeff")
        return _DECLARATION.sub("", text, count=1).encode() if text.startswith("<?xml") else text.encode()
    except UnicodeError as error:
        raise Malformed(Reason.XML_MALFORMED, f"the bytes are not {encoding}") from error


def _libxml2(utf8: bytes) -> etree._Element:
    # A parser of its own for every document: cheap (about 1.5 µs), and threads never wait for one another's
    # lock.
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        recover=False,
        collect_ids=False,
        huge_tree=len(utf8) > _LIBXML2_TEXT_LIMIT,
    )
    try:
        root = etree.fromstring(utf8, parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_RESOURCE_LIMIT:  # type: ignore[attr-defined]  # missing in the stubs
            raise Malformed(Reason.XML_TOO_LARGE, "a depth or a length beyond what may be read") from error
        line, column = error.position
        raise Malformed(Reason.XML_MALFORMED, f"not well-formed at line {line}, column {column}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Malformed(Reason.XML_FORBIDDEN, "the document has a DOCTYPE")
    return root


@functools.cache
def _deeper_than(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")
