"""How nodes word their hints."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.postgres.hints import read, written

NAMES = st.text(
    st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1, max_size=200
)


@given(st.frozensets(NAMES, min_size=1, max_size=200))
def test_everyone_named_is_told_in_notes_that_fit(names: frozenset[str]) -> None:
    notes = list(written("here", names))
    assert all(len(note.encode()) < 8000 for note in notes)
    told = [read("there", note) for note in notes]
    assert frozenset().union(*(one or frozenset() for one in told)) == names
    assert None not in told


def test_with_very_many_it_says_that_there_may_be_something_for_anybody() -> None:
    (note,) = written("here", frozenset(str(number) for number in range(5000)))
    assert read("there", note) is None


def test_nobody_to_tell_is_no_note_and_ones_own_tells_of_nobody() -> None:
    assert list(written("here", ())) == []
    assert [read("here", note) for note in written("here", {"A"})] == [frozenset()]
