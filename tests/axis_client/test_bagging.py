"""Bags: what they promise, checked by another implementation, and what they notice."""

from __future__ import annotations

import subprocess
from pathlib import Path

import bagit
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axis_client import bagging
from edxml.attachments import distinct_names

NAMES = ("công văn.pdf", "cong van (2).pdf", "phụ lục.pdf", "a b  c", "'; rm -rf", "#$&")


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    folder = tmp_path / "bag"
    (folder / "data" / "original").mkdir(parents=True)
    for number, name in enumerate(NAMES):
        (folder / "data" / "original" / name).write_bytes(bytes([number]) * (number * 1000))
    lies = bagging.write_bag(folder, {"External-Identifier": "abc", "External-Description": "dòng 1\ndòng 2"})
    assert lies == bagging.Payload(files=len(NAMES), bytes=15_000)
    return folder


def test_another_implementation_finds_it_valid(bag: Path) -> None:
    read = bagit.Bag(str(bag))
    read.validate()
    assert read.info["External-Description"] == "dòng 1 dòng 2"
    assert read.info["Payload-Oxum"] == "15000.6"
    assert sorted(read.algorithms) == ["sha256", "sha512"]


@pytest.mark.parametrize("algorithm", bagging.ALGORITHMS)
def test_coreutils_check_it_without_any_of_this(bag: Path, algorithm: str) -> None:
    for manifest in (f"manifest-{algorithm}.txt", f"tagmanifest-{algorithm}.txt"):
        done = subprocess.run([f"{algorithm}sum", "--strict", "-c", manifest], cwd=bag, capture_output=True)
        assert done.returncode == 0, done.stderr


def test_a_bag_that_was_left_alone_has_no_problems(bag: Path) -> None:
    assert bagging.problems(bag) == ()


DAMAGES = {
    "a bit": lambda bag: flip(bag / "data" / "original" / NAMES[2]),
    "a file gone": lambda bag: (bag / "data" / "original" / NAMES[1]).unlink(),
    "a file more": lambda bag: (bag / "data" / "original" / "new").write_bytes(b""),
    "two swapped": lambda bag: swap(
        bag / "data" / "original" / NAMES[1], bag / "data" / "original" / NAMES[2]
    ),
    "a file cut": lambda bag: (bag / "data" / "original" / NAMES[3]).write_bytes(b""),
    "a line gone": lambda bag: cut_line(bag / "manifest-sha256.txt"),
    "the weaker manifest alone": lambda bag: flip(bag / "manifest-sha256.txt"),
    "the info": lambda bag: (bag / "bag-info.txt").write_text("External-Identifier: other\n"),
    "no declaration": lambda bag: (bag / "bagit.txt").unlink(),
    "another version": lambda bag: (bag / "bagit.txt").write_text("BagIt-Version: 0.97\n"),
    "no tag manifest": lambda bag: (bag / "tagmanifest-sha512.txt").unlink(),
    "a link": lambda bag: relink(bag / "data" / "original" / NAMES[1]),
    "a linked folder": lambda bag: (bag / "data" / "more").symlink_to("/etc"),
    "bytes for text": lambda bag: (bag / "manifest-sha512.txt").write_bytes(b"\xff"),
    "a folder in a file's place": lambda bag: folder_for(bag / "data" / "original" / NAMES[1]),
}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def cut_line(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))


def relink(path: Path) -> None:
    elsewhere = path.parent.parent.parent.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def folder_for(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("how", DAMAGES)
def test_every_damage_is_a_problem(bag: Path, how: str) -> None:
    DAMAGES[how](bag)
    assert bagging.problems(bag)


def test_every_flipped_byte_of_every_file_is_a_problem(bag: Path) -> None:
    for path in sorted(path for path in bag.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for place in range(0, len(content), max(1, len(content) // 25)):
            path.write_bytes(content[:place] + bytes([content[place] ^ 0x20]) + content[place + 1 :])
            assert bagging.problems(bag), (path, place)
        path.write_bytes(content)
    assert bagging.problems(bag) == ()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_whatever_files_are_called_they_are_found_again(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("bag")
    (folder / "data").mkdir()
    for name in distinct_names(names):
        (folder / "data" / name).write_bytes(name.encode())
    bagging.write_bag(folder, {})
    assert bagging.problems(folder) == ()
    if not any("%" in name for name in names):  # the other one reads it against 2.1.3
        bagit.Bag(str(folder)).validate()
