"""A container as hostile input: opened only in the one form that `container` writes.

What an ordinary ZIP file may hold beside that (a comment, an encrypted or compressed entry, a link, a name
with a path, two entries over the same bytes) is named as the reason; everything else that differs by a byte
is `PACKAGE_NOT_PLAIN`.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from signing.package.container import CENTRAL, END, END_64, FULL_16, FULL_32, LOCATOR_64, Entry, local_header
from signing.package.container import directory as canonical_directory
from signing.package.layout import MIMETYPE, MIMETYPE_CONTENT, is_name
from signing.reasons import Reason

MOST_ENTRIES = 200_000
LARGEST_DIRECTORY = 64 << 20
LARGEST_READ = 64 << 20
"""Bytes of a file that is read whole: everything but attachments."""
CHUNK = 1 << 20


class NotPackage(Exception):
    """The file, or one in it, is not as a package has it. Carries the verdict's `reason`, `detail` and the
    `name` of the entry, if it is one's."""

    def __init__(self, reason: Reason, detail: str, name: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.name = name


class Container:
    """An opened container: which files there are, and their bytes. Not for several threads at once."""

    def __init__(self, file: BinaryIO, entries: Mapping[str, Entry]) -> None:
        self._file = file
        self._entries = entries

    @classmethod
    def open(cls, file: BinaryIO) -> Container:
        """Reads the directory of `file`, which can seek, and holds it to the form. Raises `NotPackage`."""
        length = file.seek(0, 2)
        raw, at = _directory(file, length)
        entries = tuple(_entries(raw, at))
        _check_places(entries, at)
        if canonical_directory(entries, at) != _read(file, at, length - at):
            raise NotPackage(Reason.PACKAGE_NOT_PLAIN, "the directory is not the one that its entries have")
        for entry in entries:
            header = local_header(entry)
            if _read(file, entry.offset, len(header)) != header:
                raise NotPackage(
                    Reason.PACKAGE_NOT_PLAIN, "an entry's header differs from the directory", entry.name
                )
        container = cls(file, {entry.name: entry for entry in entries})
        if not entries or entries[0].name != MIMETYPE or container.read(MIMETYPE) != MIMETYPE_CONTENT:
            raise NotPackage(Reason.PACKAGE_UNREADABLE, "the first entry does not say that it is ASiC-E")
        return container

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of the file."""
        return tuple(self._entries)

    def size(self, name: str) -> int:
        return self._entries[name].size

    def entry(self, name: str) -> Entry:
        return self._entries[name]

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yields an entry's bytes in pieces. Raises `NotPackage` when they are not those of its checksum."""
        entry = self._entries[name]
        at, crc = entry.content_at, 0
        while at < entry.end:
            piece = _read(self._file, at, min(CHUNK, entry.end - at))
            crc = zlib.crc32(piece, crc)
            at += len(piece)
            yield piece
        if crc != entry.crc:
            raise NotPackage(Reason.PACKAGE_FILE_ALTERED, "the bytes are not those of the checksum", name)

    def read(self, name: str) -> bytes:
        """Returns the whole entry. Raises `NotPackage`, also when it has more than `LARGEST_READ` bytes."""
        if self.size(name) > LARGEST_READ:
            raise NotPackage(Reason.PACKAGE_TOO_LARGE, f"a file of more than {LARGEST_READ} bytes", name)
        return b"".join(self.chunks(name))


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    data = file.read(size)
    if len(data) != size:
        raise NotPackage(Reason.PACKAGE_UNREADABLE, "the file is cut")
    return data


def _directory(file: BinaryIO, length: int) -> tuple[bytes, int]:
    """Returns the central directory and where it begins."""
    if length < END.size:
        raise NotPackage(Reason.PACKAGE_UNREADABLE, "too short for a ZIP file")
    tail = _read(file, max(0, length - END.size - FULL_16), min(length, END.size + FULL_16))
    found = len(tail) - END.size if tail[-END.size :].startswith(b"PK\5\6") else tail.rfind(b"PK\5\6")
    if found < 0 or found + END.size > len(tail):
        raise NotPackage(Reason.PACKAGE_UNREADABLE, "no end of a ZIP file's directory")
    *_, count, size, at, comment = END.unpack_from(tail, found)
    if comment:
        raise NotPackage(Reason.PACKAGE_COMMENT, "a comment behind the directory")
    if found + END.size != len(tail):
        raise NotPackage(Reason.PACKAGE_TRAILING_BYTES, "bytes behind the directory")
    end = length - END.size
    if (count == FULL_16 or size == FULL_32 or at == FULL_32) and end >= LOCATOR_64.size + END_64.size:
        end -= LOCATOR_64.size + END_64.size
        wide = _read(file, end, END_64.size)
        if wide.startswith(b"PK\6\6"):
            *_, count, size, at = END_64.unpack(wide)
    if count > MOST_ENTRIES or size > LARGEST_DIRECTORY:
        raise NotPackage(Reason.PACKAGE_TOO_LARGE, f"a directory of {count} entries and {size} bytes")
    if at + size != end:
        raise NotPackage(Reason.PACKAGE_OVERLAP, "the directory does not lie where it is said to")
    return _read(file, at, size), at


def _entries(raw: bytes, start: int) -> Iterator[Entry]:
    """Reads the directory's lines, naming what none of ours has."""
    at = 0
    names: set[str] = set()
    while at < len(raw):
        if at + CENTRAL.size > len(raw) or raw[at : at + 4] != b"PK\1\2":
            raise NotPackage(Reason.PACKAGE_UNREADABLE, "the directory is damaged")
        fields = CENTRAL.unpack_from(raw, at)
        flags, method, crc, packed, size = (*fields[3:5], *fields[7:10])
        name_size, extra_size, comment_size, attributes, offset = (*fields[10:13], *fields[15:17])
        at += CENTRAL.size
        name = raw[at : at + name_size].decode("latin-1")
        extra = raw[at + name_size : at + name_size + extra_size]
        at += name_size + extra_size + comment_size
        _check_line(name, flags, method, attributes, comment_size)
        if name in names:
            raise NotPackage(Reason.PACKAGE_NAME_TWICE, "two entries of one name", name)
        names.add(name)
        size, packed, offset = _widened(extra, (size, packed, offset))
        if packed != size:
            raise NotPackage(Reason.PACKAGE_NOT_PLAIN, "a stored entry of two sizes", name)
        if offset + size > start:
            raise NotPackage(Reason.PACKAGE_OVERLAP, "an entry reaches into the directory", name)
        yield Entry(name=name, size=size, crc=crc, offset=offset)
    if at != len(raw):
        raise NotPackage(Reason.PACKAGE_UNREADABLE, "the directory is damaged")


def _check_line(name: str, flags: int, method: int, attributes: int, comment: int) -> None:
    shown = name.encode("ascii", "backslashreplace").decode()[:100]
    if not is_name(name):
        raise NotPackage(Reason.PACKAGE_NAME_FORBIDDEN, "a name that no file of a package has", shown)
    if stat.S_ISLNK(attributes >> 16):
        raise NotPackage(Reason.PACKAGE_LINK, "a symbolic link", name)
    if flags & 0x2041:
        raise NotPackage(Reason.PACKAGE_ENCRYPTED, "an encrypted entry", name)
    if method:
        raise NotPackage(Reason.PACKAGE_COMPRESSED, f"an entry compressed by method {method}", name)
    if comment:
        raise NotPackage(Reason.PACKAGE_COMMENT, "an entry with a comment", name)


def _widened(extra: bytes, narrow: tuple[int, int, int]) -> tuple[int, int, int]:
    """Replaces the fields that are full by those of the ZIP64 extra, as far as they are there: what is
    missing shows itself when the directory is made again."""
    wanted = narrow.count(FULL_32)
    if not wanted or len(extra) != 4 + 8 * wanted:
        return narrow
    numbers = iter(struct.unpack_from(f"<{wanted}Q", extra, 4))
    first, second, third = (next(numbers) if number == FULL_32 else number for number in narrow)
    return first, second, third


def _check_places(entries: tuple[Entry, ...], directory_at: int) -> None:
    """One entry begins where the one before it ends, the first at 0, the directory behind the last."""
    at = 0
    for entry in entries:
        if entry.offset != at:
            reason = Reason.PACKAGE_OVERLAP if entry.offset < at else Reason.PACKAGE_NOT_PLAIN
            raise NotPackage(reason, "an entry does not begin where the one before it ends", entry.name)
        at = entry.end
    if at != directory_at:
        reason = Reason.PACKAGE_OVERLAP if at > directory_at else Reason.PACKAGE_NOT_PLAIN
        raise NotPackage(reason, "the directory does not begin where the last entry ends")
