"""Archive records computed anew by the commands of VERIFY.txt, with openssl and coreutils alone, in 2045."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests import bare_machine
from tests.signing.package import stage
from tests.signing.package.test_bare_machine import HOLDS, line_of
from tests.signing.package.test_renewed import ACCEPTANCE, grown, packed
from tests.signing.renewal.stage import time_root
from tests.signing.timestamps.stage import root as tsa_root

RECORD = "renewal/00001.ers"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package whose records went from SHA-256 through another authority to SHA-512."""
    base = tmp_path_factory.mktemp("bare")
    (base / "x.asice").write_bytes(packed(grown().records))
    roots = (tsa_root().certificate, time_root().certificate)
    (base / "tsa.pem").write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in roots))
    (base / "ca.pem").write_bytes(stage.root().certificate.public_bytes(stage.PEM))
    return bare_machine.unpacked(base / "x.asice", base / "package")


def ran(directory: Path) -> tuple[bool, str]:
    done = bare_machine.run("VERIFY.txt", cwd=directory, given={"LOG_KEY": stage.log_key().key.vkey})
    return done.returncode == 0 and HOLDS in done.stdout, done.stdout


def test_every_step_of_every_record_holds(room: Path) -> None:
    holds, said = ran(room)
    assert holds, said
    for year in ("2026", "2033", "2038"):
        assert any(line.startswith(f"{RECORD}: ") and year in line for line in said.splitlines()), said
    commands = (room / "VERIFY.txt").read_text(encoding="utf-8")
    assert commands.count("\nstamped ") == 3 * len(stage.contents().records)


def changed(name: str) -> Callable[[Path], None]:
    def act(directory: Path) -> None:
        (directory / name).write_bytes((directory / name).read_bytes() + b" ")

    return act


def flipped(place: Callable[[bytes], int]) -> Callable[[Path], None]:
    """One bit of the record is another."""

    def act(directory: Path) -> None:
        der = bytearray((directory / RECORD).read_bytes())
        der[place(bytes(der))] ^= 1
        (directory / RECORD).write_bytes(der)

    return act


def of_token(number: int) -> Callable[[bytes], int]:
    stamps = [stamp for chain in grown().records[0].chains for stamp in chain]
    return lambda der: der.index(stamps[number].token) + 200


def another_authority(directory: Path) -> None:
    (directory.parent / "tsa.pem").write_bytes((directory.parent / "ca.pem").read_bytes())


@pytest.mark.parametrize(
    "damage",
    [
        lambda directory: None,
        changed(ACCEPTANCE),
        changed("original/package.edxml"),
        changed("attachments/003-so-lieu.csv"),
        flipped(of_token(0)),
        flipped(of_token(1)),
        flipped(of_token(2)),
        another_authority,
    ],
    ids=["none", "evidence", "document", "file", "first", "renewal", "hash tree", "another authority"],
)
def test_the_block_of_a_record_finds_what_it_is_for(
    room: Path, tmp_path: Path, damage: Callable[[Path], None], request: pytest.FixtureRequest
) -> None:
    copy = bare_machine.copied(room, tmp_path)
    line_of(copy, RECORD)
    damage(copy)
    holds, said = ran(copy)
    assert holds == request.node.callspec.id.startswith("none"), said
