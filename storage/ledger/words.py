"""Text as it is searched: words without marks, in one case."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_STROKES = str.maketrans({"đ": "d", "Đ": "D"})


def folded(text: str) -> str:
    """Returns text decomposed, without marks, `đ` as `d`, case folded."""
    bare = (char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")
    return "".join(bare).translate(_STROKES).casefold()


def words_of(text: str) -> list[str]:
    """Returns the words of a text, folded: runs of letters and digits."""
    return _WORD.findall(folded(text))
