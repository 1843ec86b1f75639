"""Finding agencies by what people type: with or without diacritics, composed or not, in any case of letters.

    text = searched_text(agency)
    rank = ranking(query)(text)      # smaller is better; None: does not match

Every word typed must be the beginning of a word of the name (or of an alias), or of an identifier.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from storage.ledger.registry import Agency

LONGEST_QUERY = 200
"""Characters; the longest names of agencies have some 150."""
_WORD = re.compile(r"[^\W_]+")
_STROKES = str.maketrans({"đ": "d", "Đ": "D"})

Rank = tuple[int, int]
"""How well a text matches, then how many words its name has."""
EXACT_IDENTIFIER, BEGINNING_OF_IDENTIFIER, WHOLE_NAME, BEGINNING_OF_NAME, IN_ORDER, ANY_ORDER = range(6)


def folded(text: str) -> str:
    """Returns text as it is searched: decomposed, without marks, `đ` as `d`, case folded."""
    bare = (char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")
    return "".join(bare).translate(_STROKES).casefold()


def searched_text(agency: Agency) -> str:
    """Returns lines: the words of the name, the words of the aliases, and each identifier.

    A word stands behind a space, an identifier behind a tab, so that a substring finds its beginning.
    """
    identifiers = [folded(name) for name in (agency.agency_id, *agency.aliases)]
    aliases = " ".join(identifiers[1:])
    lines = [f" {' '.join(_WORD.findall(folded(agency.name)))} ", f" {' '.join(_WORD.findall(aliases))} "]
    return "\n".join([*lines, *(f"\t{name}\n" for name in identifiers)])


def ranking(query: str) -> Callable[[str], Rank | None]:
    """Returns what ranks a searched text for a query that is not empty."""
    whole = " ".join(folded(query).split())
    wanted = [(f"\t{token}", [f" {word}" for word in _WORD.findall(token)]) for token in whole.split()]
    phrase = "".join(word for _, words in wanted for word in words)
    identifier = f"\t{whole}"

    def rank(text: str) -> Rank | None:
        for token, words in wanted:
            if token not in text and not (words and all(word in text for word in words)):
                return None
        name = text[: text.index("\n")]
        return _how_well(text, name, identifier, phrase), name.count(" ")

    return rank


def _how_well(text: str, name: str, identifier: str, phrase: str) -> int:
    if f"{identifier}\n" in text:
        return EXACT_IDENTIFIER
    if identifier in text:
        return BEGINNING_OF_IDENTIFIER
    if name == f"{phrase} ":
        return WHOLE_NAME
    if name.startswith(phrase):
        return BEGINNING_OF_NAME
    return IN_ORDER if phrase in name else ANY_ORDER
