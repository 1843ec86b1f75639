"""Whatever is done to a package, it is refused, and for what was done."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from signing.evidence.events import EventId, EventLabel
from signing.package import State, Statement, layout, verify
from signing.package.container import CENTRAL, END, ContainerWriter
from signing.package.contents import Contents
from signing.package.manifest import read_manifest, write_manifest
from signing.package.opening import Container, NotPackage
from signing.package.seal import seal_manifest
from signing.package.verification import check_listed
from signing.reasons import Reason
from signing.seal import seal
from tests.pki import AT
from tests.signing.package import stage
from tests.signing.timestamps import stage as time_stage

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def package() -> bytes:
    return stage.packed()


def files_of(package: bytes) -> Files:
    container = Container.open(io.BytesIO(package))
    return {name: container.read(name) for name in container.names}


def repacked(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    writer = ContainerWriter(out)
    for name, content in files.items():
        writer.add(name, [content], len(content))
    writer.finish()
    return out.getvalue()


def resealed(files: Files) -> bytes:
    """As a liar would who has a certificate of its own: the manifest and the seal fit again."""
    inside = {name: stage.sha(content) for name, content in files.items() if name not in layout.UNLISTED}
    manifest = write_manifest(inside)
    by = stage.signer(stage.identity("Liar"))
    own = {layout.MANIFEST: manifest, layout.SEAL: seal_manifest(manifest, signer=by, at=AT)}
    pem = by.certificate.public_bytes(stage.PEM), by.chain[0].public_bytes(stage.PEM)
    if "certificates/098-x.pem" not in files:
        return resealed({**files, "certificates/098-x.pem": pem[0], "certificates/099-x.pem": pem[1]})
    return repacked({**files, **own})


def reason(package: bytes) -> Reason:
    verified = stage.verified(package)
    assert verified.state is not State.SOUND
    return verified.worst.reason


def altered(files: Files, name: str, content: bytes) -> Files:
    assert name in files
    return {**files, name: content}


def without(files: Files, *names: str) -> Files:
    assert set(names) <= set(files)
    return {name: content for name, content in files.items() if name not in names}


def renamed(files: Files, name: str, other: str) -> Files:
    return {other if each == name else each: content for each, content in files.items()}


EVIDENCE, ATTACHMENT = "evidence/00001-SubmissionAcceptance.xml", "attachments/003-so-lieu.csv"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda f: altered(f, ATTACHMENT, b"1;3"), Reason.PACKAGE_FILE_ALTERED),
        (lambda f: altered(f, layout.PAGE, b"<h1>other"), Reason.PACKAGE_FILE_ALTERED),
        (lambda f: without(f, EVIDENCE), Reason.PACKAGE_FILE_MISSING),
        (lambda f: without(f, layout.SEAL), Reason.PACKAGE_FILE_MISSING),
        (lambda f: {**f, "attachments/004-x.pdf": b"x"}, Reason.PACKAGE_FILE_ADDED),
        (lambda f: renamed(f, ATTACHMENT, "attachments/003-other.csv"), Reason.PACKAGE_FILE_RENAMED),
        (
            lambda f: altered(f, layout.MANIFEST, f[layout.MANIFEST].replace(b"text/html", b"text/hxml")),
            Reason.PACKAGE_MANIFEST_ALTERED,
        ),
        (lambda f: altered(f, layout.SEAL, f[layout.SEAL][:-1]), Reason.PACKAGE_SEAL_MALFORMED),
        (lambda f: altered(f, layout.SEAL, f[layout.SEAL] + b"\0"), Reason.PACKAGE_SEAL_MALFORMED),
        (lambda f: altered(f, layout.SEAL, b"\x30\x80\0\0"), Reason.PACKAGE_SEAL_MALFORMED),
        (lambda f: altered(f, layout.MIMETYPE, b"application/zip"), Reason.PACKAGE_UNREADABLE),
    ],
)
def test_what_was_changed_after_the_seal_is_named(
    package: bytes, change: Callable[[Files], Files], expected: Reason
) -> None:
    assert reason(repacked(change(files_of(package)))) is expected


def another_dispatch() -> bytes:
    return stage.record(EventId.SUBMISSION_ACCEPTANCE, AT, message_id="k2hqm5x7v3b4n6c8z9a1s2d3f4")


def by_an_agency() -> bytes:
    """Evidence that an agency forged with its own key."""
    unsigned = files_of(stage.packed())[EVIDENCE].split(b"<ds:Signature ")[0] + b"</Evidence>"
    return seal(unsigned, signer=stage.signer(stage.identity(stage.SENDER)), at=AT)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda f: altered(f, ATTACHMENT, b"1;3"), Reason.ATTACHMENT_MISSING),
        (
            lambda f: (
                without(f, ATTACHMENT)
                | {layout.NAMES: b'{"attachments/001-Phu-luc.pdf": "", "attachments/002-Phu-luc.pdf": ""}'}
            ),
            Reason.ATTACHMENT_MISSING,
        ),
        (lambda f: {**f, "attachments/004-x.pdf": b"x"}, Reason.PACKAGE_FILE_MALFORMED),
        (
            lambda f: {
                **f,
                "attachments/004-x.pdf": b"x",
                layout.NAMES: f[layout.NAMES].replace(b"{", b'{"attachments/004-x.pdf": "", '),
            },
            Reason.PACKAGE_FILE_NOT_ATTESTED,
        ),
        (lambda f: {**f, "setup.exe": b"MZ"}, Reason.PACKAGE_FILE_NOT_ATTESTED),
        (lambda f: altered(f, layout.ORIGINAL, stage.arrived()), Reason.PACKAGE_EVIDENCE_MISSING),
        (lambda f: altered(f, EVIDENCE, f[EVIDENCE].replace(b"7816", b"7817")), Reason.DIGEST_MISMATCH),
        (lambda f: altered(f, EVIDENCE, another_dispatch()), Reason.PACKAGE_EVIDENCE_ELSEWHERE),
        (lambda f: altered(f, EVIDENCE, by_an_agency()), Reason.NOT_ENTITLED),
        (lambda f: without(f, layout.PDF), Reason.PACKAGE_FILE_MISSING),
        (lambda f: altered(f, "certificates/001-000-00-00-h90.pem", b"x"), Reason.PACKAGE_FILE_MALFORMED),
        (lambda f: altered(f, "crls/001.pem", b"x"), Reason.PACKAGE_FILE_MALFORMED),
        (lambda f: altered(f, "log/00001.tlog-proof", f["log/00002.tlog-proof"]), Reason.LOG_NOT_INCLUDED),
        (lambda f: {**f, "log/00009.tlog-proof": f["log/00002.tlog-proof"]}, Reason.PACKAGE_PROOF_ELSEWHERE),
        (
            lambda f: altered(
                f, "log/checkpoint-1.txt", f["log/checkpoint-1.txt"].replace(b"axis.t", b"axis.u")
            ),
            Reason.LOG_WRONG_ORIGIN,
        ),
        (
            lambda f: altered(f, "log/checkpoint-1.tst", time_stage.forged(b"other", at=AT)),
            Reason.TIMESTAMP_IMPRINT_MISMATCH,
        ),
        (
            lambda f: altered(
                f,
                "log/checkpoint-1.tst",
                time_stage.forged(f["log/checkpoint-1.txt"], at=AT - timedelta(days=9)),
            ),
            Reason.TIMESTAMP_BACKDATED,
        ),
    ],
)
def test_a_liars_own_seal_does_not_make_it_true(
    package: bytes, change: Callable[[Files], Files], expected: Reason
) -> None:
    assert stage.verified(resealed(files_of(package))).state is State.SOUND
    changed = stage.verified(resealed(change(files_of(package))))
    assert changed.state is State.REFUSED
    assert expected in {finding.reason for finding in changed.findings}


def test_a_statement_about_another_document_is_refused() -> None:
    other = seal(
        b"<status><DocumentId>x</DocumentId></status>", signer=stage.signer(stage.identity("B")), at=AT
    )
    label = EventLabel(vietnamese="", english="")
    stranger = Statement(content=other, agency_id="B", label=label, code="03")
    contents = stage.contents(records=(*stage.records(), stranger), stamps=())
    assert reason(stage.packed(contents)) is Reason.PACKAGE_STATEMENT_ELSEWHERE


def test_without_evidence_nothing_is_proved() -> None:
    assert reason(stage.packed(stage.small(records=()))) is Reason.PACKAGE_EVIDENCE_MISSING


def test_a_checkpoint_that_no_proof_ends_in_is_refused() -> None:
    contents: Contents = stage.contents(records=stage.records())
    assert reason(stage.packed(contents)) is Reason.PACKAGE_PROOF_ELSEWHERE


# What ordinary ZIP files may be, and a package is not.


def zipped(
    package: bytes,
    *,
    method: int = zipfile.ZIP_STORED,
    extra: tuple[tuple[zipfile.ZipInfo | str, bytes], ...] = (),
    comment: bytes = b"",
) -> bytes:
    """The same files by another program."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in files_of(package).items():
            made.writestr(zipfile.ZipInfo(name), content, compress_type=method)
        for info, content in extra:
            made.writestr(info, content)
        made.comment = comment
    return out.getvalue()


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("attachments/009-x")
    info.external_attr = 0o120777 << 16
    return info


def patched(package: bytes, where: int, value: bytes) -> bytes:
    """Changes a field of the last entry's line in the directory."""
    at = package.rindex(b"PK\1\2") + where
    return package[:at] + value + package[at + len(value) :]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda p: zipped(p, method=zipfile.ZIP_DEFLATED), Reason.PACKAGE_COMPRESSED),
        (lambda p: zipped(p), Reason.PACKAGE_NOT_PLAIN),
        (lambda p: zipped(p, comment=b"hello"), Reason.PACKAGE_COMMENT),
        (lambda p: zipped(p, extra=((link(), b"/etc/passwd"),)), Reason.PACKAGE_LINK),
        (lambda p: zipped(p, extra=(("/etc/passwd", b""),)), Reason.PACKAGE_NAME_FORBIDDEN),
        (lambda p: zipped(p, extra=(("../x", b""),)), Reason.PACKAGE_NAME_FORBIDDEN),
        (lambda p: zipped(p, extra=(("a\\b", b""),)), Reason.PACKAGE_NAME_FORBIDDEN),
        (lambda p: zipped(p, extra=(("folder/", b""),)), Reason.PACKAGE_NAME_FORBIDDEN),
        (lambda p: zipped(p, extra=(("thư.xml", b""),)), Reason.PACKAGE_NAME_FORBIDDEN),
        (lambda p: p + b"\0", Reason.PACKAGE_TRAILING_BYTES),
        (lambda p: b"\0" + p, Reason.PACKAGE_OVERLAP),
        (lambda p: p[:-30], Reason.PACKAGE_UNREADABLE),
        (lambda p: p[: len(p) // 2], Reason.PACKAGE_UNREADABLE),
        (lambda p: b"", Reason.PACKAGE_UNREADABLE),
        (lambda p: patched(p, 8, b"\1\0"), Reason.PACKAGE_ENCRYPTED),
        (lambda p: patched(p, 42, b"\0\0\0\0"), Reason.PACKAGE_OVERLAP),
        (lambda p: patched(p, 24, b"\xff\xff\xff\x7f"), Reason.PACKAGE_NOT_PLAIN),
        (lambda p: p[: -END.size] + many(p), Reason.PACKAGE_TOO_LARGE),
    ],
)
def test_a_container_of_another_form_is_refused(
    package: bytes, change: Callable[[bytes], bytes], expected: Reason
) -> None:
    assert reason(change(package)) is expected


def many(package: bytes) -> bytes:
    fields = list(END.unpack(package[-END.size :]))
    fields[5] = 0x7FFFFFFF
    return END.pack(*fields)


def test_two_files_of_one_name_are_refused(package: bytes) -> None:
    content = files_of(package)[ATTACHMENT]
    out = io.BytesIO()
    writer = ContainerWriter(out)
    for name, each in files_of(package).items():
        writer.add(name, [each], len(each))
    writer.add(ATTACHMENT, [content], len(content))
    writer.finish()
    assert reason(out.getvalue()) is Reason.PACKAGE_NAME_TWICE


# Mutation.


def bit(at: int) -> int:
    """One bit, the same one in every run."""
    return 1 << random.Random(at).randrange(8)


def test_no_byte_of_a_small_package_can_be_flipped() -> None:
    """Every position. Where a listed file's bytes lie, the manifest, which the flip leaves as it is, is held
    against the files; all of `verify` runs for every other position, and for every 61st of these."""
    package = bytearray(stage.packed(stage.small()))
    assert stage.verified(bytes(package)).state is State.SOUND
    file = io.BytesIO(package)
    container = Container.open(file)
    listed = read_manifest(container.read(layout.MANIFEST))
    inside = {
        at for name in listed for at in range(container.entry(name).content_at, container.entry(name).end)
    }
    trust = stage.trust()
    with file.getbuffer() as held:
        for at in range(len(package)):
            held[at] ^= bit(at)
            if at in inside and at % 61:
                with pytest.raises(NotPackage) as refusal:
                    check_listed(container, listed)
                assert refusal.value.reason is Reason.PACKAGE_FILE_ALTERED
            else:
                assert verify(file, trust, at=stage.NOW).state is State.REFUSED, at
            held[at] ^= bit(at)
    assert verify(file, trust, at=stage.NOW).state is State.SOUND


def test_the_fields_patched_above_are_where_the_format_has_them() -> None:
    assert CENTRAL.size == 46
    assert struct.calcsize("<4s6H") == 16
