"""The official document's format: edXML (QCVN 102:2016, amended 2022). Pure: a tree in, a typed model out.

    package = edxml.read(signing.parser.parse(data))     # Package or Status, with warnings; tolerant
    data = edxml.write(package)                           # one order, one prefix; strict

Modules: `model` (the nouns), `shape` (the structure as data), `gather` and `reader`, `writer`, `codes`
(code lists with Vietnamese and English labels), `agency_id` (identifiers old and new), `attachments` (what
the bytes really are, and names for them on a disk), `inspect` (a package as plain values).
"""

from edxml.model import NotEdxml, Package, Status
from edxml.reader import read
from edxml.writer import Unwritable, write

__all__ = ["NotEdxml", "Package", "Status", "Unwritable", "read", "write"]
