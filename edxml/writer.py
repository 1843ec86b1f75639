"""The strict writer."""

from __future__ import annotations

from edxml.model import Package, Status


def write(document: Package | Status) -> bytes:
    """Writes an unsigned package: UTF-8, one namespace prefix, the standard's order, attachments as raw base64.

    `read(parse(write(p)))` equals `p`, but for its warnings. A detached attachment is a manifest entry without content.
    """
    raise NotImplementedError
