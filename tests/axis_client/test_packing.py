"""What goes out: attachments bound by name and digest, bytes left as they are wherever they can be."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from axis_client import LocalError
from axis_client.files import measure
from axis_client.packing import open_package, open_xml, pack
from edxml.model import Attachment, Organ, Package
from edxml.writer import write
from signing.evidence import ContentPart
from signing.keys import Signer, load_pem
from tests.axis_client.harness import SAMPLES, letter
from tests.pki import AT, authority

SAMPLE = (SAMPLES / "package-new.edxml").read_bytes()


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return load_pem(*authority("Root").issue("Agency").save(tmp_path))


def opened(document: bytes) -> Package:
    return open_package(open_xml(document))


def with_entries(*names: str) -> bytes:
    entries = tuple(Attachment(content_id=f"c{i}", name=name) for i, name in enumerate(names))
    return write(replace(opened(SAMPLE), attachments=entries))


def test_sealing_without_files_leaves_every_other_byte_as_it_was(signer: Signer) -> None:
    sealed = pack(SAMPLE, [], None, signer=signer, at=AT).sealed
    start, end = sealed.index(b"<ds:Signature"), sealed.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    rest = sealed[:start] + sealed[end:]
    assert b"".join(rest.split()) == b"".join(SAMPLE.split())


def test_a_sealed_package_goes_out_as_it_is(signer: Signer) -> None:
    sealed = pack(SAMPLE, [], None, signer=signer, at=AT).sealed
    assert pack(sealed, [], None, signer=signer, at=AT).sealed == sealed


def test_a_file_joins_the_entry_of_its_name_composed_or_not(signer: Signer, tmp_path: Path) -> None:
    name = "Phụ lục.pdf"
    path = tmp_path / unicodedata.normalize("NFD", name)
    path.write_bytes(b"annex")
    document = with_entries(unicodedata.normalize("NFC", name))
    outgoing = pack(document, [measure(path)], None, signer=signer, at=AT)
    assert outgoing.digests == {"c0": measure(path).sha256}
    assert len(outgoing.package.attachments) == 1
    assert opened(outgoing.sealed) == opened(document)


def test_a_file_without_an_entry_gets_one_with_the_same_id_each_time(signer: Signer, tmp_path: Path) -> None:
    path = tmp_path / "bản đồ.pdf"
    path.write_bytes(b"map")
    ids = {
        opened(pack(SAMPLE, [measure(path)], None, signer=signer, at=AT).sealed).attachments[-1].content_id
        for _ in range(2)
    }
    assert ids == {measure(path).sha256[:32]}


def test_two_entries_of_one_name_are_not_guessed_at(signer: Signer, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"a")
    with pytest.raises(LocalError) as caught:
        pack(with_entries("a.pdf", "a.pdf"), [measure(tmp_path / "a.pdf")], None, signer=signer, at=AT)
    assert caught.value.reason == "ATTACHMENT_AMBIGUOUS"


def test_a_sealed_package_takes_its_files_by_digest_whatever_their_names(
    signer: Signer, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"a")
    sealed = pack(SAMPLE, [measure(path)], None, signer=signer, at=AT).sealed
    renamed = path.rename(tmp_path / "renamed")
    assert pack(sealed, [measure(renamed)], None, signer=signer, at=AT).blobs == (measure(renamed),)
    renamed.write_bytes(b"b")
    with pytest.raises(LocalError) as caught:
        pack(sealed, [measure(renamed)], None, signer=signer, at=AT)
    assert caught.value.reason == "ATTACHMENT_NOT_SEALED"


def test_every_file_is_expected_in_the_evidence_under_a_name_of_its_own(
    signer: Signer, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"a")
    odd = (Attachment(content_id="original", name="x", content=b"x"),)
    document = write(replace(opened(letter("d")), attachments=odd))
    parts = pack(document, [measure(path)], None, signer=signer, at=AT).parts
    assert [part.identifier for part in parts[:2]] == ["original", "original#2"]
    assert parts[2] == ContentPart(
        identifier=measure(path).sha256[:32], content_type="application/pdf", sha256=measure(path).sha256
    )


def test_what_no_edxml_can_carry_is_a_mistake_here(signer: Signer) -> None:
    with pytest.raises(LocalError) as caught:
        pack(SAMPLE, [], [Organ(organ_id="H90\x00")], signer=signer, at=AT)
    assert caught.value.reason == "EDXML_UNWRITABLE"


def test_a_status_is_no_document_to_send(signer: Signer) -> None:
    with pytest.raises(LocalError) as caught:
        pack((SAMPLES / "status-03.edxml").read_bytes(), [], None, signer=signer, at=AT)
    assert caught.value.reason == "NOT_A_DOCUMENT"
