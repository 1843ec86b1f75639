"""ZIP files as hostile input: the list of entries, and one entry's bytes, with bounds and without recursion.

Read by hand because `zipfile` builds an object for each of a million declared entries before it can be
asked anything. Source: PKWARE APPNOTE 6.3 (4.3.7 local header, 4.3.12 central directory, 4.3.14-16 its end,
4.5.3 ZIP64).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

STORED, DEFLATED = 0, 8
CHUNK = 1 << 16

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF


class BrokenZip(ValueError):
    """The bytes are no ZIP file that can be read, or not in this way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the central directory, as declared."""

    name: str
    encrypted: bool
    method: int
    crc: int
    compressed: int
    """Bytes in the file."""
    size: int
    """Bytes after expansion."""
    offset: int
    """Of the local header, from the start of the bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Where the central directory lies, and how many entries it declares."""

    count: int
    start: int
    end: int
    shift: int
    """Bytes that stand before the ZIP file proper."""


def directory(content: bytes) -> Directory:
    """Finds the central directory. Raises `BrokenZip`."""
    at = content.rfind(b"PK\5\6", max(0, len(content) - _END.size - _FULL_16))
    if at < 0 or at + _END.size > len(content):
        raise BrokenZip("no end of central directory")
    _, _, _, _, count, size, offset, _ = _END.unpack_from(content, at)
    end = at
    if count == _FULL_16 or size == _FULL_32 or offset == _FULL_32:
        locator = at - _LOCATOR_64.size
        if locator >= 0 and content[locator : locator + 4] == b"PK\6\7":
            end = locator - _END_64.size
            if end < 0 or content[end : end + 4] != b"PK\6\6":
                raise BrokenZip("no ZIP64 end of central directory")
            _, _, _, _, _, _, _, count, size, offset = _END_64.unpack_from(content, end)
    shift = end - size - offset
    if shift < 0:
        raise BrokenZip("the central directory lies outside the file")
    return Directory(count=count, start=end - size, end=end, shift=shift)


def entries(content: bytes, most: int) -> Iterator[Entry]:
    """Yields at most `most` entries as declared. Raises `BrokenZip`."""
    listed = directory(content)
    at = listed.start
    for _ in range(min(listed.count, most)):
        if at + _CENTRAL.size > listed.end:
            raise BrokenZip("the central directory is cut")
        fields = _CENTRAL.unpack_from(content, at)
        flags, method, crc, compressed, size, name_length, extra_length, comment_length = (
            *fields[3:5],
            *fields[7:13],
        )
        if fields[0] != b"PK\1\2":
            raise BrokenZip("the central directory is damaged")
        name_at = at + _CENTRAL.size
        extra_at = name_at + name_length
        at = extra_at + extra_length + comment_length
        if at > listed.end:
            raise BrokenZip("the central directory is cut")
        wide = _wide(content[extra_at : extra_at + extra_length], (size, compressed, fields[16]))
        yield Entry(
            name=content[name_at:extra_at].decode("utf-8" if flags & 0x800 else "cp437", "replace"),
            encrypted=bool(flags & 1),
            method=method,
            crc=crc,
            size=wide[0],
            compressed=wide[1],
            offset=wide[2] + listed.shift,
        )


def _wide(extra: bytes, narrow: tuple[int, ...]) -> list[int]:
    """Replaces the 32-bit fields that are full by those of the ZIP64 extra field."""
    if _FULL_32 not in narrow:
        return list(narrow)
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            wanted = narrow.count(_FULL_32)
            if len(field) < 8 * wanted:
                break
            numbers = iter(struct.unpack_from(f"<{wanted}Q", field))
            return [next(numbers) if number == _FULL_32 else number for number in narrow]
        at += 4 + length
    raise BrokenZip("a ZIP64 field is missing")


def expand(content: bytes, entry: Entry) -> Iterator[bytes]:
    """Yields an entry's bytes in pieces of at most `CHUNK`, as far as the stream goes, not as far as it
    declares.

    Raises `BrokenZip`, also for methods other than stored and deflated. The caller counts.
    """
    if entry.offset + _LOCAL.size > len(content):
        raise BrokenZip("an entry lies outside the file")
    signature, *_, name_length, extra_length = _LOCAL.unpack_from(content, entry.offset)
    start = entry.offset + _LOCAL.size + name_length + extra_length
    end = start + entry.compressed
    if signature != b"PK\3\4" or end > len(content):
        raise BrokenZip("an entry lies outside the file")
    pieces = (content[at : min(at + CHUNK, end)] for at in range(start, end, CHUNK))
    if entry.method == STORED:
        yield from pieces
    elif entry.method == DEFLATED:
        yield from _inflate(pieces)
    else:
        raise BrokenZip(f"compression method {entry.method}")


def _inflate(pieces: Iterator[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in pieces:
            while piece and not stream.eof:
                yield stream.decompress(piece, CHUNK)
                piece = stream.unconsumed_tail
        while not stream.eof:
            more = stream.decompress(b"", CHUNK)
            if not more:
                raise BrokenZip("an entry is cut")
            yield more
    except zlib.error as exc:
        raise BrokenZip("an entry is damaged") from exc
