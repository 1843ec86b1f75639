"""How text and times are spelled in what is sealed: as the canonical form escapes, and in Viet Nam's time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))
_SPECIAL = re.compile("[&<>\r]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
_UNCARRIED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escaped(text: str) -> str:
    """Escapes text as the canonical form does. What XML cannot carry (control characters, lone surrogates)
    becomes U+FFFD: a document with a replaced character is better than none."""
    if text.isalnum():
        return text
    if _UNCARRIED.search(text):
        text = _UNCARRIED.sub("\ufffd", text)
    if _SPECIAL.search(text):
        text = _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text)
    return text


def local(at: datetime, timespec: str = "auto") -> str:
    """Spells a time as the law has it: Viet Nam's, ISO 8601. Raises `ValueError` for one without a zone."""
    if at.tzinfo is None:
        raise ValueError("times that are sealed need a zone")
    return at.astimezone(VIETNAM).isoformat(timespec=timespec)
