"""Files and arguments made to mislead: forged evidence, times without a calendar, text that plays terminal,
pipes without end."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509.oid import ObjectIdentifier

from axis_client.cli import verifying
from signing.algorithms import EXCLUSIVE
from signing.entitlement import EVIDENCE_SIGNING
from signing.evidence import ContentPart, EventId, EvidenceRecord, Party, write
from signing.keys import MemorySigner
from signing.seal import seal
from signing.verdict import Verdict
from signing.verify import verify
from tests.axis_client.harness import MINISTRY, PROVINCE, SAMPLES, axis, axis_process
from tests.pki import Authority, Identity, authority
from tests.signing.forge import forged, properties, reference, template

PACKAGE = SAMPLES / "package-new.edxml"
NOW = datetime.now(UTC)
RECORD = EvidenceRecord(
    evidence_id="0192f0c1-7a10-7000-8000-000000000001",
    event=EventId.CONSIGNMENT_ACCEPTANCE,
    at=NOW,
    issuer=Party(agency_id="AXIS.01", name="Trục liên thông văn bản"),
    sender=Party(agency_id=MINISTRY, name="Bộ Mẫu"),
    recipients=(Party(agency_id=PROVINCE, name="UBND tỉnh Ví Dụ"),),
    message_id="k2hqm5x7v3b4n6c8z9a1s2d3f4",
    submitted_at=NOW,
    document_id="000.00.00.G90,2026/03/02,7816/BM-VP",
    parts=(ContentPart(identifier="original", content_type="application/xml", sha256="ab" * 32),),
    about_recipient=1,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    folder: Path
    root: Authority

    @property
    def trust(self) -> tuple[str | Path, ...]:
        return "--trust", self.folder / "root.pem"

    def signer(self, name: str, *purposes: ObjectIdentifier) -> MemorySigner:
        """Issues a certificate, keeps it as `<name>.pem`, and returns what signs with it."""
        identity: Identity = self.root.issue(name, extended=purposes)
        (self.folder / f"{name}.pem").write_bytes(identity.certificate_pem)
        return MemorySigner(identity.key, identity.certificate)

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def package(self, signer: MemorySigner, at: datetime = NOW) -> bytes:
        place = re.sub(r"\s+", "", HEADER)
        return seal(PACKAGE.read_bytes(), signer=signer, at=at, place=place)


HEADER = """{http://www.mic.gov.vn/TBT/QCVN_102_2016}edXMLEnvelope
    /{http://www.mic.gov.vn/TBT/QCVN_102_2016}edXMLHeader"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root = authority("Root")
    (tmp_path / "root.pem").write_bytes(root.certificate_pem)
    return Desk(folder=tmp_path, root=root)


def verdicts(*arguments: str | Path) -> list[tuple[str, str]]:
    return [(found["verdict"], found["reason"]) for found in axis("verify", *arguments, "--json").objects]


# who may sign what


def test_evidence_forged_by_an_agency_of_the_same_authority_is_refused(desk: Desk) -> None:
    forged = desk.file("forged.xml", write(RECORD, signer=desk.signer(PROVINCE)))
    ran = axis("verify", forged, *desk.trust)
    assert ran.code == 1
    assert "[NOT_ENTITLED]" in ran.out
    assert "--trust" in ran.out
    assert verdicts(forged, *desk.trust) == [("refused", "NOT_ENTITLED")]


def test_evidence_is_sound_by_its_purpose_or_by_the_very_certificate(desk: Desk, tmp_path: Path) -> None:
    meant = desk.file("meant.xml", write(RECORD, signer=desk.signer("axis", EVIDENCE_SIGNING)))
    plain = desk.file("plain.xml", write(RECORD, signer=desk.signer("older")))
    sound, refused = ("sound", "SOUND"), ("refused", "NOT_ENTITLED")
    assert verdicts(meant, plain, *desk.trust) == [sound, refused]
    assert verdicts(meant, plain, *desk.trust, "--trust", tmp_path / "older.pem") == [sound, sound]
    assert axis("verify", meant, *desk.trust).code == 0


def test_the_evidence_certificate_in_a_profile_is_trusted_for_evidence(desk: Desk, tmp_path: Path) -> None:
    plain = desk.file("plain.xml", write(RECORD, signer=desk.signer("older")))
    for trust, expected in (('"root.pem"', 1), ('"root.pem", "older.pem"', 0)):
        profile = desk.file(
            "profile.toml",
            'axis = "a:1"\nagency = "A"\nca = "no"\ncertificate = "no"\nkey = "no"\n'
            f"trust = [{trust}]\n".encode(),
        )
        assert axis("verify", plain, "--profile", profile).code == expected


def test_a_certificate_for_evidence_seals_no_package(desk: Desk, tmp_path: Path) -> None:
    sealed = desk.file("sealed.edxml", desk.package(desk.signer("axis", EVIDENCE_SIGNING)))
    assert verdicts(sealed, *desk.trust) == [("refused", "NOT_ENTITLED")]
    assert verdicts(sealed, "--trust", tmp_path / "axis.pem") == [("refused", "NOT_ENTITLED")]


@pytest.mark.parametrize(("name", "warned"), [(MINISTRY, False), (PROVINCE, True), ("000.00.00.G9", True)])
def test_a_sender_that_the_certificate_does_not_name_is_warned_about(
    desk: Desk, name: str, warned: bool
) -> None:
    sealed = desk.file("sealed.edxml", desk.package(desk.signer(name)))
    (found,) = axis("verify", sealed, *desk.trust, "--json").objects
    assert found["verdict"] == "sound"
    assert ("SENDER_NOT_IN_CERTIFICATE" in found["warnings"]) is warned


# times at the edge


@pytest.mark.parametrize(
    "text",
    [
        "20260302T100000Z",
        "2026-W10-1T10:00:00Z",
        "2026-061T10:00:00Z",
        "2026-03-02T10Z",
        "2026-03-02T10:00Z",
        "2026-03-02 10:00:00Z",
        "2026-03-02T10:00:00+07",
        "2026-03-02T10:00:00+0700",
        "2026-03-02T10:00:00,5Z",
        "2026-03-02T24:00:00Z",
        "٢٠٢٦-03-02T10:00:00Z",
        "2026-03-02T10:00:00Z\n",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_time_that_is_not_rfc_3339_or_in_no_calendar_is_wrong_usage(desk: Desk, text: str) -> None:
    ran = axis("verify", PACKAGE, *desk.trust, "--at", text, "--json")
    assert (ran.code, ran.error["error"], ran.out) == (2, "USAGE", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0001-01-01T00:00:00Z", "CERTIFICATE_NOT_YET_VALID"),
        ("9999-12-31T23:59:59.999999Z", "CERTIFICATE_EXPIRED"),
        ("2040-03-02t10:00:00.123456789z", "SOUND"),
        ("2040-03-02T10:00:00-23:59", "SOUND"),
    ],
)
def test_every_time_of_the_calendar_can_be_judged_at(desk: Desk, text: str, reason: str) -> None:
    sealed = desk.file("sealed.edxml", desk.package(desk.signer(MINISTRY)))
    (found,) = verdicts(sealed, *desk.trust, "--at", text)
    assert found[1] == reason


def test_a_seal_of_the_last_second_of_the_calendar_is_told_and_the_next_file_examined(desk: Desk) -> None:
    own = reference("#props", [EXCLUSIVE], kind="http://uri.etsi.org/01903#SignedProperties")
    objects = properties("<xades:SigningTime>9999-12-31T23:59:59Z</xades:SigningTime>")
    signature = template(reference(), own, objects=objects)
    last = desk.file("last.xml", forged(b"<note/>", signature, by=desk.root.issue("Late")))
    good = desk.file("good.edxml", desk.package(desk.signer(MINISTRY)))
    ran = axis_process("verify", last, good, *desk.trust, "--json")
    assert [found["reason"] for found in ran.objects] == ["SIGNED_IN_FUTURE", "SOUND"]
    assert ran.objects[0]["signed_at"].startswith("9999-12-31T23:59:59")
    plain = axis_process("verify", last, good, *desk.trust)
    assert "9999-12-31T23:59:59" in plain.out
    assert plain.out.count(": SOUND\n") == 1


def test_a_defect_at_one_file_hides_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def defective(document: bytes, **rules: object) -> Verdict:
        if document == b"<trap/>":
            raise RecursionError("too deep")
        return verify(document, **rules)  # type: ignore[arg-type]

    monkeypatch.setattr(verifying, "judge", defective)
    trap = desk.file("trap.xml", b"<trap/>")
    good = desk.file("good.edxml", desk.package(desk.signer(MINISTRY)))
    ran = axis("verify", trap, good, *desk.trust, "--json")
    found = [(each["verdict"], each["reason"]) for each in ran.objects]
    assert (ran.code, found) == (2, [("unreadable", "NOT_EXAMINED"), ("sound", "SOUND")])


# text that plays terminal


def test_values_of_others_stay_on_their_line(tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.edxml"
    subject = "Hello&#10;  Soundly sealed by: CN=Bộ Mẫu&#13;&#9;\u2028\u202e\u009b31m\N{NO-BREAK SPACE}end"
    hostile.write_bytes(PACKAGE.read_bytes().replace("V/v chuẩn bị".encode(), subject.encode()))
    ran = axis("inspect", hostile)
    assert r"Subject: Hello\n  Soundly sealed by: CN=Bộ Mẫu\r\t\u2028\u202e\x9b31m end" in ran.out
    assert not any(line.startswith("  Soundly") for line in ran.out.splitlines())

    told = axis("inspect", hostile, "--json")
    assert told.objects[0]["subject"].startswith(
        "Hello\n  Soundly sealed by: CN=Bộ Mẫu\r\t\u2028\u202e\u009b31m"
    )
    assert r"\u2028\u202e\u009b31m" in told.out
    assert "Bộ Mẫu" in told.out


def test_a_file_name_with_a_line_end_stays_on_its_line(tmp_path: Path) -> None:
    name = tmp_path / "a.xml: SOUND [SOUND]\n  b"
    name.write_bytes(b"<note/>")
    ran = axis("verify", name)
    assert ran.out.splitlines()[0].endswith(r"a.xml: SOUND [SOUND]\n  b: REFUSED [UNSIGNED]")


# files without end


def test_a_pipe_nobody_writes_to_is_no_file(desk: Desk, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    sealed = desk.file("sealed.edxml", desk.package(desk.signer(MINISTRY)))
    assert verdicts(pipe, sealed, *desk.trust) == [("unreadable", "FILE_UNREADABLE"), ("sound", "SOUND")]
    for option in ("--trust", "--crl", "--attach", "--profile"):
        assert (
            axis("verify", sealed, *desk.trust[: 2 if option != "--profile" else 0], option, pipe).code == 2
        )
    assert axis("inspect", pipe, "--json").objects[0]["error"] == "FILE_UNREADABLE"
    sealing = ("seal", PACKAGE, "-o", tmp_path / "out")
    assert axis(*sealing, "--key", pipe, "--cert", pipe).code == 2
    assert axis(*sealing, "--p12", pipe).code == 2
    assert axis("whoami", "--profile", pipe).code == 2


@pytest.mark.parametrize("endless", ["/dev/zero", "/dev/stdin"])
def test_a_device_is_no_file(desk: Desk, endless: str) -> None:
    assert verdicts(endless, *desk.trust) == [("unreadable", "FILE_UNREADABLE")]
    ran = axis("verify", PACKAGE, "--trust", endless, "--json")
    assert (ran.code, ran.error["error"]) == (2, "TRUST_UNREADABLE")


def test_trust_beyond_every_bound_is_not_read(desk: Desk, tmp_path: Path) -> None:
    huge = tmp_path / "huge.pem"
    with huge.open("wb") as file:
        file.truncate(20 << 30)
    ran = axis("verify", PACKAGE, "--trust", huge, "--json")
    assert (ran.code, ran.error["error"]) == (2, "TRUST_UNREADABLE")
    assert "more than" in ran.error["message"]


# what a verifier is told


def test_what_a_warning_means_is_told_once(desk: Desk) -> None:
    sealed = [desk.file(f"{n}.edxml", desk.package(desk.signer(MINISTRY))) for n in range(3)]
    ran = axis("verify", *sealed, *desk.trust, "--lang", "vi")
    assert ran.out.count("REVOCATION_NOT_CHECKED") == 3
    assert ran.err.count("REVOCATION_NOT_CHECKED: không có danh sách thu hồi") == 1


def test_the_next_step_is_one_that_a_verifier_can_take(desk: Desk, tmp_path: Path) -> None:
    sealed = desk.file("sealed.edxml", desk.package(desk.signer(MINISTRY)))
    late = axis("verify", sealed, *desk.trust, "--at", "2050-01-01T00:00:00Z")
    assert "[CERTIFICATE_EXPIRED]" in late.out
    assert "--at TIME" in late.out
    assert "--trust FILE" in axis("verify", sealed).out
