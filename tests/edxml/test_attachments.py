"""What attachments really are, and how far they may expand."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edxml.attachments import Budget, Kind, Limits, ZipBomb, fits_label, guard, kind_of, unwrap
from edxml.model import Attachment
from tests.edxml.build import zipped

UUID = "0c0ffee0-0000-4000-8000-000000000000"
PDF = b"%PDF-1.4\n1 0 obj"
TYPES = ("[Content_Types].xml", b"<Types/>")
OFFICE = {
    Kind.DOCX: zipped(TYPES, ("word/document.xml", b"<w/>")),
    Kind.XLSX: zipped(("xl/workbook.xml", b"<x/>"), TYPES),
    Kind.PPTX: zipped(TYPES, ("ppt/presentation.xml", b"<p/>")),
}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, Kind.PDF),
        (b"junk before\n" + PDF, Kind.PDF),
        (b"PK\5\6" + bytes(18), Kind.ZIP),
        (zipped(("a.pdf", PDF)), Kind.ZIP),
        (zipped(("a.pdf", PDF), method=zipfile.ZIP_STORED), Kind.ZIP),
        (zipped(("in.docx", OFFICE[Kind.DOCX]), method=zipfile.ZIP_STORED), Kind.ZIP),
        (zipped(("word/notes.txt", b"a")), Kind.ZIP),
        (b"PK\3\4 broken", Kind.ZIP),
        *((content, kind) for kind, content in OFFICE.items()),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", Kind.OLE),
        (b"\x89PNG\r\n\x1a\n....", Kind.PNG),
        (b"\xff\xd8\xff\xe0", Kind.JPEG),
        (b"II*\0....", Kind.TIFF),
        (b"MM\0*....", Kind.TIFF),
        (b"{\\rtf1\\ansi", Kind.RTF),
        (b"<?xml version='1.0'?><a/>", Kind.XML),
        (b"\xef\xbb\xbf <?xml version='1.0'?><a/>", Kind.XML),
        ("<?xml version='1.0'?><a/>".encode("utf-16"), Kind.XML),
        ("Kính gửi".encode(), Kind.TEXT),
        ("ử".encode() * 4000, Kind.TEXT),
        (b"a" + "ử".encode() * 4000, Kind.TEXT),
        ("Kính gửi".encode("utf-16"), Kind.TEXT),
        ("Kính gử".encode()[:-1], Kind.UNKNOWN),
        (b"a\0b", Kind.UNKNOWN),
        (b"\x80\x81", Kind.UNKNOWN),
        (b"", Kind.UNKNOWN),
    ],
)
def test_kinds_are_told_by_magic_bytes(content: bytes, kind: Kind) -> None:
    assert kind_of(content) is kind


@given(st.binary(max_size=200))
def test_any_bytes_have_a_kind_and_pass_or_are_a_bomb(content: bytes) -> None:
    for head in (b"", b"PK\3\4", b"%PDF-", b"\xff\xfe"):
        assert isinstance(kind_of(head + content), Kind)
        guard(head + content)
        guard(content + b"PK\5\6" + content[:18])


def test_an_office_file_fits_the_label_of_a_zip_but_not_the_other_way_round() -> None:
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert fits_label(OFFICE[Kind.DOCX], "Application/ZIP; x=y")
    assert fits_label(OFFICE[Kind.DOCX], word)
    assert not fits_label(zipped(("a", b"")), word)
    assert not fits_label(OFFICE[Kind.XLSX], word)


def attached(content: bytes | None, name: str = "Công văn.pdf") -> Attachment:
    return Attachment(content_id="1", name=name, content=content)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (f"{UUID}.pdf", "Công văn.pdf"),
        (f"{UUID.upper()}.PDF", "Công văn.pdf"),
        (f"{UUID}.pdf", "Công văn số 12"),
        (f"{UUID}.pdf", "Công văn 12.TB"),
        (f"{UUID}.zip", "hồ sơ.zip"),
        ("a.pdf", "Phụ lục.PDF"),
    ],
)
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_wrapped_file_is_taken_out(entry: str, name: str, method: int) -> None:
    content = PDF * 50_000
    found = unwrap(attached(zipped((entry, content), method=method), name))
    assert (found.content, found.entry, found.warnings) == (content, entry, ())


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (zipped((f"{UUID}.pdf", PDF)), "hồ sơ.zip"),
        (zipped(("trong.zip", PDF)), "hồ sơ.zip"),
        (zipped(("a.docx", PDF)), "a.pdf"),
        (zipped(("thư mục/a.pdf", PDF)), "a.pdf"),
        (zipped((f"{UUID}.pdf", PDF), ("b.pdf", PDF)), "a.pdf"),
        (zipped(), "a.pdf"),
        (OFFICE[Kind.DOCX], "a.docx"),
        (PDF, "a.pdf"),
        (b"", "a.pdf"),
    ],
)
def test_a_genuine_zip_and_a_raw_file_stay_as_they_came(content: bytes, name: str) -> None:
    found = unwrap(attached(content, name))
    assert (found.content, found.entry, found.warnings) == (content, "", ())


def _altered(content: bytes, at: int, replacement: bytes) -> bytes:
    return content[:at] + replacement + content[at + len(replacement) :]


def test_an_encrypted_zip_stays_as_it_came_with_a_warning() -> None:
    content = zipped((f"{UUID}.pdf", PDF))
    locked = _altered(content, content.index(b"PK\1\2") + 8, b"\1\0")
    found = unwrap(attached(locked))
    assert (found.content, [each.code for each in found.warnings]) == (locked, ["ZIP_ENCRYPTED"])


def _broken() -> list[bytes]:
    content = zipped((f"{UUID}.pdf", PDF * 100))
    central, data = content.index(b"PK\1\2"), 30 + len(UUID) + 4
    return [
        content[:-30],
        content[:200],
        _altered(content, data, b"\xff\xff\xff\xff"),
        _altered(content, central + 16, b"\0\0\0\0"),  # CRC
        _altered(content, central + 24, struct.pack("<L", len(PDF) * 100 + 1)),  # declares more
        _altered(content, central + 20, struct.pack("<L", 5)),  # cut
        _altered(content, central + 10, struct.pack("<H", 99)),  # another method
        _altered(content, central + 42, struct.pack("<L", 7)),  # another place
        _altered(content, central + 42, struct.pack("<L", 1 << 31)),
    ]


@pytest.mark.parametrize("broken", _broken())
def test_a_broken_zip_stays_as_it_came_with_a_warning(broken: bytes) -> None:
    found = unwrap(attached(broken))
    assert (found.content, [each.code for each in found.warnings]) == (broken, ["ZIP_BROKEN"])
    guard(broken)


def test_a_detached_attachment_cannot_be_unwrapped() -> None:
    with pytest.raises(ValueError, match="detached"):
        unwrap(attached(None))


def test_a_zip64_file_with_something_before_it_is_read() -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(f"{UUID}.pdf", "w", force_zip64=True) as file,
    ):
        file.write(PDF)
    assert unwrap(attached(buffer.getvalue())).content == PDF
    content = zipped((f"{UUID}.pdf", PDF))
    assert unwrap(attached(b"PK\3\4 something else" + content)).content == PDF


MIB = 1 << 20


def _bomb(size: int) -> bytes:
    return zipped((f"{UUID}.pdf", bytes(size)))


def _liar(content: bytes, declared: int) -> bytes:
    return _altered(content, content.index(b"PK\1\2") + 24, struct.pack("<L", declared))


def _overlapping(count: int) -> bytes:
    """Many entries over one stream, as in the bombs that need no nesting."""
    content = _bomb(MIB)
    start = content.index(b"PK\1\2")
    end = content.index(b"PK\5\6")
    central = content[start:end] * count
    return (
        content[:start]
        + central
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(central), start, 0)
    )


def test_a_zip_that_declares_an_absurd_expansion_is_a_bomb() -> None:
    with pytest.raises(ZipBomb, match="declare"):
        guard(_bomb(65 * MIB))
    with pytest.raises(ZipBomb, match="declare"):
        unwrap(attached(_bomb(65 * MIB)))


def test_files_just_below_the_limit_are_together_a_bomb_and_cost_no_more_than_one() -> None:
    budget, just_below = Budget(), _bomb(63 * MIB)
    guard(just_below, budget)
    with pytest.raises(ZipBomb, match="declare"):
        guard(just_below, budget)
    many = Budget(Limits(entries=10))
    guard(zipped(*((str(at), b"") for at in range(6))), many)
    with pytest.raises(ZipBomb, match="entries"):
        guard(zipped(*((str(at), b"") for at in range(6))), many)


def test_a_small_file_that_lies_is_measured_once_others_have_used_what_is_free() -> None:
    budget = Budget(Limits(free=4 * MIB, ratio=100_000))
    liar = _liar(_bomb(2 * MIB), 1000)
    guard(liar, budget)
    with pytest.raises(ZipBomb, match="further"):
        guard(liar, budget)


def test_a_zip_that_expands_further_than_it_declares_is_a_bomb() -> None:
    liar = _liar(_bomb(65 * MIB), 1000)
    with pytest.raises(ZipBomb, match="further"):
        guard(liar)
    tracemalloc.start()
    with pytest.raises(ZipBomb, match="further"):
        unwrap(attached(liar))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MIB


def test_overlapping_entries_are_a_bomb() -> None:
    with pytest.raises(ZipBomb, match="overlap"):
        guard(_overlapping(60))


def test_too_many_entries_are_a_bomb() -> None:
    with pytest.raises(ZipBomb, match="entries"):
        guard(zipped(*((str(at), b"") for at in range(11))), Budget(Limits(entries=10)))
    guard(zipped(*((str(at), b"") for at in range(10))), Budget(Limits(entries=10)))


def test_a_total_beyond_the_limit_is_a_bomb_at_any_ratio() -> None:
    content = zipped(("a.bin", bytes(2000)), ("b.bin", bytes(2000)), method=zipfile.ZIP_STORED)
    guard(content, Budget(Limits(total=4000)))
    with pytest.raises(ZipBomb):
        guard(content, Budget(Limits(total=3999)))


def test_small_files_may_shrink_as_far_as_they_like() -> None:
    guard(_bomb(63 * MIB))
    guard(zlib.compress(bytes(MIB)))
    guard(PDF)
    guard(b"")
