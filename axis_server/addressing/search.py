"""Finding agencies by what people type: with or without diacritics, composed or not, in any case of letters.

    texts = {agency.agency_id: searched_text(agency) for agency in agencies}
    best("so noi vu", texts)      # identifiers, the best match first

Every word typed must be the beginning of a word of the name (or of an alias), or of an identifier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import heapify, heappop

from storage.ledger.registry import Agency
from storage.ledger.words import folded, words_of

LONGEST_QUERY = 200
"""Characters; the longest names of agencies have some 150."""

EXACT_IDENTIFIER, BEGINNING_OF_IDENTIFIER, WHOLE_NAME, BEGINNING_OF_NAME, IN_ORDER, ANY_ORDER = range(6)


def searched_text(agency: Agency) -> str:
    """Returns lines: the words of the name, the words of the aliases, and each identifier.

    A word stands behind a space, an identifier behind a tab, so that a substring finds its beginning.
    """
    identifiers = [folded(name) for name in (agency.agency_id, *agency.aliases)]
    aliases = " ".join(identifiers[1:])
    lines = [f" {' '.join(words_of(agency.name))} ", f" {' '.join(words_of(aliases))} "]
    return "\n".join([*lines, *(f"\t{name}\n" for name in identifiers)])


def best(query: str, texts: Mapping[str, str]) -> Iterator[str]:
    """Yields the keys of the texts that match a query, the best first.

    The first comes after a tenth of a second where there are a hundred thousand: for a worker thread.
    """
    whole = " ".join(folded(query).split())
    tokens = whole.split()
    wanted = [(f"\t{token}", [f" {word}" for word in words_of(token)]) for token in _telling(tokens)]
    left = list(texts.items()) if wanted else []
    for token, words in wanted:
        if len(words) == 1:
            word = words[0]
            left = [one for one in left if word in one[1] or token in one[1]]
        else:
            left = [one for one in left if token in one[1] or (words and all(w in one[1] for w in words))]
    phrase = "".join(f" {word}" for token in tokens for word in words_of(token))
    ranked = [(_rank(text, f"\t{whole}", phrase), key) for key, text in left]
    heapify(ranked)
    while ranked:
        yield heappop(ranked)[1]


def _telling(tokens: list[str]) -> list[str]:
    """Leaves out what others say already: what matches a word matches its beginnings, and once is enough.
    A hundred letters typed are one look at each agency, not a hundred."""
    ordered = sorted(set(tokens))
    return [one for one, after in zip(ordered, [*ordered, ""][1:], strict=True) if not after.startswith(one)]


def _rank(text: str, identifier: str, phrase: str) -> tuple[int, int]:
    """Says how well a text matches, then how many words its name has; less is better."""
    name = text[: text.index("\n")]
    return _how_well(text, name, identifier, phrase), name.count(" ")


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
