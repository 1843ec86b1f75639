"""Names for attachments on a disk: any disk, any name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 255
"""Bytes of UTF-8, composed or decomposed: what ext4, NTFS and APFS all take."""
NAMELESS = "tep-dinh-kem"
"""The name of what has none that can stand."""

_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL
)
_SEPARATORS = str.maketrans(dict.fromkeys('/\\:*?"<>|', "_"))
_JOINERS = "\u200c\u200d"
"""Zero-width joiners: part of how some scripts are spelled."""
_LONGEST_EXTENSION = 16
_LONGEST_READ = 1024
"""Characters; composing more takes time that grows with the square of their number."""


def safe_name(name: str) -> str:
    """Returns a file name without a path, for a file that nobody may be tricked by.

    Path separators and what Windows forbids become `_`; control, bidi and other invisible characters go, as
    do dots and spaces at the end; a leading dot or hyphen and reserved names are defused. What is too long
    is cut before its extension. All other characters stay as they are spelled, NFC or NFD.
    """
    if len(name) > _LONGEST_READ:
        name = name[:LONGEST] + name[-_LONGEST_EXTENSION - 1 :]
    visible = "".join(
        " " if unicodedata.category(char) in ("Zl", "Zp") else char
        for char in name.translate(_SEPARATORS)
        if char in _JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )
    kept = visible.strip().rstrip(". ")
    if kept[:1] in (".", "-"):
        kept = "_" + kept[1:]
    if not kept.strip("._ "):
        kept = NAMELESS
    if _RESERVED.fullmatch(kept):
        kept = "_" + kept
    return _fitted(kept, "")


def distinct_names(names: Iterable[str]) -> tuple[str, ...]:
    """Returns a safe name for each, all distinct on disks that fold case or compose characters; order kept.

    The first of equals keeps its name; the others get ` (2)`, ` (3)` before the extension.
    """
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    chosen = []
    for name in names:
        safe = candidate = safe_name(name)
        key = _folded(safe)
        while _folded(candidate) in taken:
            numbers[key] = numbers.get(key, 1) + 1
            candidate = _fitted(safe, f" ({numbers[key]})")
        taken.add(_folded(candidate))
        chosen.append(candidate)
    return tuple(chosen)


def _folded(name: str) -> str:
    """What two names have in common when a disk takes them for one."""
    decomposed = unicodedata.normalize("NFD", name).casefold()
    return unicodedata.normalize("NFD", decomposed)


def _fitted(name: str, suffix: str) -> str:
    """Puts `suffix` before the extension and cuts the stem until the whole fits."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    end = f"{suffix}{dot}{extension}"
    while _length(stem + end) > LONGEST:
        surplus = _length(stem + end) - LONGEST
        stem = stem[: -max(1, surplus // 12)]
        while stem and unicodedata.combining(stem[-1]):
            stem = stem[:-1]
        stem = stem.rstrip(". ")
    return (stem or NAMELESS) + end


def _length(name: str) -> int:
    """Bytes of the longest spelling of a name; a name may also stay as mixed as it came."""
    return max(
        len(spelling.encode())
        for spelling in (name, *(unicodedata.normalize(f, name) for f in ("NFC", "NFD")))
    )
