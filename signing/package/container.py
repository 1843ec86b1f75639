"""The ZIP file of a package, in one form only: stored entries, one after the other, nothing else.

No compression: deflate gives other bytes with every library, and what is stored cannot be a bomb. The form is
a function of names, sizes and checksums, so a reader makes it again and compares: every byte that is no
content has but one value. Source: PKWARE APPNOTE 6.3 (4.3.7, 4.3.12, 4.3.14 to 16, 4.5.3).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF
_NARROW, _WIDE = 20, 45
"""Version needed to extract: without and with ZIP64."""
_UNIX = 3 << 8
_DATE = 0x0021
"""1980-01-01, the first day that a ZIP file knows."""
_REGULAR_FILE = 0o100644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file in the container."""

    name: str
    size: int
    crc: int
    offset: int
    """Of its local header."""

    @property
    def content_at(self) -> int:
        return self.offset + len(local_header(self))

    @property
    def end(self) -> int:
        return self.content_at + self.size


def local_header(entry: Entry) -> bytes:
    """What stands before an entry's bytes."""
    name, wide = entry.name.encode("ascii"), entry.size >= FULL_32
    extra = struct.pack("<2H2Q", 1, 16, entry.size, entry.size) if wide else b""
    size = FULL_32 if wide else entry.size
    version = _WIDE if wide else _NARROW
    fields = (b"PK\3\4", version, 0, 0, 0, _DATE, entry.crc, size, size, len(name), len(extra))
    return LOCAL.pack(*fields) + name + extra


def directory(entries: Iterable[Entry], at: int) -> bytes:
    """The central directory that begins at `at`, and its end: the rest of the file."""
    listed = tuple(entries)
    central = b"".join(map(_central_header, listed))
    count, size, end = len(listed), len(central), b""
    if count >= FULL_16 or size >= FULL_32 or at >= FULL_32:
        version = _UNIX | _WIDE
        end = END_64.pack(b"PK\6\6", END_64.size - 12, version, _WIDE, 0, 0, count, count, size, at)
        end += LOCATOR_64.pack(b"PK\6\7", 0, at + size, 1)
    short = min(count, FULL_16)
    end += END.pack(b"PK\5\6", 0, 0, short, short, min(size, FULL_32), min(at, FULL_32), 0)
    return central + end


def _central_header(entry: Entry) -> bytes:
    name = entry.name.encode("ascii")
    large, far = entry.size >= FULL_32, entry.offset >= FULL_32
    numbers = (entry.size, entry.size) * large + (entry.offset,) * far
    extra = struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
    size, offset = FULL_32 if large else entry.size, FULL_32 if far else entry.offset
    version = _WIDE if numbers else _NARROW
    fields = (b"PK\1\2", _UNIX | version, version, 0, 0, 0, _DATE, entry.crc, size, size)
    return CENTRAL.pack(*fields, len(name), len(extra), 0, 0, 0, _REGULAR_FILE, offset) + name + extra


class ContainerWriter:
    """Writes entries to `out`, which can seek, from where it stands; broken off midway it is no container."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._start = out.tell()
        self._entries: list[Entry] = []
        self._at = 0

    def add(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Writes one entry of exactly `size` bytes. Raises `ValueError` when there are more or fewer."""
        entry = Entry(name=name, size=size, crc=0, offset=self._at)
        self._out.write(local_header(entry))
        crc = length = 0
        for chunk in chunks:
            self._out.write(chunk)
            crc = zlib.crc32(chunk, crc)
            length += len(chunk)
        if length != size:
            raise ValueError(f"{name} has {length} bytes instead of {size}")
        entry = Entry(name=name, size=size, crc=crc, offset=self._at)
        self._out.seek(self._start + entry.offset)
        self._out.write(local_header(entry))
        self._out.seek(self._start + entry.end)
        self._entries.append(entry)
        self._at = entry.end

    def finish(self) -> None:
        """Writes the directory."""
        self._out.write(directory(self._entries, self._at))
