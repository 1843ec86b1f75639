"""Identifiers old, new and irregular."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edxml.agency_id import LONGEST, Form, normalise, parse


@pytest.mark.parametrize(
    ("text", "form", "levels", "parent"),
    [
        ("000.00.00.G22", Form.OLD, ("G22",), None),
        ("000.00.12.H05", Form.OLD, ("H05", "12"), "000.00.00.H05"),
        ("000.07.12.H05", Form.OLD, ("H05", "12", "07"), "000.00.12.H05"),
        ("003.07.12.H05", Form.OLD, ("H05", "12", "07", "003"), "000.07.12.H05"),
        ("003.00.12.H05", Form.OLD, ("H05", "12", "00", "003"), "000.00.12.H05"),
        (" 000.00.00.g22\n", Form.OLD, ("G22",), None),
        ("G22", Form.NEW, ("G22",), None),
        ("g22.01.02", Form.NEW, ("G22", "01", "02"), "G22.01"),
        ("H37.DN.001", Form.NEW, ("H37", "DN", "001"), "H37.DN"),
        ("G22." + "1" * 31, Form.NEW, ("G22", "1" * 31), "G22"),
        ("G22." + "1" * 32, Form.IRREGULAR, (), None),
        ("G22..01", Form.IRREGULAR, (), None),
        ("G22.01.", Form.IRREGULAR, (), None),
        ("00.00.G22", Form.IRREGULAR, (), None),
        ("Sở Nội vụ", Form.IRREGULAR, (), None),
        ("G２２", Form.IRREGULAR, (), None),
        ("", Form.IRREGULAR, (), None),
    ],
)
def test_identifiers_are_taken_apart(
    text: str, form: Form, levels: tuple[str, ...], parent: str | None
) -> None:
    found = parse(text)
    assert (found.form, found.levels, found.level) == (form, levels, len(levels))
    assert (found.parent.text if found.parent else None) == parent
    assert found.text == normalise(text)


@given(st.text(max_size=40))
def test_every_text_is_an_identifier_and_its_parents_end(text: str) -> None:
    agency = parse(text)
    assert parse(agency.text) == agency
    while agency.parent is not None:
        assert agency.parent.form is agency.form
        assert agency.parent.level < agency.level
        agency = agency.parent


@pytest.mark.parametrize("lookalike", ["Gı1", "Gſ1", "Ｇ22", "G22\u200b", "G\u00a022"])
def test_no_other_letter_turns_into_an_ascii_one(lookalike: str) -> None:
    assert not normalise(lookalike).isascii()


def test_comparison_ignores_space_around_case_and_how_accents_are_written() -> None:
    assert normalise("\t\u00a0h37.dn.001 ") == "H37.DN.001"
    assert normalise(unicodedata.normalize("NFD", "SỞ.01")) == normalise("SỞ.01") == "SỞ.01"


@given(st.text(max_size=20) | st.text("iI\u0307\u0308\u030ceEơ \u212a", max_size=8))
def test_there_is_one_normal_form(text: str) -> None:
    normal = normalise(text)
    assert normalise(normal) == normal
    for form in ("NFC", "NFD"):
        assert normalise(unicodedata.normalize(form, text)) == normal  # type: ignore[arg-type]


def test_what_is_too_long_for_an_identifier_is_never_composed() -> None:
    assert normalise("E\u0301" * (LONGEST // 2)) == "\u00c9" * (LONGEST // 2)
    for text in ("\u0301\u0323" * LONGEST, "\u0323" * (LONGEST + 1), "g" * (LONGEST + 1)):
        assert normalise(text) is text
