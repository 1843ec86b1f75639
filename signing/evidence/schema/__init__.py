"""The XML schema of evidence documents, written from the facts of ETSI EN 319 522-3 V1.2.1."""

from __future__ import annotations

from pathlib import Path

from lxml import etree


def evidence_schema() -> etree.XMLSchema:
    """Loads `evidence.xsd` and its two companions, offline. It takes milliseconds: keep one for a thread."""
    return etree.XMLSchema(file=str(Path(__file__).parent / "evidence.xsd"))
