"""The tolerant reader."""

from __future__ import annotations

from lxml import etree

from edxml.model import Package, Status


def read(root: etree._Element) -> Package | Status:
    """Reads an edXML tree: any child order, any prefix, missing or empty elements, leftovers of .NET producers.

    The tree comes from `signing.parser.parse`, or is `signing.verdict.Sound.root`, whose signature has been taken out.
    It is not changed. Raises `NotEdxml`.
    """
    raise NotImplementedError
