"""Whatever stands in place of a token: a verdict comes, never an exception, and never sound."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.structure import Breach
from signing.timestamps import NotGranted, token_of
from signing.verdict import Reason
from tests.signing.timestamps.stage import asked, forged, judged

pytestmark = pytest.mark.filterwarnings("ignore:Attribute's length")  # of a name in a changed certificate
SETTINGS = settings(max_examples=400, deadline=None, derandomize=True)
FRAGMENTS = [
    b"",
    b"\x05\x00",
    b"\x30\x00",
    b"\x31\x00",
    b"\x30\x80",
    b"\x00\x00",
    b"\xa0\x00",
    b"\x02\x01\xff",
    b"\x06\x00",
    b"\x18\x00",
    b"\x09\x01\x00",
    b"\x30\x84\xff\xff\xff\xff",
    b"\x1f\xff\xff\xff\x7f",
]


@pytest.fixture(scope="module")
def token() -> bytes:
    made = forged(ess=("v1", "v2"))
    assert judged(made) is Reason.SOUND
    return made


@given(
    place=st.floats(0, 1, exclude_max=True),
    length=st.integers(0, 30),
    fragment=st.sampled_from(FRAGMENTS) | st.binary(max_size=6),
)
@SETTINGS
def test_any_piece_replaced_by_any_fragment_is_never_sound(
    token: bytes, place: float, length: int, fragment: bytes
) -> None:
    start = int(place * len(token))
    changed = token[:start] + fragment + token[start + length :]
    if changed != token:
        assert judged(changed, request=asked()) is not Reason.SOUND


@given(start=st.floats(0, 1), length=st.integers(1, 200), target=st.floats(0, 1))
@SETTINGS
def test_any_piece_moved_over_another_is_never_sound(
    token: bytes, start: float, length: int, target: float
) -> None:
    source, to = int(start * len(token)), int(target * len(token))
    piece = token[source : source + length]
    changed = token[:to] + piece + token[to + len(piece) :]
    if changed != token:
        assert judged(changed) is not Reason.SOUND


@given(st.binary(max_size=200))
@SETTINGS
def test_no_bytes_are_an_answer_that_surprises(data: bytes) -> None:
    with contextlib.suppress(Breach, NotGranted):
        assert judged(token_of(data)) is not Reason.SOUND
    assert judged(data) is not Reason.SOUND
