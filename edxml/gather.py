"""One pass over a tree by its `Part`: texts into nested dictionaries, everything else into notes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from lxml import etree

from edxml.model import NAMESPACE, Extension, ForeignAttribute, NotEdxml, Package, Status, Warn
from edxml.shape import Part
from signing.parser import text_of

WHITESPACE = " \t\r\n"
"""XML's, and nothing else: a no-break space is text."""
MOST_WARNINGS = 100
MOST_EXTENSIONS = 1000
"""Of one package, attributes included; more is an attack or another format."""

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_PSEUDO_SIGNATURES = {f"{{{NAMESPACE}}}Signature", f"{{{NAMESPACE}}}DigitalSignature"}

Place = tuple[Any, str, int] | None
"""Where an element stands: its parent's place, its name, its number among its like (0 if it may stand
once)."""
Document = TypeVar("Document", Package, Status)


@dataclass(slots=True)
class Notes:
    """What a reading leaves beside the values."""

    warnings: list[Warn] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    attributes: list[ForeignAttribute] = field(default_factory=list)

    def warn(self, code: str, detail: str) -> None:
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(Warn(code=code, detail=detail))
        elif len(self.warnings) == MOST_WARNINGS:
            self.warnings.append(Warn(code="WARNINGS_CUT", detail="There were more warnings."))

    def keep_element(self, element: etree._Element, parent: Place) -> None:
        self._spend()
        try:
            xml = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
        except etree.C14NError as exc:
            raise NotEdxml("EXTENSIONS_UNFIT", "An unknown element has no canonical form.") from exc
        name = etree.QName(element).localname
        self.extensions.append(Extension(path=path_of((parent, name, 0)), xml=xml))

    def keep_attribute(self, place: Place, name: str, value: str) -> None:
        self._spend()
        self.attributes.append(ForeignAttribute(path=path_of(place), name=name, value=value))

    def _spend(self) -> None:
        if len(self.extensions) + len(self.attributes) >= MOST_EXTENSIONS:
            raise NotEdxml(
                "EXTENSIONS_UNFIT", f"More than {MOST_EXTENSIONS} elements and attributes are unknown."
            )

    def mark(self) -> tuple[int, int]:
        return len(self.extensions), len(self.attributes)

    def forget_since(self, mark: tuple[int, int]) -> None:
        del self.extensions[mark[0] :], self.attributes[mark[1] :]

    def sorted_extensions(self) -> tuple[Extension, ...]:
        return tuple(sorted(self.extensions, key=lambda each: each.path))

    def sorted_attributes(self) -> tuple[ForeignAttribute, ...]:
        return tuple(sorted(self.attributes, key=lambda each: (each.path, each.name)))

    def give(self, document: Document) -> Document:
        return replace(document, warnings=tuple(self.warnings)) if self.warnings else document


def path_of(place: Place) -> str:
    names: list[str] = []
    while place is not None:
        place, name, number = place
        names.append(f"{name}[{number}]" if number else name)
    return "/".join(reversed(names))


def gather(root: etree._Element, shape: Part, notes: Notes) -> dict[str, Any]:
    """Returns the values of `root` by `Part.key`: a string, a dictionary, or a list of either where `many`.

    An element that stands but says nothing is an empty value; in a list it is left out.
    """
    values = _gather(root, shape, None, notes)
    _gather_attributes(root, shape, values, None, notes)
    return values


def _gather(element: etree._Element, shape: Part, place: Place, notes: Notes) -> dict[str, Any]:
    values: dict[str, Any] = {}
    by_tag = shape.by_tag
    for child in element:
        part = by_tag.get(child.tag)
        if part is not None and part.plain and not len(child) and not child.keys() and part.key not in values:
            text = child.text  # By far the usual case, shortened: one text and nothing else.
            if text is None or len(text) <= part.longest:
                values[part.key] = text.strip(WHITESPACE) if text else ""
                continue
        if part is None:
            _meet_stranger(child, shape, place, notes)
        elif part.many:
            _gather_entry(child, part, values.setdefault(part.key, []), place, notes)
        elif part.key in values:
            raise NotEdxml("EDXML_AMBIGUOUS", f"{part.name} stands twice where one is allowed.")
        else:
            values[part.key] = _value(child, part, (place, part.name, 0), notes)
    return values


def _value(element: etree._Element, part: Part, here: Place, notes: Notes) -> Any:
    """A string or a dictionary; None when the element is to be kept whole."""
    value: Any
    if part.parts is not None:
        value = _gather(element, part, here, notes)
    else:
        value = _composed_text(element, part) if len(element) else (element.text or "").strip(WHITESPACE)
        if value is not None and len(value) > part.longest:
            notes.warn("FIELD_TOO_LONG", f"{path_of(here)}: {len(value)} characters, {part.longest} allowed.")
    if value is not None and element.keys():
        _gather_attributes(element, part, value, here, notes)
    return value


def _gather_entry(
    element: etree._Element, part: Part, entries: list[Any], place: Place, notes: Notes
) -> None:
    """An entry of a list that says nothing is none; what the standard does not name in it is kept with it."""
    mark = notes.mark()
    value = _value(element, part, (place, part.name, len(entries) + 1), notes)
    if says(value):
        entries.append(value)
        return
    if value is None or notes.mark() != mark:
        notes.forget_since(mark)
        notes.keep_element(element, place)
    if part.name == "To":
        notes.warn("RECIPIENT_EMPTY", "A To says nothing and was left out.")


def says(value: Any) -> bool:
    """Whether a value holds any text."""
    if isinstance(value, dict):
        return any(each if isinstance(each, str) else says(each) for each in value.values())
    return any(map(says, value)) if isinstance(value, (list, tuple)) else bool(value)


def _has_text(element: etree._Element) -> bool:
    return any(str(text).strip(WHITESPACE) for text in element.itertext())


def _composed_text(element: etree._Element, part: Part) -> str | None:
    """The text of an element that is more than one text node; None when it is to be kept whole."""
    children = [child for child in element if isinstance(child.tag, str) or child.tag is etree.Entity]
    if not children:
        return text_of(element).strip(WHITESPACE)
    joined: dict[str, str] = {}
    for child in children if part.joins else ():
        name = next((name for name in part.joins if child.tag == f"{{{NAMESPACE}}}{name}"), None)
        if name is None or name in joined or any(isinstance(each.tag, str) for each in child):
            break
        joined[name] = text_of(child).strip(WHITESPACE)
    else:
        if joined:
            return "/".join(joined[name] for name in part.joins if joined.get(name))
    if part.loose:
        return None
    raise NotEdxml("EDXML_AMBIGUOUS", f"{part.name} holds elements where only text is allowed.")


def _gather_attributes(element: etree._Element, part: Part, value: Any, here: Place, notes: Notes) -> None:
    for raw_name, raw_text in element.items():
        name, text = str(raw_name), str(raw_text)
        if name in part.attributes:
            value[part.attributes[name]] = text.strip(WHITESPACE)
        elif (name, text) not in part.implied:
            notes.keep_attribute(here, name, text)


def _meet_stranger(element: etree._Element, shape: Part, place: Place, notes: Notes) -> None:
    """A comment, a signature, something of another kind of package, or an extension."""
    tag = element.tag
    if not isinstance(tag, str):
        if tag is etree.Entity:
            raise NotEdxml("EDXML_AMBIGUOUS", "The package holds an entity reference.")
        return
    if tag == _SIGNATURE:
        return
    if tag in _PSEUDO_SIGNATURES:
        if len(element) or _has_text(element):
            notes.warn(
                "PSEUDO_SIGNATURE", "A signature in the package namespace is no XML signature: unsigned."
            )
        return
    if tag in shape.forbidden:
        if _has_text(element):
            name = etree.QName(element).localname
            raise NotEdxml("EDXML_AMBIGUOUS", f"A status carries {name}, which belongs to a document.")
        return
    if etree.QName(tag).localname in shape.local_names:
        notes.warn("NAMESAKE", f"{path_of(place)}: an element of a foreign namespace bears a known name.")
    notes.keep_element(element, place)
