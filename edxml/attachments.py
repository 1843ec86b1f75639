"""What attachments really are: kinds by magic bytes, wrapped files, bombs, and names on a disk.

unwrapped = unwrap(attachment)          # Java producers send each file as a ZIP with one entry `<uuid>.<ext>`
guard(content, budget)                  # raises ZipBomb; for a server that never expands anything itself
distinct_names(["a.pdf", "a.pdf"])      # ("a.pdf", "a (2).pdf")
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from edxml.file_names import distinct_names, safe_name
from edxml.model import Attachment, Warn
from edxml.zips import DEFLATED, BrokenZip, Entry, directory, entries, expand

__all__ = [
    "DEFAULT_LIMITS",
    "Budget",
    "Kind",
    "Limits",
    "Unwrapped",
    "ZipBomb",
    "distinct_names",
    "fits_label",
    "guard",
    "kind_of",
    "safe_name",
    "unwrap",
]


class Kind(StrEnum):
    """What bytes are, judged by themselves."""

    PDF = "pdf"
    ZIP = "zip"
    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    OLE = "ole"
    """The older doc, xls, ppt and msg."""
    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    RTF = "rtf"
    XML = "xml"
    TEXT = "text"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a ZIP file may expand, or all those of one package together."""

    entries: int = 10_000
    total: int = 1 << 30
    """Bytes of all entries together."""
    ratio: int = 100
    """Expanded to compressed, above `free`: blank scans reach 1000, but are small."""
    free: int = 64 << 20
    """Bytes that may come out at any ratio."""


DEFAULT_LIMITS = Limits()


@dataclass(slots=True)
class Budget:
    """What the ZIP files of one package have used of their limits together."""

    limits: Limits = DEFAULT_LIMITS
    length: int = 0
    """Bytes of the files themselves."""
    entries: int = 0
    declared: int = 0
    """Bytes that their entries are said to expand to."""
    deflated: int = 0
    """Bytes that could expand further than they say."""


class ZipBomb(Exception):
    """A ZIP file declares, or turns out, to expand absurdly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrapped:
    """The file that a producer meant to send."""

    content: bytes
    entry: str = ""
    """Name of the one entry that it was wrapped in; empty when the bytes are as they came."""
    warnings: tuple[Warn, ...] = ()
    """`ZIP_ENCRYPTED`, `ZIP_BROKEN`: left as it came."""


_MAGIC = (
    (b"%PDF-", Kind.PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLE),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"II*\0", Kind.TIFF),
    (b"MM\0*", Kind.TIFF),
    (b"II+\0", Kind.TIFF),
    (b"MM\0+", Kind.TIFF),
    (b"{\\rtf", Kind.RTF),
)
_ZIP_STARTS = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")
_OFFICE = {"word/": Kind.DOCX, "xl/": Kind.XLSX, "ppt/": Kind.PPTX}
_ENTRIES_LOOKED_AT = 1000
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")

_DOCUMENT = "application/vnd.openxmlformats-officedocument."
_ZIPS = frozenset({Kind.ZIP, Kind.DOCX, Kind.XLSX, Kind.PPTX})
_TEXTS = frozenset({Kind.TEXT, Kind.XML, Kind.RTF, Kind.UNKNOWN})
_LABELS = {
    "application/pdf": frozenset({Kind.PDF}),
    "application/zip": _ZIPS,
    "application/x-zip-compressed": _ZIPS,
    "application/msword": frozenset({Kind.OLE, Kind.RTF}),
    "application/vnd.ms-excel": frozenset({Kind.OLE}),
    "application/vnd.ms-powerpoint": frozenset({Kind.OLE}),
    f"{_DOCUMENT}wordprocessingml.document": frozenset({Kind.DOCX}),
    f"{_DOCUMENT}spreadsheetml.sheet": frozenset({Kind.XLSX}),
    f"{_DOCUMENT}presentationml.presentation": frozenset({Kind.PPTX}),
    "application/rtf": frozenset({Kind.RTF}),
    "text/rtf": frozenset({Kind.RTF}),
    "image/png": frozenset({Kind.PNG}),
    "image/jpeg": frozenset({Kind.JPEG}),
    "image/jpg": frozenset({Kind.JPEG}),
    "image/tiff": frozenset({Kind.TIFF}),
    "text/plain": _TEXTS,
    "text/xml": _TEXTS,
    "application/xml": _TEXTS,
}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def kind_of(content: bytes) -> Kind:
    """Judges by magic bytes; a PDF may have up to 1 KiB before its header, as its readers allow."""
    if content.startswith(_ZIP_STARTS):
        return _kind_of_zip(content)
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    head = content[:4096]
    if b"%PDF-" in head[:1024]:
        return Kind.PDF
    return _kind_of_text(head, whole=len(content) <= len(head))


def _kind_of_zip(content: bytes) -> Kind:
    office, types = Kind.ZIP, False
    try:
        for entry in entries(content, _ENTRIES_LOOKED_AT):
            types = types or entry.name == "[Content_Types].xml"
            for folder, kind in _OFFICE.items():
                if entry.name.startswith(folder):
                    office = kind
            if types and office is not Kind.ZIP:
                return office
    except BrokenZip:
        pass  # Still a ZIP by its first bytes; `unwrap` warns of it.
    return Kind.ZIP


def _kind_of_text(head: bytes, *, whole: bool) -> Kind:
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    if encoding == "utf-8-sig" and _CONTROLS.search(head):
        return Kind.UNKNOWN
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as exc:
        if whole or exc.start < len(head) - 4:
            return Kind.UNKNOWN
        text = head[: exc.start].decode(encoding)
    if not text:
        return Kind.UNKNOWN
    return Kind.XML if text.lstrip().startswith("<?xml") else Kind.TEXT


def fits_label(content: bytes, label: str) -> bool:
    """Whether the bytes can be what a media type claims; a missing or unfamiliar label claims nothing."""
    claimed = _LABELS.get(label.partition(";")[0].strip().lower())
    if claimed is _ZIPS:
        return content.startswith(_ZIP_STARTS)
    return claimed is None or kind_of(content) in claimed


def guard(content: bytes, budget: Budget | None = None) -> None:
    """Raises `ZipBomb` when `content` is a ZIP file that expands absurdly; anything else passes.

    Files that share a `budget` share its limits: a hundred files just below a limit are one bomb. It reads
    what the central directory declares, and inflates (without keeping) only what could break `free` by
    lying. Nested ZIP files are not followed; methods other than deflate are judged by what they declare. A
    damaged or encrypted file passes: it is not ours to open.
    """
    budget = budget or Budget()
    limits = budget.limits
    try:
        budget.entries += directory(content).count
        if budget.entries > limits.entries:
            raise ZipBomb(f"ZIP files declare more than {limits.entries} entries.")
        listed = tuple(entries(content, limits.entries))
        _spend(budget, listed, len(content))
        inflatable = [entry for entry in listed if entry.method == DEFLATED and not entry.encrypted]
        budget.deflated += sum(entry.compressed for entry in inflatable)
        if budget.deflated * _DEFLATE_RATIO > limits.free:
            for entry in inflatable:
                _measure(content, entry)
    except BrokenZip:
        return


_DEFLATE_RATIO = 1032
"""No deflate stream expands further."""


def _spend(budget: Budget, listed: Iterable[Entry], length: int) -> None:
    declared = compressed = 0
    for entry in listed:
        declared += entry.size
        compressed += entry.compressed
    if compressed > length:
        raise ZipBomb("The ZIP file's entries overlap.")
    budget.declared += declared
    budget.length += length
    limits = budget.limits
    if budget.declared > limits.total or (
        budget.declared > limits.free and budget.declared > limits.ratio * budget.length
    ):
        raise ZipBomb(f"ZIP files declare {budget.declared} bytes out of {budget.length}.")


def _measure(content: bytes, entry: Entry) -> None:
    expanded = 0
    for piece in expand(content, entry):
        expanded += len(piece)
        if expanded > entry.size:
            raise ZipBomb("An entry of the ZIP file expands further than it declares.")


def unwrap(attachment: Attachment, limits: Limits = DEFAULT_LIMITS) -> Unwrapped:
    """Takes the one file out of the ZIP that some producers wrap each attachment in.

    A wrapping has one entry, named `<uuid>.<ext>` or like the attachment by its extension. A genuine ZIP
    file (several entries, or an attachment that calls itself .zip) stays as it came, and so does one that
    is encrypted or broken. Raises `ZipBomb`, and `ValueError` for an attachment without content.
    """
    content = attachment.content
    if content is None:
        raise ValueError("the attachment is detached")
    if not content.startswith(_ZIP_STARTS) or _kind_of_zip(content) is not Kind.ZIP:
        return Unwrapped(content=content)
    try:
        listed = tuple(entries(content, 2))
        if len(listed) != 1 or not _is_wrapping(listed[0].name, attachment.name):
            return Unwrapped(content=content)
        if listed[0].encrypted:
            return _as_it_came(content, "ZIP_ENCRYPTED", "The attachment is an encrypted ZIP file.")
        _spend(Budget(limits), listed, len(content))
        return Unwrapped(content=_expanded(content, listed[0]), entry=listed[0].name)
    except BrokenZip as exc:
        return _as_it_came(content, "ZIP_BROKEN", f"The attachment is a broken ZIP file: {exc}.")


def _as_it_came(content: bytes, code: str, detail: str) -> Unwrapped:
    return Unwrapped(content=content, warnings=(Warn(code=code, detail=detail),))


def _expanded(content: bytes, entry: Entry) -> bytes:
    pieces: list[bytes] = []
    size = crc = 0
    for piece in expand(content, entry):
        size += len(piece)
        if size > entry.size:
            raise ZipBomb("An entry of the ZIP file expands further than it declares.")
        crc = zlib.crc32(piece, crc)
        pieces.append(piece)
    if size != entry.size or crc != entry.crc:
        raise BrokenZip("an entry is not what was packed")
    return b"".join(pieces)


def _is_wrapping(entry: str, name: str) -> bool:
    stem, _, extension = entry.rpartition(".")
    _, _, own = name.rpartition(".")
    extension, own = extension.lower(), own.lower()
    if _UUID.fullmatch(stem):
        return own == extension or own != "zip"
    return extension == own != "zip" and "/" not in entry and bool(stem)
