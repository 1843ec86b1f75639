"""Cursors: good for one agency, one list, one dispatch; and telling nothing."""

from __future__ import annotations

import base64
from itertools import pairwise

import pytest

from axis_server.cursors import Cursors
from axis_server.errors import Declined

KEY = bytes(range(32))
SCOPE = ("evidence", "H90", "a" * 26)
MOST = (1 << 63) - 1


@pytest.fixture
def cursors() -> Cursors:
    return Cursors(KEY)


@pytest.mark.parametrize("place", [1, 2, 255, 1 << 32, MOST])
def test_a_place_comes_back_from_its_token(cursors: Cursors, place: int) -> None:
    token = cursors.token(place, *SCOPE)
    assert len(token) == 22
    assert cursors.place(token, *SCOPE) == place
    assert Cursors(KEY).place(token, *SCOPE) == place, "another node reads it too"


def test_the_beginning_is_empty(cursors: Cursors) -> None:
    assert cursors.token(0, *SCOPE) == ""
    assert cursors.place("", *SCOPE) == 0


@pytest.mark.parametrize(
    "scope",
    [
        ("evidence", "H91", "a" * 26),
        ("events", "H90", "a" * 26),
        ("evidence", "H90", "b" * 26),
        ("evidence", "H90"),
        ("evidence", "H9", "0" + "a" * 26),
        ("evidenceH90", "", "a" * 26),
        (),
    ],
)
def test_a_token_of_another_scope_is_refused(cursors: Cursors, scope: tuple[str, ...]) -> None:
    with pytest.raises(Declined) as declined:
        cursors.place(cursors.token(7, *scope), *SCOPE)
    assert declined.value.code == "INVALID_ARGUMENT"


def test_a_token_under_another_key_is_refused(cursors: Cursors) -> None:
    with pytest.raises(Declined):
        cursors.place(Cursors(bytes(32)).token(7, *SCOPE), *SCOPE)


@pytest.mark.parametrize("bit", range(0, 128, 5))
def test_a_token_with_one_bit_changed_is_refused(cursors: Cursors, bit: int) -> None:
    block = bytearray(base64.urlsafe_b64decode(cursors.token(7, *SCOPE) + "=="))
    block[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Declined):
        cursors.place(base64.urlsafe_b64encode(block).decode().rstrip("="), *SCOPE)


def test_what_is_no_token_is_refused(cursors: Cursors) -> None:
    token = cursors.token(7, *SCOPE)
    last = token[:-1] + chr(ord(token[-1]) + 1)  # the same bytes, written otherwise
    wrong = [
        "0",
        "7",
        "-1",
        "é" * 22,
        "A" * 22,
        token[:-1],
        token + "A",
        token + "==",
        f" {token}",
        last,
        "\0",
    ]
    for one in [*wrong, "A" * 1_000_000]:
        with pytest.raises(Declined) as declined:
            cursors.place(one, *SCOPE)
        assert declined.value.code == "INVALID_ARGUMENT"


def test_neighbouring_places_look_nothing_alike(cursors: Cursors) -> None:
    tokens = [base64.urlsafe_b64decode(cursors.token(place, *SCOPE) + "==") for place in range(1, 200)]
    for one, other in pairwise(tokens):
        shared = sum(a == b for a, b in zip(one, other, strict=True))
        assert shared < 8
    assert tokens != sorted(tokens)
