"""Keys from files: read when they can seal, refused with a sentence when they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signing.algorithms import SCHEMES, verifies
from signing.keys import MemorySigner, Signer, UnusableKey, load_pem, load_pkcs12
from tests.pki import Identity, make_key
from tests.signing.stage import agency, root, signer

KINDS = {
    "rsa2048": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "p256": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "p384": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "p521": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
}


def signs(loaded: Signer, identity: Identity) -> bool:
    value = loaded.sign(b"data")
    return verifies(SCHEMES[loaded.algorithm], identity.certificate.public_key(), value, b"data")


@pytest.mark.parametrize("kind", KINDS)
def test_a_pem_key_signs_with_the_algorithm_of_its_kind(kind: str, tmp_path: Path) -> None:
    identity = agency(kind)
    loaded = load_pem(*identity.save(tmp_path))
    assert loaded.algorithm == KINDS[kind]
    assert loaded.certificate == identity.certificate
    assert signs(loaded, identity)


@pytest.mark.parametrize("password", [None, b"mat khau"])
def test_a_pkcs12_file_gives_key_certificate_and_chain(password: bytes | None, tmp_path: Path) -> None:
    identity = root().authority("Issuing").issue("Agency")
    path = tmp_path / "agency.p12"
    path.write_bytes(identity.pkcs12(password))
    loaded = load_pkcs12(path, password)
    assert (loaded.certificate, loaded.chain) == (identity.certificate, identity.chain)
    assert signs(loaded, identity)


def test_a_chain_may_follow_the_certificate_in_its_file(tmp_path: Path) -> None:
    identity = root().authority("Upper").authority("Lower").issue("Agency")
    assert load_pem(*identity.save(tmp_path)).chain == identity.chain
    assert len(identity.chain) == 2


def test_a_protected_pem_key_opens_with_its_password_only(tmp_path: Path) -> None:
    identity = agency()
    key, certificate = identity.save(tmp_path)
    key.write_bytes(identity.key_pem(b"right"))
    assert signs(load_pem(key, certificate, b"right"), identity)
    with pytest.raises(UnusableKey, match="password"):
        load_pem(key, certificate, b"wrong")
    with pytest.raises(UnusableKey, match="Give the password"):
        load_pem(key, certificate)


def test_a_traditional_openssl_key_is_read(tmp_path: Path) -> None:
    identity = agency("rsa2048")
    key, certificate = identity.save(tmp_path)
    key.write_bytes(
        identity.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    assert signs(load_pem(key, certificate), identity)


def test_a_password_for_an_open_key_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UnusableKey, match="not protected"):
        load_pem(*agency().save(tmp_path), password=b"why")


def test_a_wrong_pkcs12_password_is_said(tmp_path: Path) -> None:
    path = tmp_path / "agency.p12"
    path.write_bytes(agency().pkcs12(b"right"))
    for password in (b"wrong", None):
        with pytest.raises(UnusableKey, match="password"):
            load_pkcs12(path, password)


def test_files_that_are_absent_empty_or_something_else_are_refused(tmp_path: Path) -> None:
    key, certificate = agency().save(tmp_path)
    other = tmp_path / "other"
    other.write_bytes(b"not a key")
    for attempt in (
        lambda: load_pem(tmp_path / "absent", certificate),
        lambda: load_pem(key, tmp_path / "absent"),
        lambda: load_pem(other, certificate),
        lambda: load_pem(key, other),
        lambda: load_pem(certificate, certificate),
        lambda: load_pkcs12(other),
        lambda: load_pkcs12(tmp_path / "absent"),
    ):
        with pytest.raises(UnusableKey) as caught:
            attempt()
        assert str(tmp_path) in str(caught.value)


def test_a_key_that_is_not_the_certificates_is_refused() -> None:
    with pytest.raises(UnusableKey, match="not the certificate's"):
        MemorySigner(make_key(), agency().certificate)


@pytest.mark.parametrize("kind", ["rsa1024", "k256", "ed25519"])
def test_a_weak_or_unusual_key_is_refused(kind: str) -> None:
    identity = root().issue("Weak", key=kind)
    with pytest.raises(UnusableKey):
        MemorySigner(identity.key, identity.certificate)


def test_nothing_of_the_key_is_in_its_representation() -> None:
    assert repr(signer()) == "MemorySigner('CN=Bộ Mẫu p256,C=VN')"
