"""What the one XML parser reads, and what it refuses before it costs anything."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from lxml import etree

from signing.parser import DEFAULT_LIMITS, Limits, Malformed, encoding_of, parse, text_of
from signing.verdict import Reason
from tests.signing.stage import SAMPLES

REPOSITORY = Path(__file__).parent.parent.parent
TEXT = "Kính gửi Ủy ban"


def refused(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Reason:
    with pytest.raises(Malformed) as caught:
        parse(data, limits)
    assert caught.value.detail
    return caught.value.reason


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.edxml")), ids=lambda path: path.name)
def test_every_sample_is_read_as_libxml2_reads_it(path) -> None:
    data = path.read_bytes()
    assert etree.tostring(parse(data), method="c14n") == etree.tostring(etree.fromstring(data), method="c14n")


@pytest.mark.parametrize(
    "data",
    [
        f"<a>{TEXT}</a>".encode(),
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<a>{TEXT}</a>'.encode(),
        f"<?xml version='1.0' encoding = 'utf-8'?><a>{TEXT}</a>".encode("utf-8-sig"),
        f"<a>{TEXT}</a>".encode("utf-16"),
        f'<?xml version="1.0" encoding="UTF-16"?><a>{TEXT}</a>'.encode("utf-16"),
        b"\xfe\xff" + f'<?xml version="1.0" encoding="utf-16"?><a>{TEXT}</a>'.encode("utf-16-be"),
    ],
)
def test_utf8_and_utf16_are_read_with_and_without_declaration(data: bytes) -> None:
    assert text_of(parse(data)) == TEXT


def test_latin1_is_read_when_declared() -> None:
    data = '<?xml version="1.0" encoding="ISO-8859-1"?><a>café</a>'.encode("latin-1")
    assert encoding_of(data) == "iso-8859-1"
    assert text_of(parse(data)) == "café"


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
        b'<?xml version="1.0" encoding="US-ASCII"?><a/>',
        b'<?xml version="1.0" encoding="EBCDIC-CP-US"?><a/>',
        b'<?xml version="1.0" encoding="UTF-16"?><a/>',
        '<?xml version="1.0" encoding="UTF-8"?><a/>'.encode("utf-16"),
        b'\xef\xbb\xbf<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
        "<a/>".encode("utf-16-le"),
        "<a/>".encode("utf-16-be"),
    ],
)
def test_another_encoding_or_a_contradicting_one_is_refused(data: bytes) -> None:
    assert refused(data) is Reason.XML_FORBIDDEN


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"\0",
        b"plain text",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a/>\0",
        b"<a>\xff</a>",
        b"<a>\xc0\xbc</a>",
        b"<a>\xed\xa0\x80</a>",
        b"<p:a/>",
        b'<a p:b="1"/>',
        b'<a b="1" b="2"/>',
        b'<a xmlns:p="urn:x" xmlns:q="urn:x" p:b="1" q:b="2"/>',
        b'<a xmlns:xml="urn:other"/>',
        b"<a>&unknown;</a>",
        b"<a>&#0;</a>",
        b'<?xml version="1.1"?><a/>',
        b'<?xml encoding="UTF-8"?><a/>',
        b' <?xml version="1.0"?><a/>',
        b"<!doctype a><a/>",
        "<a/>".encode("utf-32"),
        b"\xff\xfe<\0a",
        "<a>\ud800</a>".encode("utf-16", "surrogatepass"),
    ],
)
def test_what_is_not_well_formed_is_refused(data: bytes) -> None:
    assert refused(data) is Reason.XML_MALFORMED


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b'<?xml version="1.0"?>\n<!-- hello --><?go now?>\n<!DOCTYPE a SYSTEM "http://x.example/a.dtd"><a/>',
        b"\xef\xbb\xbf<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE a><a/>".encode("utf-16"),
        b'<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE a><a/>',
    ],
)
def test_a_doctype_is_refused_wherever_it_may_stand(data: bytes) -> None:
    assert refused(data) is Reason.XML_FORBIDDEN


@pytest.mark.parametrize(
    "data",
    [
        b"<!-- <!DOCTYPE a> --><a/>",
        b"<?go <!DOCTYPE a> ?><a/>",
        b"<a><![CDATA[<!DOCTYPE a>]]></a>",
        b"<a><!-- <!DOCTYPE a> --></a>",
        b"<a/><!-- <!DOCTYPE a> -->",
    ],
)
def test_a_doctype_that_is_only_spoken_of_is_none(data: bytes) -> None:
    assert parse(data).tag == "a"


def test_a_doctype_behind_the_root_or_inside_it_is_not_well_formed() -> None:
    assert refused(b"<a/><!DOCTYPE a>") is Reason.XML_MALFORMED
    assert refused(b"<a><!DOCTYPE a></a>") is Reason.XML_MALFORMED


def test_an_entity_bomb_is_refused_without_being_expanded() -> None:
    lines = ['<!ENTITY a0 "ha">', *(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))]
    bomb = f"<!DOCTYPE a [{''.join(lines)}]><a>&a11;</a>".encode()
    assert refused(bomb) is Reason.XML_FORBIDDEN


def test_depth_is_bounded_exactly() -> None:
    assert parse(b"<a>" * 64 + b"</a>" * 64).tag == "a"
    assert refused(b"<a>" * 65 + b"</a>" * 65) is Reason.XML_TOO_LARGE


@pytest.mark.parametrize("depth", [300, 10_000, 150_000])
def test_very_deep_xml_is_refused_in_a_thread_with_a_small_stack(depth: int) -> None:
    found: list[Reason] = []
    documents = (
        b"<a>" * depth + b"</a>" * depth,
        b"<a>" * depth,
        b"<a>" * depth + b"x" * 11_000_000 + b"</a>" * depth,
    )
    previous = threading.stack_size(256 << 10)
    try:
        thread = threading.Thread(target=lambda: found.extend(refused(each) for each in documents))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(previous)
    assert found == [Reason.XML_TOO_LARGE] * 3


def test_bytes_elements_attributes_namespaces_and_text_are_bounded_exactly() -> None:
    limits = Limits(bytes=4_000, elements=100, attributes=10, namespaces=12, text=500)

    def attributes(number: int) -> bytes:
        return b"<a " + b" ".join(b"a%d='='" % n for n in range(number)) + b"/>"

    def scopes(number: int) -> bytes:
        inner = b" ".join(b'xmlns:q%d="urn:%d"' % (n, n) for n in range(number - 8))
        outer = b" ".join(b'xmlns:p%d="urn:%d"' % (n, n) for n in range(8))
        return b"<a " + outer + b"><b " + inner + b"/></a>"

    within = [
        b"<a>" + b" " * 400 + b"<!--" + b"x" * 3_000 + b"--></a>",
        b"<a>" + b"<b/>" * 99 + b"</a>",
        attributes(10),
        scopes(12),
        b"<a>" + b"x" * 500 + b"<b/>" + b"x" * 500 + b"</a>",
    ]
    beyond = [
        b"<a>" + b" " * 400 + b"<!--" + b"x" * 3_600 + b"--></a>",
        b"<a>" + b"<b/>" * 100 + b"</a>",
        attributes(11),
        scopes(13),
        b"<a>" + b"x" * 251 + b"<![CDATA[" + b"x" * 250 + b"]]></a>",
    ]
    for document in within:
        assert parse(document, limits).tag == "a"
    for document in beyond:
        assert refused(document, limits) is Reason.XML_TOO_LARGE


def test_sibling_scopes_do_not_add_up() -> None:
    limits = Limits(attributes=10, namespaces=10)
    sibling = b"<b " + b" ".join(b'xmlns:p%d="urn:%d"' % (n, n) for n in range(9)) + b"/>"
    assert parse(b"<a>" + sibling * 50 + b"</a>", limits).tag == "a"


def test_a_greater_than_sign_in_a_value_does_not_hide_attributes() -> None:
    limits = Limits(attributes=10, namespaces=10)
    many = b" ".join(b"a%d='/>'" % n for n in range(11))
    assert refused(b"<a " + many + b"/>", limits) is Reason.XML_TOO_LARGE
    assert refused(b"<a><!-- '\" --><b " + many + b"/></a>", limits) is Reason.XML_TOO_LARGE
    assert refused(b"<a><![CDATA[<x ']]><b " + many + b"/></a>", limits) is Reason.XML_TOO_LARGE


@pytest.mark.parametrize("flood", ["b'<a>' * 20_000_000", """b'<a ' + b"b='' " * 12_000_000 + b'/>'"""])
def test_a_flood_is_refused_before_memory_is_spent_on_it(flood: str) -> None:
    # 60 MB of this would make a tree of gigabytes; the process may have 400 MB in all.
    program = f"""
import resource
from signing.parser import Malformed, parse
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
try:
    parse({flood})
except Malformed as refusal:
    print(refusal.reason)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.stdout.strip() == "XML_TOO_LARGE", done.stderr


@pytest.mark.parametrize("opening", [b"<!--", b"<![CDATA[", b"<?", b"<a '", b'<a b="'])
def test_unterminated_markup_in_masses_is_looked_at_once(opening: bytes) -> None:
    # Looked at once for every opening, this would take hours.
    data = b"<r " + b"a='' " * 70 + b">" + opening * 190_000
    assert refused(data) in (Reason.XML_MALFORMED, Reason.XML_TOO_LARGE)


def test_a_large_inline_attachment_is_read() -> None:
    data = b"<a>" + b"QUJD" * 4_000_000 + b"</a>"
    assert len(text_of(parse(data))) == 16_000_000


def test_text_is_whole_around_comments_instructions_and_cdata() -> None:
    root = parse(b"<a>H9<!-- 1 -->0.<?x y?>01<![CDATA[<&]]></a>")
    assert root.text == "H9"
    assert text_of(root) == "H90.01<&"
    assert text_of(parse(b"<a/>")) == ""
    assert text_of(None) == ""


def test_nothing_outside_is_read() -> None:
    root = parse(
        b'<a xmlns:xi="http://www.w3.org/2001/XInclude">'
        b'<xi:include href="file:///etc/passwd" parse="text"/></a>'
    )
    assert text_of(root) == ""


def test_errors_tell_the_place_but_nothing_of_the_content() -> None:
    with pytest.raises(Malformed) as caught:
        parse(b"<secret>\n<b></secret>")
    assert "secret" not in str(caught.value)
    assert "line 2" in caught.value.detail
