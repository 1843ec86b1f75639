"""Profiles: what stands in them, and what is said when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from axis_client import LocalError, Profile
from tests.pki import Identity, authority

FIELDS = {
    "axis": '"axis.example.vn:7443"',
    "agency": '"000.00.00.G90"',
    "ca": '"root.pem"',
    "certificate": '"cert.pem"',
    "key": '"key.pem"',
    "trust": '["root.pem"]',
}


@pytest.fixture
def agency(tmp_path: Path) -> Identity:
    root = authority("Root")
    agency = root.issue("Agency")
    agency.save(tmp_path)
    root.issue("Seal").save(tmp_path, "seal")
    (tmp_path / "root.pem").write_bytes(root.certificate_pem)
    return agency


def write(folder: Path, **changes: str | None) -> Path:
    fields = {**FIELDS, **changes}
    path = folder / "profile.toml"
    path.write_text("".join(f"{name} = {value}\n" for name, value in fields.items() if value is not None))
    return path


def test_paths_are_relative_to_the_file(agency: Identity, tmp_path: Path) -> None:
    profile = Profile.load(write(tmp_path), environ={})
    assert profile.axis == "axis.example.vn:7443"
    assert profile.signer.certificate == agency.certificate


def test_a_seal_key_of_its_own_seals(agency: Identity, tmp_path: Path) -> None:
    path = write(tmp_path, seal_key='"seal-key.pem"', seal_certificate='"seal-cert.pem"')
    subject = Profile.load(path, environ={}).signer.certificate.subject.rfc4514_string()
    assert "CN=Seal" in subject


def test_passwords_come_from_the_environment_or_from_a_person(agency: Identity, tmp_path: Path) -> None:
    locked = agency.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / "key.pem").write_bytes(locked)
    path = write(tmp_path, key_password_env='"PW"')
    assert b"ENCRYPTED" not in Profile.load(path, environ={"PW": "secret"}).key_pem
    asked: list[str] = []

    def ask(name: str) -> bytes:
        asked.append(name)
        return b"secret"

    assert Profile.load(write(tmp_path), environ={}, ask=ask).signer.certificate == agency.certificate
    assert asked == ["key.pem"], "one key, one question"
    for environ in ({}, {"PW": "wrong"}):
        with pytest.raises(LocalError) as caught:
            Profile.load(path, environ=environ)
        assert "key" in caught.value.message


def test_nothing_secret_is_shown(agency: Identity, tmp_path: Path) -> None:
    profile = Profile.load(write(tmp_path), environ={})
    assert "PRIVATE" not in repr(profile)
    assert "BEGIN" not in repr(profile)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"axis": None}, "`axis` is missing"),
        ({"axis": '"axis.example.vn"'}, "`axis` must be"),
        ({"axis": '"axis.example.vn:99999"'}, "`axis` must be"),
        ({"agency": None}, "`agency` is missing"),
        ({"agency": "5"}, "`agency` must be a text"),
        ({"ca": '"none.pem"'}, "`ca`: There is no such file"),
        ({"ca": '"key.pem"'}, "`ca` is no certificate"),
        ({"certificate": '"key.pem"'}, "`certificate` is no certificate"),
        ({"key": '"cert.pem"'}, "`key` is no private key"),
        ({"key": '"seal-key.pem"'}, "`key` does not belong to `certificate`"),
        ({"key": '"."'}, "`key`: The file cannot be read"),
        ({"trust": '"root.pem"'}, "`trust` must be a list"),
        ({"trust": "[]"}, "`trust` is missing"),
        ({"trust": '["none.pem"]'}, "`trust` or `crls`"),
        ({"crls": '["root.pem"]'}, "`trust` or `crls`"),
        ({"seal_key": '"seal-key.pem"'}, "`seal_key` and `seal_certificate` go together"),
        ({"seal_p12": '"a.p12"', "seal_key": '"seal-key.pem"'}, "`seal_p12` stands beside"),
        ({"seal_key": '"seal-key.pem"', "seal_certificate": '"cert.pem"'}, "`seal_key`"),
        ({"seal_password_env": '"NOT_SET"'}, "no variable NOT_SET"),
        ({"password": '"secret"'}, "a password never stands here"),
        ({"tsl_name": '"x"'}, "`tsl_name` is not a field"),
        ({"agency": "unquoted"}, "it is not TOML"),
    ],
)
def test_each_mistake_names_its_field(
    agency: Identity, tmp_path: Path, changes: dict[str, str | None], named: str
) -> None:
    with pytest.raises(LocalError) as caught:
        Profile.load(write(tmp_path, **changes), environ={})
    assert caught.value.reason == "PROFILE_INVALID"
    assert named in caught.value.message
    assert "secret" not in str(caught.value)
