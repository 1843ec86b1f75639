"""Where things stand in a package, and how its files may be named.

    mimetype
    original/package.edxml               the sealed package, as sent
    original/DESTROYED.txt               or its SHA-256, where it was lawfully destroyed, with
    disposal/order.xml, disposal/approval-1.xml, disposal/destruction.xml
    attachments/001-Cong-van.pdf         what lay beside it; names.json has the names as sent
    evidence/00001-SubmissionAcceptance.xml, statements/00003-01.edxml
    log/00001.tlog-proof                 of the record with this number
    renewal/00001.ers                    its archive record (RFC 4998)
    grown/00001-SubmissionAcceptance.xml the evidence with a time-stamp over its seal (XAdES-B-T)
    log/checkpoint-1.txt, log/checkpoint-1.tst
    log/successions.txt                  how the log's keys followed each other, up to those that signed
    certificates/*.pem, crls/*.pem, ocsp/*.der
    names.json, page.html, page.pdf, VERIFY.txt, SHA256SUMS
    META-INF/ASiCManifest001.xml, META-INF/signature001.p7s

Names are ASCII without a space, so that every tool of every system unpacks them alike, and commands name them
without quotes.
"""

from __future__ import annotations

import re
import unicodedata

MIMETYPE = "mimetype"
MIMETYPE_CONTENT = b"application/vnd.etsi.asic-e+zip"
ORIGINAL, DESTROYED = "original/package.edxml", "original/DESTROYED.txt"
ORDER, DESTRUCTION = "disposal/order.xml", "disposal/destruction.xml"
NAMES, PAGE, PDF, COMMANDS, SUMS = "names.json", "page.html", "page.pdf", "VERIFY.txt", "SHA256SUMS"
MANIFEST, SEAL = "META-INF/ASiCManifest001.xml", "META-INF/signature001.p7s"
PROOF_ENDING = ".tlog-proof"
SUCCESSIONS = "log/successions.txt"
UNLISTED = frozenset({MIMETYPE, MANIFEST, SEAL})
"""What the manifest does not list: the seal and what it seals; `mimetype` says the same in every package."""

LONGEST_NAME = 120
_NAME = re.compile(
    rf"(?=.{{1,{LONGEST_NAME}}}\Z)[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*\Z"
)
_PLACES = tuple(
    re.compile(pattern)
    for pattern in (
        r"attachments/\d{3,}(-[A-Za-z0-9._-]+)?",
        r"disposal/approval-\d+\.xml",
        r"evidence/\d{5,}-[A-Za-z0-9]+\.xml",
        r"statements/\d{5,}-[A-Za-z0-9]+\.edxml",
        r"log/\d{5,}\.tlog-proof",
        r"renewal/\d{5,}\.ers",
        r"grown/\d{5,}-[A-Za-z0-9]+\.xml",
        r"log/checkpoint-\d+\.(txt|tst)",
        r"certificates/\d{3,}-[a-z0-9-]+\.pem",
        r"crls/\d{3,}\.pem",
        r"ocsp/\d{3,}\.der",
    )
)
_FIXED = frozenset(
    {ORIGINAL, DESTROYED, ORDER, DESTRUCTION, NAMES, PAGE, PDF, COMMANDS, SUMS, SUCCESSIONS, *UNLISTED}
)
_MIME = {
    "xml": "application/xml",
    "edxml": "application/xml",
    "html": "text/html",
    "pdf": "application/pdf",
    "json": "application/json",
    "pem": "application/x-pem-file",
    "tst": "application/vnd.etsi.timestamp-token",
}


def is_name(name: str) -> bool:
    """Whether an entry may have this name: relative, plain, in ASCII."""
    return _NAME.match(name) is not None


def has_place(name: str) -> bool:
    """Whether a package has a place for a file of this name."""
    return name in _FIXED or any(place.fullmatch(name) for place in _PLACES)


def in_folder(names: tuple[str, ...], folder: str) -> tuple[str, ...]:
    return tuple(name for name in names if name.startswith(f"{folder}/"))


def attachment(number: int, name: str) -> str:
    """Where an attachment stands; `number` from 1, so that files of one name both arrive."""
    stem, dot, extension = name.rpartition(".")
    plain = _plain(stem if dot else extension, 40)
    ending = _plain(extension, 8) if dot else ""
    return f"attachments/{number:03}{'-' if plain else ''}{plain}{'.' if ending else ''}{ending}"


def destroyed(original: str) -> bytes:
    """What stands for a document that was destroyed: its digest, as `sha256sum` writes it."""
    return f"{original}  {ORIGINAL}\n".encode()


def approval(number: int) -> str:
    return f"disposal/approval-{number}.xml"


def evidence(number: int, event: str) -> str:
    return f"evidence/{number:05}-{_only(event, 60)}.xml"


def statement(number: int, code: str) -> str:
    return f"statements/{number:05}-{_only(code, 20) or 'x'}.edxml"


def proof(number: int) -> str:
    return f"log/{number:05}{PROOF_ENDING}"


def renewal(number: int) -> str:
    return f"renewal/{number:05}.ers"


def grown(evidence: str) -> str:
    """Where the grown form of an evidence stands."""
    return f"grown/{evidence.rpartition('/')[2]}"


def number_of(name: str) -> int:
    """The number of a record or a proof; 0 when it has none."""
    found = re.search(r"/(\d+)", name)
    return int(found[1]) if found else 0


def number_in(name: str) -> int:
    """The number of a checkpoint."""
    return int("".join(filter(str.isdigit, name)) or 0)


def checkpoint(number: int, extension: str) -> str:
    return f"log/checkpoint-{number}.{extension}"


def certificate(number: int, common_name: str) -> str:
    return (
        f"certificates/{number:03}-{_plain(common_name, 30).lower().replace('.', '-').strip('-') or 'x'}.pem"
    )


def media_type(name: str) -> str:
    return _MIME.get(name.rpartition(".")[2], "application/octet-stream")


def _only(text: str, longest: int) -> str:
    return "".join(char for char in text if char.isascii() and char.isalnum())[:longest]


def _plain(text: str, longest: int) -> str:
    """`text` without diacritics, everything that is neither letter nor digit a hyphen."""
    decomposed = unicodedata.normalize("NFKD", text[:1000].replace("đ", "d").replace("Đ", "D"))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub(r"[^A-Za-z0-9.]+", "-", bare).strip("-.")[:longest].strip("-.")
