"""Flat XML documents of the axis's own: a root with elements of text, in their exclusive canonical form.

content = written(NAMESPACE, "DisposalOrder", [("Number", "12/QĐ-LT"), ("Item", [("Dispatch", "…")])])
found = fields(root, NAMESPACE, "DisposalOrder")
one(found, "Number"), moment(found, "OrderedAt")
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from lxml import etree

from signing.parser import text_of
from signing.spelling import escaped

Field: TypeAlias = "tuple[str, str | Sequence[tuple[str, str]]]"
Fields: TypeAlias = "dict[str, list[etree._Element]]"


def written(namespace: str, name: str, content: Sequence[Field]) -> bytes:
    """Returns the document; what XML cannot carry stands as U+FFFD."""
    inside = "".join(_element(field, value) for field, value in content)
    return f'<{name} xmlns="{namespace}">{inside}</{name}>'.encode()


def _element(name: str, value: str | Sequence[tuple[str, str]]) -> str:
    inside = escaped(value) if isinstance(value, str) else "".join(_element(*one) for one in value)
    return f"<{name}>{inside}</{name}>"


def fields(root: etree._Element, namespace: str, name: str) -> Fields:
    """Returns the elements of a document by their names. Raises `ValueError` when it is another document."""
    if root.tag != f"{{{namespace}}}{name}":
        raise ValueError(f"it is no {name}")
    return parts(root, namespace)


def parts(element: etree._Element, namespace: str) -> Fields:
    """Returns the elements inside one, by their names."""
    found: Fields = {}
    for child in element:
        found.setdefault(str(child.tag).removeprefix(f"{{{namespace}}}"), []).append(child)
    return found


def one(found: Fields, name: str) -> str:
    """Returns the text of the only element of a name. Raises `ValueError`."""
    elements = found.get(name, [])
    if len(elements) != 1:
        raise ValueError(f"there are {len(elements)} of {name}, not one")
    return text_of(elements[0])


def moment(found: Fields, name: str) -> datetime:
    """Returns the time in the only element of a name. Raises `ValueError`, also for one without a zone."""
    at = datetime.fromisoformat(one(found, name))
    if at.tzinfo is None:
        raise ValueError("a time knows its zone")
    return at
