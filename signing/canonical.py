"""Canonical forms (C14N 1.0 and 1.1, exclusive C14N), by libxml2.

libxml2 through lxml canonicalises whole documents only. Of a whole document the forms 1.0 and 1.1 are the
same. A part (SignedInfo, SignedProperties) in exclusive form needs nothing from above but the prefixes of an
InclusiveNamespaces list; in inclusive form it takes along what is in scope from above, and is made a document
of its own first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lxml import etree

from signing.algorithms import C14N, C14N11, EXCLUSIVE
from signing.parser import Malformed, parse

_XML = "{http://www.w3.org/XML/1998/namespace}"
_WITH_COMMENTS = "WithComments"


class NotCanonical(Exception):
    """The tree has no canonical form that can be relied on, such as one with relative namespace names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A canonical form, as an `Algorithm` URI names it."""

    exclusive: bool = False
    comments: bool = False
    inherits_xml_base: bool = True
    """C14N 1.0: a part inherits every `xml:` attribute as it is. 1.1 joins `xml:base`, leaves `xml:id`."""
    prefixes: tuple[str, ...] = ()
    """InclusiveNamespaces PrefixList of the exclusive form."""

    def without_comments(self) -> Form:
        return replace(self, comments=False) if self.comments else self


INCLUSIVE_FORM = Form()
"""What XML Signature falls back on where no canonicalisation is named."""
EXCLUSIVE_FORM = Form(exclusive=True)

FORMS = {
    C14N: INCLUSIVE_FORM,
    C14N + "#WithComments": Form(comments=True),
    C14N11: Form(inherits_xml_base=False),
    C14N11 + "#WithComments": Form(comments=True, inherits_xml_base=False),
    EXCLUSIVE: EXCLUSIVE_FORM,
    EXCLUSIVE + _WITH_COMMENTS: Form(exclusive=True, comments=True),
}
"""Algorithm URI -> form."""


def canonical_document(root: etree._Element, form: Form) -> bytes:
    """Returns the canonical form of the whole document that `root` is the root of. Raises `NotCanonical`."""
    return _canonical(root.getroottree(), form)


def canonical_part(element: etree._Element, form: Form) -> bytes:
    """Returns the canonical form of the subtree of `element`. Raises `NotCanonical`."""
    if (form.exclusive and not form.prefixes) or element.getparent() is None:
        return _canonical(element, form)
    return _canonical(_standing_alone(element, form).getroottree(), form)


def _canonical(tree: etree._Element | etree._ElementTree, form: Form) -> bytes:
    try:
        return etree.tostring(
            tree,
            method="c14n",
            exclusive=form.exclusive,
            with_comments=form.comments,
            inclusive_ns_prefixes=list(form.prefixes) or None,
            with_tail=False,
        )
    except (etree.C14NError, ValueError) as error:
        raise NotCanonical("no canonical form") from error


def _standing_alone(element: etree._Element, form: Form) -> etree._Element:
    """A document of its own, whose root is `element` with the namespaces (and, in inclusive form, the `xml:`
    attributes) in scope from above."""
    try:
        alone = parse(etree.tostring(element, encoding="utf-8", with_tail=False))
    except Malformed as error:
        raise NotCanonical("a part under too many namespaces") from error
    if form.exclusive:
        return alone
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            if str(name).startswith(_XML) and alone.get(name) is None:
                if form.inherits_xml_base or name not in (_XML + "id", _XML + "base"):
                    alone.set(name, value)
                elif name == _XML + "base":
                    raise NotCanonical("C14N 1.1 of a part under xml:base")
    return alone
