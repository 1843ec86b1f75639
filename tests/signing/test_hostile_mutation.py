"""Whatever is changed in a sealed document: never sound with another content, and never sound alone."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from signing.canonical import EXCLUSIVE_FORM, canonical_document
from signing.parser import Malformed, parse
from signing.verdict import Refused, Sound, Undecided
from tests.pki import AT
from tests.signing.forge import right_by_xmlsec
from tests.signing.stage import DS, agency, judged, package, sealed

SETTINGS = settings(max_examples=300, deadline=None, derandomize=True)
DETACHED = {"cid:209": "ab" * 32}
FRAGMENTS = [
    b"",
    b" ",
    b"\n",
    b"x",
    b"<x/>",
    b"<!-- x -->",
    b"<?x y?>",
    b"<![CDATA[]]>",
    b"&#48;",
    b'Id="x"',
    b' xmlns:x="urn:x"',
    b' xmlns=""',
    b"</",
    b">",
    b'"',
    b"<ds:Signature>",
    b"<ds:Object></ds:Object>",
    b"\xef\xbb\xbf",
    b"\0",
]


def content_of(document: bytes) -> bytes:
    return canonical_document(parse(document), EXCLUSIVE_FORM)


def check(mutated: bytes) -> bool:
    """Judges a mutated document and tells whether it is sound: then with the same content, signer, time and
    attachments."""
    try:
        verdict = judged(mutated)
    except Malformed:
        return False
    assert isinstance(verdict, Sound | Refused | Undecided)
    if not isinstance(verdict, Sound):
        return False
    assert canonical_document(verdict.root, EXCLUSIVE_FORM) == content_of(package())
    assert (verdict.certificate, verdict.signed_at) == (agency().certificate, AT)
    assert verdict.detached == DETACHED
    return True


@pytest.fixture(scope="module")
def document() -> bytes:
    done = sealed(detached=DETACHED)
    assert check(done)
    return done


def places(document: bytes, count: int) -> list[int]:
    """Places all over the document, always the same ones, denser in the signature than elsewhere."""
    start, end = document.index(b"<ds:Signature "), document.index(b"</ds:Signature>")
    numbers = (int.from_bytes(hashlib.sha256(b"%d" % n).digest()[:8]) for n in range(count))
    return [start + n % (end - start) if n % 2 else n % len(document) for n in numbers]


def test_a_flipped_bit_never_makes_another_document_sound(document: bytes) -> None:
    sound = 0
    for number, place in enumerate(places(document, 1_200)):
        flipped = bytearray(document)
        flipped[place] ^= 1 << number % 8
        sound += check(bytes(flipped))
    # What may change unseen means nothing: the signature's Id and Target, a prefix declared twice.
    assert sound < 40


def test_a_byte_left_out_or_doubled_never_makes_another_document_sound(document: bytes) -> None:
    for place in places(document, 400):
        check(document[:place] + document[place + 1 :])
        check(document[:place] + document[place : place + 1] + document[place:])


def test_every_cut_is_refused(document: bytes) -> None:
    assert not any(check(document[:place]) for place in places(document, 200))


@given(
    place=st.floats(0, 1, exclude_max=True),
    length=st.integers(0, 40),
    fragment=st.sampled_from(FRAGMENTS) | st.binary(max_size=8),
)
@SETTINGS
def test_any_piece_replaced_by_any_fragment_never_makes_another_document_sound(
    document: bytes, place: float, length: int, fragment: bytes
) -> None:
    start = int(place * len(document))
    check(document[:start] + fragment + document[start + length :])


@given(st.data())
@SETTINGS
def test_elements_moved_copied_or_removed_never_make_another_document_sound(
    document: bytes, data: st.DataObject
) -> None:
    tree = etree.fromstring(document)
    signature = next(tree.iter(f"{DS}Signature"))
    near = list(signature.iter("*"))
    pool = near if data.draw(st.booleans()) else list(tree.iter("*"))
    victim = data.draw(st.sampled_from([each for each in pool if each.getparent() is not None]))
    action = data.draw(st.sampled_from(["move", "copy", "remove"]))
    if action != "remove":
        moved = etree.fromstring(etree.tostring(victim, with_tail=False))
        target = data.draw(st.sampled_from(pool))
        target.insert(data.draw(st.integers(0, len(target))), moved)
    parent = victim.getparent()
    if action != "copy" and parent is not None:
        parent.remove(victim)
    check(etree.tostring(tree))


@given(
    place=st.floats(0, 1, exclude_max=True),
    length=st.integers(0, 12),
    fragment=st.sampled_from(FRAGMENTS),
)
@SETTINGS
def test_what_is_sound_here_is_right_under_xmlsec(place: float, length: int, fragment: bytes) -> None:
    document = sealed()
    start = int(place * len(document))
    mutated = document[:start] + fragment + document[start + length :]
    try:
        verdict = judged(mutated)
    except Malformed:
        return
    if isinstance(verdict, Sound):
        assert right_by_xmlsec(mutated, by=agency())
