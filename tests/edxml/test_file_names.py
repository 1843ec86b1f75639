"""Any name on any disk, and no two alike."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edxml.attachments import distinct_names, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Công văn số 7816.pdf", "Công văn số 7816.pdf"),
        (unicodedata.normalize("NFD", "Phụ lục.pdf"), unicodedata.normalize("NFD", "Phụ lục.pdf")),
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("C:\\Windows\\a.exe", "C__Windows_a.exe"),
        ("..", "tep-dinh-kem"),
        (".", "tep-dinh-kem"),
        ("", "tep-dinh-kem"),
        (" \t\n", "tep-dinh-kem"),
        ("///", "tep-dinh-kem"),
        (".bashrc", "_bashrc"),
        ("-rf.pdf", "_rf.pdf"),
        ("a\0b\x1bc\n.pdf", "abc.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("a\u2066b\u200b\ufeff.pdf", "ab.pdf"),
        ("a\ud800b.pdf", "ab.pdf"),
        ("a.pdf. . ", "a.pdf"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("Com1 .pdf", "_Com1 .pdf"),
        ("com¹", "_com¹"),
        ("Công ty.pdf", "Công ty.pdf"),
        ("console.pdf", "console.pdf"),
        ('a:b*c?"<>|d.pdf', "a_b_c_____d.pdf"),
        ("Kế hoạch...pdf", "Kế hoạch...pdf"),
        ("می\u200cخواهم.pdf", "می\u200cخواهم.pdf"),
    ],
)
def test_names_are_made_safe_and_otherwise_kept(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def _bytes(name: str) -> int:
    return max(len(unicodedata.normalize(form, name).encode()) for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    "name", ["ử" * 300 + ".pdf", "a" * 10_000 + ".docx", "x" * 300, "." + "y" * 300, "ử" * 128]
)
def test_long_names_are_cut_before_their_extension(name: str) -> None:
    safe = safe_name(name)
    assert 200 < _bytes(safe) <= 255
    assert safe.endswith(name[-4:])
    unicodedata.normalize("NFD", safe)[-1]


def test_a_name_is_cut_before_it_is_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    composed = unicodedata.normalize
    monkeypatch.setattr(
        unicodedata, "normalize", lambda form, text: lengths.append(len(text)) or composed(form, text)
    )
    safe_name("\u0301\u0323" * 2_000_000)
    assert max(lengths) <= 1024


@given(st.text(max_size=300))
def test_any_name_can_be_a_file(name: str) -> None:
    safe = safe_name(name)
    assert Path(safe).name == safe
    assert safe not in ("", ".", "..")
    assert _bytes(safe) <= 255
    assert safe_name(safe) == safe


def test_names_alike_become_distinct_in_order() -> None:
    name = "Phụ lục.pdf"
    names = [name, name, unicodedata.normalize("NFD", name), name.upper(), "Phụ lục (2).pdf", "a"]
    assert distinct_names(names) == (
        name,
        "Phụ lục (2).pdf",
        unicodedata.normalize("NFD", "Phụ lục (3).pdf"),
        "PHỤ LỤC (2).PDF".replace("2", "4"),
        "Phụ lục (2) (2).pdf",
        "a",
    )


@given(
    st.lists(
        st.sampled_from(["a.pdf", "A.PDF", "a (2).pdf", "ử", "ử".upper(), "ß", "SS", "", "x" * 260]),
        max_size=30,
    )
)
def test_no_two_names_are_one_on_any_disk(names: list[str]) -> None:
    chosen = distinct_names(names)
    assert len(chosen) == len(names)
    assert len({unicodedata.normalize("NFC", each).casefold() for each in chosen}) == len(names)
    assert all(safe_name(each) == each for each in chosen)


def test_thousands_of_one_name_are_told_apart() -> None:
    assert len(set(distinct_names(["a.pdf"] * 5000))) == 5000
