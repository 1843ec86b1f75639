"""Finding agencies by what people type."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis_server.addressing.search import best, folded, searched_text
from storage.ledger.registry import Agency

AGENCIES = [
    Agency(agency_id="H05", name="Ủy ban nhân dân tỉnh Bắc Ninh", aliases=("000.00.00.H05", "Sở Ví Dụ")),
    Agency(agency_id="H05.01", name="Sở Nội vụ tỉnh Bắc Ninh"),
    Agency(agency_id="H050", name="Sở Nội vụ"),
    Agency(agency_id="H21", name="Ủy ban nhân dân tỉnh Đồng Nai", aliases=("000.00.00.H21",)),
    Agency(agency_id="H21.05", name="Phòng P.Tài chính – Kế hoạch (Đồng Nai)"),
    Agency(agency_id="G05", name="Vụ Nội tiếp H05 và Sở"),
]
TEXTS = {agency.agency_id: searched_text(agency) for agency in AGENCIES}


def found(query: str) -> list[str]:
    return list(best(query, TEXTS))


@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize(
    "query",
    ["đồng nai", "dong nai", "ĐỒNG NAI", "Dong NAI", "dồng nai", "  đồng   nai ", "nai đồng", "dong n"],
)
def test_diacritics_composition_case_and_order_do_not_hide_an_agency(query: str, written: str) -> None:
    assert set(found(unicodedata.normalize(written, query))) == {"H21", "H21.05"}  # type: ignore[arg-type]


def test_every_word_must_be_the_beginning_of_a_word() -> None:
    assert found("bac nin") == ["H05.01", "H05"]
    assert found("ac ninh") == []
    assert found("noi vu dong nai") == []
    assert found("inh") == []


def test_words_are_parted_where_the_name_parts_them() -> None:
    assert found("tai chinh ke hoach") == found("p.tai") == found("(dong nai) tài") == ["H21.05"]


def test_an_identifier_is_found_by_its_beginning_and_not_by_its_end() -> None:
    assert found("000.00.00.h2") == ["H21"]
    assert found("h21") == ["H21", "H21.05"]
    assert found("00.h21") == ["H21"], "words of an alias count"
    assert found("05") == []


def test_identifier_and_words_go_together() -> None:
    assert set(found("h05 noi vu")) == {"H05.01", "H050", "G05"}


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("h05", ["H05", "H050", "H05.01", "G05"]),
        ("sở ví dụ", ["H05"]),
        ("so noi vu", ["H050", "H05.01", "G05"]),
        ("noi vu", ["H050", "H05.01", "G05"]),
    ],
    ids=["identifier, its beginning, a word", "alias", "whole name, its beginning, any order", "in order"],
)
def test_the_best_match_comes_first(query: str, order: list[str]) -> None:
    assert found(query) == order


@pytest.mark.parametrize("query", ["-", "\t", "\n", "–", "( )", "\u0301"])
def test_what_has_no_word_finds_nobody(query: str) -> None:
    assert found(query) == []


@given(st.sampled_from(AGENCIES), st.data())
def test_any_beginnings_of_an_agencys_words_find_it_however_they_are_written(
    agency: Agency, data: st.DataObject
) -> None:
    words = data.draw(st.lists(st.sampled_from(agency.name.split()), min_size=1, max_size=4))
    cut = [word[: data.draw(st.integers(1, len(word)))] for word in words]
    form = data.draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
    spell = data.draw(st.sampled_from([str, str.upper, str.lower, folded]))
    query = unicodedata.normalize(form, spell(" ".join(one for one in cut if folded(one).strip("–("))))
    if query.strip():
        assert agency.agency_id in found(query)


@given(st.text(max_size=200), st.text(max_size=50))
def test_no_text_upsets_a_search(query: str, name: str) -> None:
    texts = {"X": searched_text(Agency(agency_id="X", name=name, aliases=(query,)))}
    assert set(best(query or name, texts)) <= {"X"}


class Counted(str):
    """A text that counts how often it is looked through."""

    __slots__ = ("looks",)

    def __contains__(self, wanted: object) -> bool:
        self.looks = getattr(self, "looks", 0) + 1
        return super().__contains__(wanted)  # type: ignore[operator]


def test_words_that_others_say_already_cost_no_look() -> None:
    once, often = Counted(TEXTS["H21"]), Counted(TEXTS["H21"])
    assert list(best("đồng nai", {"H21": once})) == ["H21"]
    assert list(best("d do don dong đồng n na nai " * 5, {"H21": often})) == ["H21"]
    assert often.looks <= once.looks + 1


def test_a_word_said_twice_is_said_once() -> None:
    assert set(found("dong d nai nai")) == set(found("dong nai"))
