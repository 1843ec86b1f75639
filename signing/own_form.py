"""The form of what the axis states about itself: a small XML document in a namespace of its own, in its
canonical form, which is sealed as it is.

    document = write("ArchiveStatement", NAMESPACE, [("Round", "3"), ("Change", [("Of", "G22")])])
    sealer.seal_canonical(document, at=now)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lxml import etree

PREFIX = "urn:national-axis:"
"""Namespaces of the axis's own statements begin with this; only the axis may sign documents in them."""
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
_UNCARRIED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Fields = Sequence[tuple[str, "str | Fields"]]
"""Elements in their order, each with its text or with elements."""


def write(name: str, namespace: str, fields: Fields) -> bytes:
    """Returns the document. What XML cannot carry becomes U+FFFD."""
    return f'<{name} xmlns="{namespace}">{_content(fields)}</{name}>'.encode()


def children(element: etree._Element, name: str) -> Iterable[etree._Element]:
    """Returns the children of this name, in the namespace of the element."""
    return element.iterchildren(f"{{{etree.QName(element).namespace}}}{name}")


def texts(element: etree._Element, name: str) -> tuple[str, ...]:
    """Returns the texts of the children of this name."""
    return tuple("".join(map(str, each.itertext())) for each in children(element, name))


def text(element: etree._Element, name: str) -> str:
    """Returns the text of the one child of this name. Raises `ValueError` when there is none, or more."""
    found = texts(element, name)
    if len(found) != 1:
        raise ValueError(f"the statement has {len(found)} {name}, not one")
    return found[0]


def _content(fields: Fields) -> str:
    return "".join(
        f"<{name}>{_escaped(value) if isinstance(value, str) else _content(value)}</{name}>"
        for name, value in fields
    )


def _escaped(value: str) -> str:
    carried = _UNCARRIED.sub("\ufffd", value)
    return "".join(_ESCAPES.get(char, char) for char in carried)
