"""What an evidence package is: complete, the same each time, and sound as a whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tracemalloc
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signing.evidence.events import EventId
from signing.log import (
    KeyKind,
    MemoryNoteSigner,
    cosign,
    read_note,
    read_proof,
    with_signatures,
    write_proof,
)
from signing.package import Attachment, Evidence, NotPackable, State, Statement, write
from signing.package.container import Entry, directory, local_header
from signing.package.layout import MIMETYPE_CONTENT
from signing.package.opening import Container
from signing.reasons import Reason
from signing.trust import TrustStore
from tests.engines import require
from tests.pki import AT, NOT_AFTER
from tests.signing.package import stage
from tests.signing.revocation import responder
from tests.signing.timestamps import stage as time_stage

GIB = 1 << 30


@pytest.fixture(scope="module")
def package() -> bytes:
    return stage.packed()


def opened(package: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(package))


def test_a_whole_package_is_sound_in_every_part(package: bytes) -> None:
    verified = stage.verified(package)
    assert {finding.reason for finding in verified.findings} == {Reason.SOUND}
    assert [step.record.name for step in verified.steps] == [
        "evidence/00001-SubmissionAcceptance.xml",
        "evidence/00002-ContentConsignment.xml",
        "statements/00003-01.edxml",
        "evidence/00004-ContentHandover.xml",
        "statements/00005-06.edxml",
        "evidence/00006-SubmissionAcceptance.xml",
    ]
    assert verified.state is State.SOUND


def test_the_same_contents_are_the_same_bytes(package: bytes) -> None:
    assert stage.packed() == package
    assert stage.packed(at=stage.NOW + timedelta(days=300)) == package


def test_what_is_in_it_is_what_was_given(package: bytes) -> None:
    with opened(package) as held:
        assert held.testzip() is None
        assert held.namelist()[0] == "mimetype"
        assert held.read("original/package.edxml") == stage.original()
        contents = [held.read(name) for name in held.namelist() if name.startswith("attachments/")]
    assert contents == [content for _, content in stage.FILES]


def test_two_files_of_one_name_and_decomposed_names_arrive_as_they_were_spelled(package: bytes) -> None:
    with opened(package) as held:
        assert list(json.loads(held.read("names.json")).values()) == [name for name, _ in stage.FILES]
    assert unicodedata.normalize("NFC", stage.FILES[2][0]) != stage.FILES[2][0]


def test_fifteen_years_on_it_is_still_sound(package: bytes) -> None:
    assert stage.verified(package, at=NOT_AFTER + timedelta(days=1)).state is State.SOUND


def test_before_it_was_made_it_is_not(package: bytes) -> None:
    assert stage.verified(package, at=AT - timedelta(days=1)).state is State.REFUSED


def test_whom_nobody_trusts_proves_nothing(package: bytes) -> None:
    stranger = stage.trust(seals=TrustStore.of([time_stage.root().certificate]))
    verified = stage.verified(package, by=stranger)
    assert (verified.state, verified.worst.reason) == (State.REFUSED, Reason.UNTRUSTED_SIGNER)


def test_without_the_logs_key_proofs_are_computed_and_the_rest_is_said(package: bytes) -> None:
    verified = stage.verified(package, by=stage.trust(log=None, time=None))
    assert verified.state is State.SOUND
    warnings = {warning for finding in verified.findings for warning in finding.warnings}
    assert {"LOG_NOT_CHECKED", "TIME_NOT_CHECKED"} <= warnings


def test_witnesses_who_cosigned_after_the_time_stamp_count_for_the_proofs() -> None:
    witness = MemoryNoteSigner("witness.test", Ed25519PrivateKey.generate(), KeyKind.COSIGNATURE)
    plain = stage.contents()

    def cosigned(record: Evidence | Statement) -> Evidence | Statement:
        assert record.proof is not None
        proof = read_proof(record.proof)
        note = read_note(proof.checkpoint)
        note = with_signatures(note, [cosign(note, witness, int(AT.timestamp()))])
        return replace(record, proof=write_proof(replace(proof, checkpoint=note.content())))

    strict = stage.trust(log=replace(stage.log_policy(), witnesses=(witness.key,), quorum=1))
    package = stage.packed(replace(plain, records=tuple(map(cosigned, plain.records))))
    assert stage.verified(package, by=strict).state is State.SOUND
    assert stage.verified(stage.packed(), by=strict).worst.reason is Reason.LOG_TOO_FEW_WITNESSES


def test_a_list_issued_after_the_event_says_that_the_certificate_held_before() -> None:
    week = timedelta(days=7)
    later = tuple(
        each.crl(this_update=AT + week, next_update=AT + 2 * week)
        for each in (stage.root(), stage.agencies())
    )
    verified = stage.verified(stage.packed(stage.contents(crls=later)))
    assert {finding.reason for finding in verified.findings} == {Reason.SOUND}
    assert stage.verified(stage.packed(stage.contents(crls=later)), at=AT + timedelta(hours=7)).state is not (
        State.SOUND
    )


def test_a_sender_revoked_before_it_signed_is_refused() -> None:
    day = timedelta(days=1)
    revoked = stage.agencies().crl([stage.identity(stage.SENDER)], this_update=AT - day, next_update=AT + day)
    verified = stage.verified(stage.packed(stage.contents(crls=(stage.crls()[0], revoked))))
    assert verified.worst.reason is Reason.CERTIFICATE_REVOKED


def test_ocsp_answers_of_the_time_decide_where_there_is_no_list() -> None:
    asks = stage.root().issue(
        "Evidence of AXIS.TEST", extensions=stage.EVIDENCE_USAGE, ocsp_url="http://ocsp.test/"
    )
    signed = stage.small(evidence_by=asks)
    without = stage.verified(stage.packed(signed))
    assert (without.state, without.worst.reason) == (State.UNDECIDED, Reason.REVOCATION_UNKNOWN)
    good = responder.answer(asks, stage.root())
    assert stage.verified(stage.packed(stage.small(evidence_by=asks, answers=(good,)))).state is State.SOUND
    bad = responder.answer(asks, stage.root(), status=responder.REVOKED)
    refused = stage.verified(stage.packed(stage.small(evidence_by=asks, answers=(bad,))))
    assert refused.state is State.REFUSED
    assert Reason.CERTIFICATE_REVOKED in {finding.reason for finding in refused.findings}


@pytest.mark.parametrize("key", ["p256", "p384", "p521", "rsa2048"])
def test_keys_of_every_kind_seal_packages_that_openssl_verifies(key: str, tmp_path: Path) -> None:
    by = stage.signer(stage.agencies().issue("Văn thư", key=key))
    contents, out, again = stage.small(), io.BytesIO(), io.BytesIO()
    for each in (out, again):
        write(contents, each, signer=by, at=stage.NOW)
    assert out.getvalue() == again.getvalue()
    assert stage.verified(out.getvalue()).state is State.SOUND
    opened(out.getvalue()).extractall(tmp_path)
    (tmp_path / "ca.pem").write_bytes(stage.root().certificate.public_bytes(stage.PEM))
    options = "-verify -binary -inform DER -in signature001.p7s -content ASiCManifest001.xml -purpose any"
    done = subprocess.run(
        [require("openssl"), "cms", *options.split(), "-CAfile", "../ca.pem", "-out", "/dev/null"],
        cwd=tmp_path / "META-INF",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_an_answer_that_is_none_is_not_packed() -> None:
    with pytest.raises(NotPackable):
        stage.packed(stage.small(answers=(b"x",)))


def test_what_does_not_hold_is_packed_and_the_page_says_so() -> None:
    forged = Evidence(content=stage.record(EventId.SUBMISSION_ACCEPTANCE, AT).replace(b"H90", b"H91"))
    out = io.BytesIO()
    records = (*stage.records(), forged)
    written = write(
        stage.contents(records=records, stamps=()),
        out,
        signer=stage.signer(stage.identity(stage.RECIPIENT)),
        at=stage.NOW,
    )
    assert written.findings[-1].reason is Reason.DIGEST_MISMATCH
    with opened(out.getvalue()) as held:
        assert "DIGEST_MISMATCH" in held.read("page.html").decode()
    assert stage.verified(out.getvalue()).state is State.REFUSED


def test_the_page_tells_every_step_in_both_languages_and_escapes_what_others_wrote(package: bytes) -> None:
    with opened(package) as held:
        page = held.read("page.html").decode()
        assert held.read("page.pdf").startswith(b"%PDF-")
    for words in (
        "Trục đã tiếp nhận văn bản gửi đi",
        "Accepted by the axis",
        "2026-03-02T10:00:00+07:00",
        "Bộ Mẫu (000.00.00.G90)",
        hashlib.sha256(stage.original()).hexdigest(),
        "Về việc &lt;thử&gt; nghiệm &amp; kiểm tra",
    ):
        assert words in page
    assert "http" not in page.replace("http-equiv", "")


def test_an_attachment_of_any_size_passes_through_in_pieces() -> None:
    piece, pieces = bytes(1 << 20), 64
    digest = hashlib.sha256(piece * pieces).hexdigest()
    large = Attachment(
        name="map.bin", sha256=digest, size=len(piece) * pieces, chunks=lambda: iter([piece] * pieces)
    )

    class Nowhere(io.RawIOBase):
        """Takes everything, keeps nothing."""

        at = 0

        def seekable(self) -> bool:
            return True

        def tell(self) -> int:
            return self.at

        def seek(self, offset: int, whence: int = 0) -> int:
            self.at = offset
            return offset

        def write(self, data: object) -> int:
            size = len(memoryview(data).cast("B"))  # type: ignore[arg-type]
            self.at += size
            return size

    contents = stage.small(attachments=(large,))
    by = stage.signer(stage.identity(stage.RECIPIENT))
    stage.packed(stage.small())
    tracemalloc.start()
    try:
        write(contents, Nowhere(), signer=by, at=stage.NOW)  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "found", [b"other", b"longer than it was", b"x"], ids=["same size", "longer", "shorter"]
)
def test_a_file_that_changed_since_it_was_measured_is_not_packed(found: bytes) -> None:
    def chunks() -> Iterator[bytes]:
        yield found

    changed = Attachment(name="a", sha256=stage.sha(b"bytes"), size=5, chunks=chunks)
    with pytest.raises(NotPackable):
        stage.packed(stage.small(attachments=(changed,)))


def test_beyond_four_gigabytes_other_programs_read_the_container_too(tmp_path: Path) -> None:
    path = tmp_path / "large"
    first = Entry(name="mimetype", size=31, crc=zlib.crc32(MIMETYPE_CONTENT), offset=0)
    large = Entry(name="attachments/001.bin", size=5 * GIB, crc=0, offset=first.end)
    behind = Entry(name="attachments/002.bin", size=0, crc=0, offset=large.end)
    with path.open("wb") as file:  # a sparse file
        for entry in (first, large, behind):
            file.seek(entry.offset)
            file.write(local_header(entry))
        file.seek(first.content_at)
        file.write(MIMETYPE_CONTENT)
        file.seek(behind.end)
        file.write(directory((first, large, behind), behind.end))
    with zipfile.ZipFile(path) as read, path.open("rb") as file:
        sizes = [info.file_size for info in read.infolist()]
        assert sizes == [31, 5 * GIB, 0]
        assert read.read("attachments/002.bin") == b""
        ours = Container.open(file)
        assert [ours.size(name) for name in ours.names] == sizes
