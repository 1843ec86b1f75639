"""What the value of a setting may be: addresses, sizes, paths beside the file, keys of witnesses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from signing.keys import UnusableKey
from signing.log import KeyKind, read_vkey

KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40
_UNITS = {"B": 1, "KiB": KIB, "MiB": MIB, "GiB": GIB, "TiB": TIB}


class Address(NamedTuple):
    """Where a socket listens. Port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(value: str) -> Address:
    """Reads `host:port`; an IPv6 host stands in brackets. Raises `ValueError` with a sentence."""
    host, colon, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f'"{value}" is not an address; write "host:port", for instance "127.0.0.1:7443"')
    return Address(host, int(port))


def _address(value: object) -> object:
    return parse_address(value) if isinstance(value, str) else value


def _optional_address(value: object) -> object:
    return None if value == "" else _address(value)


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{1,15})\s*(B|KiB|MiB|GiB|TiB)?", value.strip(), re.ASCII)
    if match is None:
        raise ValueError(f'"{value}" is not a size; write bytes as a number, or such as "16 MiB"')
    return int(match[1]) * _UNITS[match[2] or "B"]


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    base: Path = (info.context or {}).get("base", Path())
    return base / path.expanduser()


def _none_when_empty(value: object) -> object:
    return None if value == "" else value


def _beside_the_file_if_any(path: Path | None, info: ValidationInfo) -> Path | None:
    return None if path is None else _beside_the_file(path, info)


ListenAddress = Annotated[Address, BeforeValidator(_address)]
OptionalAddress = Annotated[Address | None, BeforeValidator(_optional_address)]
Size = Annotated[int, BeforeValidator(_size), Field(ge=1)]
Hours = Annotated[float, Field(gt=0, le=87_600)]
HoursByPriority = tuple[Hours, Hours, Hours, Hours, Hours]
SizeOrZero = Annotated[int, BeforeValidator(_size), Field(ge=0)]
ConfiguredPath = Annotated[Path, AfterValidator(_beside_the_file)]
OptionalPath = Annotated[
    Path | None, BeforeValidator(_none_when_empty), AfterValidator(_beside_the_file_if_any)
]


def _witness_key(value: str) -> str:
    try:
        key = read_vkey(value)
    except UnusableKey as exc:
        raise ValueError(f"{exc} `axis witness key` prints it.") from exc
    if key.kind is not KeyKind.COSIGNATURE:
        raise ValueError("a log's key; a witness has one of another kind, as `axis witness key` makes it")
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f'"{value}" is not an address such as "https://host/path"')
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]
WitnessKey = Annotated[str, AfterValidator(_witness_key)]
