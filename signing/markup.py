"""Markup counted and found in the bytes themselves, before any parser and without one.

One token pattern tells tags, comments, CDATA and processing instructions apart exactly as XML does, for every
document that is well-formed; where one is not, libxml2 stops at the same place. It never looks at a byte
twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    rb"""<(?:
        (?P<tag> (?:/|[^!?/<>"'\s]) [^<>"']*+ (?: "[^"<]*+" [^<>"']*+ | '[^'<]*+' [^<>"']*+ )*+ ) >
      | (?P<cdata> !\[CDATA\[ .*? (?: \]\]> | \Z ) )
      | !-- .*? (?: --> | \Z )
      | \? .*? (?: \?> | \Z )
    )""",
    re.VERBOSE | re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"""=\s*+(?:"[^"]*+"|'[^']*+')""")
_SPACE = re.compile(rb"\s*")
_BEFORE_ROOT = ((b"<!--", b"-->"), (b"<?", b"?>"))
_LAST_TAG = re.compile(rb"</[^<>]*+>\s*+\Z")
_SLASH = 0x2F


class Flood(Exception):
    """More of something than may be read; the message says of what."""


def has_doctype(utf8: bytes) -> bool:
    """Tells whether a DOCTYPE stands before the root: behind it none is well-formed."""
    if b"<!DOCTYPE" not in utf8:
        return False
    at = len(b"\xef\xbb\xbf") if utf8.startswith(b"\xef\xbb\xbf") else 0
    while True:
        space = _SPACE.match(utf8, at)
        at = space.end() if space else at
        ends = [end for begin, end in _BEFORE_ROOT if utf8.startswith(begin, at)]
        if not ends:
            return utf8.startswith(b"<!DOCTYPE", at)
        found = utf8.find(ends[0], at + len(ends[0]))
        if found < 0:
            return False
        at = found + len(ends[0])


def check_floods(utf8: bytes, *, elements: int, attributes: int, namespaces: int, text: int) -> None:
    """Raises `Flood` when a document has more than it may.

    `elements` bounds the elements and, together, all attributes; `attributes` those of one element;
    `namespaces` the declarations in scope at one place; `text` the bytes of one text. Documents with few
    equals signs need no look at their tags: every attribute has one.
    """
    if utf8.count(b"<") > elements and utf8.count(b"<") - utf8.count(b"</") > elements:
        raise Flood(f"more than {elements} elements")
    equals = utf8.count(b"=")
    if equals > elements:
        raise Flood(f"more than {elements} attributes")
    if equals > attributes or utf8.count(b"xmlns") > namespaces:
        _check_tags(utf8, attributes, namespaces)
    if len(utf8) > text:
        _check_text(utf8, text)


def _check_tags(utf8: bytes, attributes: int, namespaces: int) -> None:
    scopes = [0]
    for token in _TOKEN.finditer(utf8):
        tag = token["tag"]
        if tag is None:
            continue
        if tag[0] == _SLASH:
            if len(scopes) > 1:
                scopes.pop()
            continue
        scope = scopes[-1]
        if b"=" in tag:
            if tag.count(b"=") > attributes and len(_ATTRIBUTE.findall(tag)) > attributes:
                raise Flood(f"an element with more than {attributes} attributes")
            scope += tag.count(b"xmlns")
            if scope > namespaces:
                raise Flood(f"more than {namespaces} namespace declarations in scope")
        if tag[-1] != _SLASH:
            scopes.append(scope)


def _check_text(utf8: bytes, text: int) -> None:
    start = end = 0
    for token in _TOKEN.finditer(utf8):
        if token["cdata"] is None:
            if token.start() - start > text:
                break
            start = token.end()
        end = token.end()
    else:
        if max(end, len(utf8)) - start <= text:
            return
    raise Flood(f"a text of more than {text} bytes")


def tags(utf8: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yields start, end and inside (`/edXML:To`, `Fax/`, `a b="1"`) of every tag, in document order."""
    for token in _TOKEN.finditer(utf8):
        if token["tag"] is not None:
            yield token.start(), token.end(), token["tag"]


def end_of_element(utf8: bytes, number: int) -> tuple[int, int, bytes]:
    """Returns start, end and inside of the tag that closes the element `number` (0 the root, in document
    order).

    It is the element's own tag when that is empty (`<a/>`). Raises `LookupError` when there is none.
    """
    if number == 0 and (last := _LAST_TAG.search(utf8, max(0, utf8.rfind(b"</")))):
        return last.start(), utf8.rfind(b">") + 1, utf8[last.start() + 1 : utf8.rfind(b">")]
    seen, depth, wanted = -1, 0, -1
    for start, end, tag in tags(utf8):
        if tag[0] == _SLASH:
            if depth == wanted:
                return start, end, tag
            depth -= 1
            continue
        seen += 1
        empty = tag[-1] == _SLASH
        if seen == number:
            if empty:
                return start, end, tag
            wanted = depth + 1
        depth += not empty
    raise LookupError(number)


def with_last_child(utf8: bytes, number: int, child: bytes) -> bytes:
    """Returns `utf8` with the text `child` as the last child of the element `number`, which is opened when it
    is an empty tag. Every other byte stays. Raises `LookupError` as `end_of_element`."""
    start, end, tag = end_of_element(utf8, number)
    if not tag.endswith(b"/"):
        return b"".join((utf8[:start], child, utf8[start:]))
    name = tag[:-1].split(None, 1)[0]
    return b"".join((utf8[: end - 2], b">", child, b"</", name, b">", utf8[end:]))


def without_element(utf8: bytes, number: int) -> bytes:
    """Returns `utf8` without the element `number`, from its first bracket to its last; every other byte
    stays.

    Raises `LookupError` as `end_of_element`.
    """
    seen = -1
    for start, _, tag in tags(utf8):
        seen += tag[0] != _SLASH
        if seen == number:
            return utf8[:start] + utf8[end_of_element(utf8, number)[1] :]
    raise LookupError(number)
