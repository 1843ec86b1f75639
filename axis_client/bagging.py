"""Bags (BagIt, RFC 8493): a folder that says what must be in it, and any archive's tools can check.

    write_bag(folder, {"External-Identifier": "..."})      # what is to be kept lies in folder/data
    problems(folder)                                       # () as long as every byte is there

`sha256sum -c manifest-sha256.txt` checks the payload without any of this.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from axis_client import files
from axis_client.errors import LocalError

PAYLOAD = "data"
ALGORITHMS = ("sha256", "sha512")
_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_TAG_FILES = ("bagit.txt", "bag-info.txt", *(f"manifest-{name}.txt" for name in ALGORITHMS))
_MANIFEST_MOST = 64 << 20
"""Bytes of a tag file that are read: half a million payload files."""
_ENCODED = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_LINE = re.compile(r"([0-9a-f]+)[ \t]+\*?(.+)")
_Digests = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What lies in a bag."""

    files: int
    bytes: int


def write_bag(folder: Path, info: Mapping[str, str]) -> Payload:
    """Writes the tag files around what lies in `folder`/data, durably: the manifests of both algorithms,
    `bag-info.txt` with `info`, and the tag manifests. Raises `LocalError`."""
    found = {_written(folder, path): _digests(path) for path in _payload(folder)}
    lies = payload(folder)
    described = {**info, "Payload-Oxum": f"{lies.bytes}.{lies.files}"}
    _write(folder / "bagit.txt", _DECLARATION)
    _write(folder / "bag-info.txt", "".join(f"{name}: {_line(text)}\n" for name, text in described.items()))
    for place, algorithm in enumerate(ALGORITHMS):
        listed = {name: digests[place] for name, digests in found.items()}
        _write(folder / f"manifest-{algorithm}.txt", _manifest(listed))
    tags = {name: _digests(folder / name) for name in _TAG_FILES}
    for place, algorithm in enumerate(ALGORITHMS):
        listed = {name: digests[place] for name, digests in tags.items()}
        _write(folder / f"tagmanifest-{algorithm}.txt", _manifest(listed))
    return lies


def problems(folder: Path) -> tuple[str, ...]:
    """Reads a bag as `write_bag` makes it, every byte of it, and says what is wrong: empty when it is
    complete and unchanged. Raises `LocalError` only for what cannot be read."""
    if _text(folder / "bagit.txt") != _DECLARATION:
        return ("bagit.txt: it is no bag of version 1.0",)
    wrong = [f"{path.name}: it is neither a file nor a folder" for path in _strange(folder)]
    tags = {name: folder / name for name in _TAG_FILES}
    lies = {_written(folder, path): path for path in _payload(folder)}
    for kind, there in (("tagmanifest", tags), ("manifest", lies)):
        measured = {name: _measured(path) for name, path in there.items()}
        for place, algorithm in enumerate(ALGORITHMS):
            listed = _read(folder / f"{kind}-{algorithm}.txt")
            if listed is None:
                wrong.append(f"{kind}-{algorithm}.txt: it cannot be read")
                continue
            wrong += [f"{name}: it is missing" for name in sorted(listed.keys() - measured.keys())]
            wrong += [f"{name}: nobody listed it" for name in sorted(measured.keys() - listed.keys())]
            same = sorted(listed.keys() & measured.keys())
            wrong += [f"{name}: it was changed" for name in same if measured[name][place] != listed[name]]
    return tuple(dict.fromkeys(wrong))


def payload(folder: Path) -> Payload:
    """Measures what lies in a bag."""
    sizes = [path.stat().st_size for path in _payload(folder)]
    return Payload(files=len(sizes), bytes=sum(sizes))


def _payload(folder: Path) -> list[Path]:
    """The files of the payload, whatever they are named, in one order."""
    found = [Path(place) / name for place, _, names in os.walk(folder / PAYLOAD) for name in names]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def _strange(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        for path in (Path(place) / name for name in (*folders, *names)):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                yield path


def _digests(path: Path) -> _Digests:
    """Hashes a file once with every algorithm. Raises `LocalError`."""
    hashes = [hashlib.new(algorithm) for algorithm in ALGORITHMS]
    try:
        with path.open("rb") as file:
            while chunk := file.read(files.CHUNK):
                for one in hashes:
                    one.update(chunk)
    except OSError as exc:
        raise files.unreadable(path, exc) from exc
    return tuple(one.hexdigest() for one in hashes)


def _measured(path: Path) -> _Digests:
    """The same of a file that may be gone: no digest is that of any content."""
    try:
        return _digests(path)
    except LocalError:
        return ("",) * len(ALGORITHMS)


def _written(folder: Path, path: Path) -> str:
    """A path as manifests write it (section 2.1.3): from the bag's root, with slashes, `%` and line ends
    encoded."""
    name = path.relative_to(folder).as_posix()
    return "".join(_ENCODED.get(char, char) for char in name)


def _manifest(listed: Mapping[str, str]) -> str:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(listed.items()))


def _read(manifest: Path) -> dict[str, str] | None:
    """Reads name to digest; None when a line says something else."""
    text = _text(manifest)
    if text is None:
        return None
    lines = [_LINE.fullmatch(line) for line in text.split("\n") if line]
    if any(line is None for line in lines):
        return None
    return {line[2]: line[1] for line in lines if line is not None}


def _text(path: Path) -> str | None:
    if not path.is_file() or path.is_symlink():
        return None
    content = files.read(path, _MANIFEST_MOST)
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        return None


def _line(text: str) -> str:
    """Text on one line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _write(path: Path, text: str) -> None:
    files.write(path, text.encode("utf-8", "surrogateescape"), force=True)
