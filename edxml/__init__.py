"""The official document's format: edXML (QCVN 102:2016, amended 2022). Pure: a tree in, a typed model out, and back.

    package = edxml.read(signing.parser.parse(data))     # Package or Status, with warnings; tolerant
    data = edxml.write(package)                           # one order, one prefix; strict

Modules: `model` (the nouns), `reader`, `writer`, `codes` (code lists with Vietnamese and English labels), `agency_id`
(identifiers old and new), `attachments` (what the bytes really are).
"""
