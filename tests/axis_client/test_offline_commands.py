"""`axis seal`, `verify` and `inspect` as a user runs them: exit codes, JSON lines, plain sentences."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from axis_client.cli.verifying import SEVERITY
from tests.axis_client.harness import SAMPLES, axis, axis_process
from tests.pki import NOT_AFTER, Authority, authority

PACKAGE = SAMPLES / "package-new.edxml"
VERDICT_FIELDS = {"file", "verdict", "reason", "detail", "signer", "signed_at", "warnings"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A clerk's folder: keys, the root certificate, a sealed package."""

    folder: Path
    root: Authority

    @property
    def sealed(self) -> Path:
        return self.folder / "sealed.edxml"

    @property
    def trust(self) -> tuple[str | Path, ...]:
        return "--trust", self.folder / "root.pem"

    @property
    def key(self) -> tuple[str | Path, ...]:
        return "--key", self.folder / "key.pem", "--cert", self.folder / "cert.pem"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    root = authority("Root")
    agency = root.issue("Bộ Mẫu", organization="000.00.00.G90")
    agency.save(folder)
    (folder / "root.pem").write_bytes(root.certificate_pem)
    (folder / "agency.p12").write_bytes(agency.pkcs12(b"secret"))
    desk = Desk(folder=folder, root=root)
    assert axis("seal", PACKAGE, "-o", desk.sealed, *desk.key).code == 0
    return desk


def test_a_sealed_package_is_sound_and_says_by_whom(desk: Desk) -> None:
    ran = axis("verify", desk.sealed, *desk.trust, "--json")
    (found,) = ran.objects
    assert ran.code == 0
    assert set(found) == VERDICT_FIELDS
    assert (found["file"], found["verdict"], found["reason"]) == (str(desk.sealed), "sound", "SOUND")
    assert found["signer"]["subject"] == "CN=Bộ Mẫu,O=000.00.00.G90,C=VN"
    assert len(found["signer"]["sha256"]) == 64
    assert datetime.fromisoformat(found["signed_at"]).tzinfo is not None
    assert found["warnings"] == ["REVOCATION_NOT_CHECKED"]


def test_pkcs12_seals_with_its_password_from_the_environment_only(desk: Desk, tmp_path: Path) -> None:
    p12 = ("--p12", desk.folder / "agency.p12")
    out = tmp_path / "out.edxml"
    assert axis("seal", PACKAGE, "-o", out, *p12).code == 2
    assert axis("seal", PACKAGE, "-o", out, *p12, "--password-env", "PW", env={"PW": "wrong"}).code == 2
    assert axis("seal", PACKAGE, "-o", out, *p12, "--password-env", "UNSET").code == 2
    assert not out.exists()
    assert axis("seal", PACKAGE, "-o", out, *p12, "--password-env", "PW", env={"PW": "secret"}).code == 0
    assert axis("verify", out, *desk.trust).code == 0


def test_sealing_overwrites_nothing_unless_forced(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "out.edxml"
    out.write_bytes(b"mine")
    ran = axis("seal", PACKAGE, "-o", out, *desk.key, "--json")
    assert (ran.code, ran.error["error"]) == (2, "OUTPUT_EXISTS")
    assert out.read_bytes() == b"mine"
    assert axis("seal", PACKAGE, "-o", out, *desk.key, "--force").code == 0
    assert axis("verify", out, *desk.trust).code == 0
    assert os.listdir(tmp_path) == ["out.edxml"]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("sealed already", "SEAL_IMPOSSIBLE"),
        ("no key", "NO_SEAL_KEY"),
        ("key without certificate", "NO_SEAL_KEY"),
        ("missing", "FILE_MISSING"),
        ("folder", "FILE_UNREADABLE"),
        ("not xml", "XML_MALFORMED"),
        ("broken edxml", "EDXML_INCOMPLETE"),
        ("another's key", "KEY_UNUSABLE"),
        ("both", "USAGE"),
    ],
)
def test_what_cannot_be_sealed_says_why_and_leaves_nothing(
    desk: Desk, tmp_path: Path, case: str, reason: str
) -> None:
    (tmp_path / "text").write_bytes(b"no xml at all")
    broken = PACKAGE.read_bytes().replace(b"DocumentId>", b"DocumentIdentity>").replace(b"From>", b"Frim>")
    (tmp_path / "broken").write_bytes(broken)
    desk.root.issue("Other").save(tmp_path, "other")
    file, key = {
        "sealed already": (desk.sealed, desk.key),
        "no key": (PACKAGE, ()),
        "key without certificate": (PACKAGE, desk.key[:2]),
        "missing": (tmp_path / "nothing", desk.key),
        "folder": (tmp_path, desk.key),
        "not xml": (tmp_path / "text", desk.key),
        "broken edxml": (tmp_path / "broken", desk.key),
        "another's key": (PACKAGE, ("--key", tmp_path / "other-key.pem", *desk.key[2:])),
        "both": (PACKAGE, (*desk.key, "--p12", desk.folder / "agency.p12")),
    }[case]
    out = tmp_path / "out.edxml"
    ran = axis("seal", file, "-o", out, *key, "--json", cwd=tmp_path)
    assert (ran.code, ran.error["error"], ran.out) == (2, reason, "")
    assert not out.exists()


def test_any_xml_is_sealed_and_verified_though_the_axis_takes_edxml_only(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "note.xml").write_text("<note><to>someone</to></note>")
    out = tmp_path / "sealed.xml"
    ran = axis("seal", tmp_path / "note.xml", "-o", out, *desk.key)
    assert ran.code == 0
    assert "NOT_EDXML" in ran.err
    assert axis("verify", out, *desk.trust).code == 0
    out.write_bytes(out.read_bytes().replace(b"someone", b"anyone!"))
    assert axis("verify", out, *desk.trust, "--json").objects[0]["reason"] == "DIGEST_MISMATCH"


@pytest.fixture(scope="module")
def verdicts(desk: Desk) -> dict[int, Path]:
    """One file for each exit code."""
    refused = desk.folder / "refused.edxml"
    refused.write_bytes(desk.sealed.read_bytes().replace("quý I năm".encode(), "quý V năm".encode()))
    listed = desk.root.issue("Listed", crl_url="http://crl.example/root.crl")
    listed.save(desk.folder, "listed")
    undecided = desk.folder / "undecided.edxml"
    key = ("--key", desk.folder / "listed-key.pem", "--cert", desk.folder / "listed-cert.pem")
    assert axis("seal", PACKAGE, "-o", undecided, *key).code == 0
    unreadable = desk.folder / "unreadable.edxml"
    unreadable.write_bytes(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    return {0: desk.sealed, 1: refused, 2: unreadable, 3: undecided}


@pytest.mark.parametrize(
    "mix", [(0, 0), (0, 3), (3, 0), (3, 1), (1, 3), (0, 1), (1, 2), (2, 1), (0, 3, 1, 2), (2, 3)]
)
def test_of_several_files_the_worst_decides(
    desk: Desk, verdicts: dict[int, Path], mix: tuple[int, ...]
) -> None:
    ran = axis_process("verify", *(verdicts[code] for code in mix), *desk.trust, "--json")
    assert ran.code == max(mix, key=[0, 3, 1, 2].index)
    spoken = {0: "sound", 1: "refused", 2: "unreadable", 3: "undecided"}
    assert [found["verdict"] for found in ran.objects] == [spoken[code] for code in mix]
    assert all(set(found) == VERDICT_FIELDS for found in ran.objects)
    assert SEVERITY == (0, 4, 3, 1, 2)


def test_each_verdict_has_its_reason(desk: Desk, verdicts: dict[int, Path]) -> None:
    ran = axis("verify", *(verdicts[code] for code in (1, 2, 3)), *desk.trust, "--json")
    assert [found["reason"] for found in ran.objects] == [
        "DIGEST_MISMATCH",
        "XML_FORBIDDEN",
        "REVOCATION_UNKNOWN",
    ]
    assert ran.objects[1]["signer"] is None


def test_a_revocation_list_decides_what_was_undecided(
    desk: Desk, verdicts: dict[int, Path], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    listed = x509.load_pem_x509_certificate((desk.folder / "listed-cert.pem").read_bytes())
    for name, revoked, code, reason in (
        ("free", [], 0, "SOUND"),
        ("revoked", [listed], 1, "CERTIFICATE_REVOKED"),
    ):
        crl = desk.root.crl(
            revoked, this_update=now.replace(microsecond=0), next_update=NOT_AFTER, revoked_at=now
        )
        (tmp_path / name).write_bytes(crl.public_bytes(Encoding.DER))
        at = datetime.fromtimestamp(now.timestamp() + 5, UTC).isoformat()
        ran = axis("verify", verdicts[3], *desk.trust, "--crl", tmp_path / name, "--at", at, "--json")
        assert (ran.code, ran.objects[0]["reason"]) == (code, reason)


def test_any_certificate_may_be_the_anchor_in_pem_or_der(desk: Desk, tmp_path: Path) -> None:
    signer = x509.load_pem_x509_certificate((desk.folder / "cert.pem").read_bytes())
    (tmp_path / "signer.der").write_bytes(signer.public_bytes(Encoding.DER))
    assert axis("verify", desk.sealed, "--trust", tmp_path / "signer.der").code == 0
    assert axis("verify", desk.sealed, "--trust", desk.folder / "cert.pem").code == 0


def test_without_trust_nothing_is_sound_and_the_reader_is_told_how(desk: Desk) -> None:
    ran = axis("verify", desk.sealed, "--json")
    assert (ran.code, ran.objects[0]["reason"]) == (1, "UNTRUSTED_SIGNER")
    assert "--trust" in ran.objects[0]["detail"]


def test_the_time_judged_is_the_callers(desk: Desk) -> None:
    early = axis("verify", desk.sealed, *desk.trust, "--at", "2020-01-01T00:00:00+07:00", "--json")
    assert early.code == 1
    late = axis("verify", desk.sealed, *desk.trust, "--at", "2050-01-01T00:00:00Z", "--json")
    assert (late.code, late.objects[0]["reason"]) == (1, "CERTIFICATE_EXPIRED")


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-03-02", "2026-03-02T10:00:00", "2026-13-02T10:00:00Z", ""]
)
def test_a_time_without_meaning_is_wrong_usage(desk: Desk, text: str) -> None:
    ran = axis("verify", desk.sealed, *desk.trust, "--at", text, "--json")
    assert (ran.code, ran.error["error"], ran.out) == (2, "USAGE", "")


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_unreadable_trust_is_wrong_usage_and_no_verdict(
    desk: Desk, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "root.pem").write_bytes(content)
    ran = axis("verify", desk.sealed, "--trust", tmp_path / "root.pem", "--json")
    assert (ran.code, ran.error["error"], ran.out) == (2, "TRUST_UNREADABLE", "")


def test_a_file_beyond_every_bound_is_unreadable_and_not_read(desk: Desk, tmp_path: Path) -> None:
    huge = tmp_path / "huge.xml"
    with huge.open("wb") as file:
        file.truncate(20 << 30)
    ran = axis("verify", huge, *desk.trust, "--json")
    assert (ran.code, ran.objects[0]["reason"]) == (2, "XML_TOO_LARGE")
    assert axis("inspect", huge, "--json").objects[0]["error"] == "XML_TOO_LARGE"


@pytest.mark.parametrize("command", ["verify", "inspect"])
def test_file_names_of_every_kind_come_back_as_they_were_given(
    desk: Desk, tmp_path: Path, command: str
) -> None:
    name = "Công văn số 7"
    names = [
        unicodedata.normalize("NFC", name).encode(),
        unicodedata.normalize("NFD", name).encode(),
        b"caf\xe9 \xff.xml",
        b"line\nbreak",
    ]
    assert len(set(names)) == 4
    paths = [os.fsencode(tmp_path) + b"/" + name for name in names]
    for path in paths:
        Path(os.fsdecode(path)).write_bytes(desk.sealed.read_bytes())
    trust = desk.trust if command == "verify" else ()
    ran = axis_process(command, *paths, *trust, "--json")
    assert ran.code == 0
    assert [os.fsencode(found["file"]) for found in ran.objects] == paths
    plain = axis(command, *paths, *trust)
    assert plain.code == 0
    assert r"caf\xe9" in plain.out


def test_attachments_beside_the_package_are_checked_when_they_are_given(desk: Desk, tmp_path: Path) -> None:
    map_, list_ = tmp_path / "map.bin", tmp_path / "list.bin"
    map_.write_bytes(b"map"), list_.write_bytes(b"list")
    out = tmp_path / "out.edxml"
    assert axis("seal", PACKAGE, "-o", out, *desk.key, "--attach", map_, "--attach", list_).code == 0

    alone = axis("verify", out, *desk.trust, "--json")
    assert alone.code == 0
    assert "DETACHED_NOT_CHECKED" in alone.objects[0]["warnings"]

    both = axis("verify", out, *desk.trust, "--attach", list_, "--attach", map_, "--json")
    assert both.code == 0
    assert "DETACHED_NOT_CHECKED" not in both.objects[0]["warnings"]

    one = axis("verify", out, *desk.trust, "--attach", map_, "--json")
    assert (one.code, one.objects[0]["reason"]) == (1, "ATTACHMENT_MISSING")

    map_.write_bytes(b"mop")
    changed = axis("verify", out, *desk.trust, "--attach", list_, "--attach", map_, "--json")
    assert (changed.code, changed.objects[0]["reason"]) == (1, "ATTACHMENT_MISSING")

    stray = axis("verify", desk.sealed, *desk.trust, "--attach", map_, "--json")
    assert stray.code == 2


def test_a_profile_gives_its_trust_without_any_key_being_opened(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes((desk.folder / "root.pem").read_bytes())
    (tmp_path / "profile.toml").write_text(
        'axis = "a:1"\nagency = "A"\nca = "no"\ncertificate = "no"\nkey = "no"\ntrust = ["root.pem"]\n'
    )
    assert axis("verify", desk.sealed, "--profile", tmp_path / "profile.toml").code == 0


def test_every_sample_is_inspected_one_object_a_line() -> None:
    samples = sorted(SAMPLES.glob("*.edxml"))
    ran = axis("inspect", *samples, "--json")
    assert ran.code == 0
    assert [found["file"] for found in ran.objects] == [str(sample) for sample in samples]
    assert {found["form"] for found in ran.objects} == {"document", "status"}
    new = next(found for found in ran.objects if found["file"].endswith("package-new.edxml"))
    assert (new["document_id"], new["kind"]) == ("000.00.00.G90,2026/03/02,7816/BM-VP", 0)
    assert new["attachments"][0]["bytes_are"] == "zip"
    assert axis("inspect", *samples).code == 0


def test_what_is_no_edxml_gets_a_plain_sentence_and_the_others_are_still_shown(tmp_path: Path) -> None:
    (tmp_path / "note.xml").write_text("<note/>")
    ran = axis("inspect", tmp_path / "note.xml", PACKAGE, tmp_path / "none", tmp_path, "--json")
    assert ran.code == 2
    assert [found.get("error") for found in ran.objects] == [
        "NOT_EDXML",
        None,
        "FILE_MISSING",
        "FILE_UNREADABLE",
    ]
    assert all(found["message"] and found["message_vi"] for found in ran.objects if "error" in found)
    assert axis("inspect", tmp_path / "note.xml").out.startswith(str(tmp_path / "note.xml") + ": ")


@pytest.mark.parametrize(
    "arguments", [(), ("verify",), ("inspect",), ("seal", "x"), ("nonsense",), ("verify", "--no")]
)
def test_wrong_usage_is_two_and_never_silent(arguments: tuple[str, ...]) -> None:
    ran = axis_process(*arguments)
    assert ran.code == 2
    assert ran.out or ran.err


def test_language_is_chosen_and_codes_stay(desk: Desk, verdicts: dict[int, Path]) -> None:
    vietnamese = axis("verify", verdicts[1], *desk.trust, "--lang", "vi").out
    english = axis("verify", verdicts[1], *desk.trust, "--lang", "en").out
    by_locale = axis("verify", verdicts[1], *desk.trust, env={"LANG": "vi_VN.UTF-8"}).out
    assert vietnamese == by_locale != english
    assert "KHÔNG HỢP LỆ [DIGEST_MISMATCH]" in vietnamese
    assert "REFUSED [DIGEST_MISMATCH]" in english


def test_errors_speak_both_languages_the_chosen_one_first(tmp_path: Path) -> None:
    english = axis("seal", tmp_path / "none", "-o", tmp_path / "o", "--lang", "en").err
    vietnamese = axis("seal", tmp_path / "none", "-o", tmp_path / "o", "--lang", "vi").err
    for told in (english, vietnamese):
        assert "[FILE_MISSING]" in told
        assert "There is no such file" in told
        assert "Không có tệp này" in told
    assert english.index("There is") < english.index("Không có")
    assert vietnamese.index("Không có") < vietnamese.index("There is")


def test_a_hostile_subject_does_not_steer_the_terminal(tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.edxml"
    hostile.write_bytes(
        PACKAGE.read_bytes().replace("V/v chuẩn bị".encode(), "\u202ereversed\u009b31m".encode())
    )
    ran = axis("inspect", hostile)
    assert "\u202e" not in ran.out
    assert "\u009b" not in ran.out
    assert json.loads(axis("inspect", hostile, "--json").out)["subject"].startswith("\u202ereversed")


def test_vietnamese_sentences_hold_no_english(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("axis = 1")
    (tmp_path / "bad.pem").write_text("no certificate")
    for arguments in (
        ("whoami", "--profile", tmp_path / "bad.toml"),
        ("verify", PACKAGE, "--trust", tmp_path / "bad.pem"),
        (
            "seal",
            PACKAGE,
            "-o",
            tmp_path / "out",
            "--key",
            tmp_path / "bad.pem",
            "--cert",
            tmp_path / "bad.pem",
        ),
        ("seal", tmp_path, "-o", tmp_path / "out"),
        ("verify", PACKAGE, "--at", "yesterday"),
    ):
        error = axis(*arguments, "--json").error
        spoken = error["message_vi"].replace(str(tmp_path), "")
        assert not re.search(r"\b(is|not|no|must|the|a)\b", spoken), spoken
        assert not error["message_vi"].endswith(":")
