"""Trust files: what is read, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from signing.policy import DEFAULT_POLICY
from signing.trust import Chain, TrustError, TrustStore
from tests.pki import AT, Authority, authority


@pytest.fixture
def root() -> Authority:
    return authority()


def test_pem_bundles_and_der_files_are_read(root: Authority, tmp_path: Path) -> None:
    issuing = root.authority("Issuing")
    other = authority("Other Root")
    agency = issuing.issue("Agency", crl_url="http://crl.example")
    bundle, intermediate, crls, crl = (
        tmp_path / name for name in ("roots.pem", "ca.der", "crls.pem", "ca.crl")
    )
    comment = "# Gốc tin cậy\n".encode()
    bundle.write_bytes(comment + other.certificate_pem + b"\n" + comment + root.certificate_pem)
    intermediate.write_bytes(issuing.certificate.public_bytes(Encoding.DER))
    crls.write_bytes(other.crl().public_bytes(Encoding.PEM) + root.crl().public_bytes(Encoding.PEM))
    crl.write_bytes(issuing.crl().public_bytes(Encoding.DER))
    store = TrustStore.load([bundle], [intermediate], [crls, crl])
    judged = store.judge(agency.certificate, at=AT, policy=DEFAULT_POLICY)
    assert judged == Chain(certificates=(agency.certificate, issuing.certificate, root.certificate))


def test_a_key_beside_the_certificate_is_passed_over(root: Authority, tmp_path: Path) -> None:
    file = tmp_path / "both.pem"
    file.write_bytes(root.key_pem() + root.certificate_pem)
    agency = root.issue("Agency").certificate
    assert isinstance(TrustStore.load([file]).judge(agency, at=AT, policy=DEFAULT_POLICY), Chain)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match=r"nowhere\.pem: cannot be read: No such file"):
        TrustStore.load([tmp_path / "nowhere.pem"])


@pytest.mark.parametrize("content", [b"", b"not a certificate", b"\x30\x82\xff\xff"])
def test_a_file_that_is_neither_pem_nor_der_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "junk.crt"
    file.write_bytes(content)
    with pytest.raises(TrustError, match=r"junk\.crt: neither PEM nor a DER certificate"):
        TrustStore.load([file])
    with pytest.raises(TrustError, match=r"junk\.crt: neither PEM nor a DER CRL"):
        TrustStore.load([], crls=[file])


def test_a_pem_file_of_something_else_says_what_it_holds(root: Authority, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(root.key_pem())
    with pytest.raises(TrustError, match=r"key\.pem: holds no certificate, but PRIVATE KEY$"):
        TrustStore.load([file])


def test_a_crl_given_as_certificate_is_told(root: Authority, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(root.crl().public_bytes(Encoding.PEM))
    with pytest.raises(TrustError, match=r"ca\.pem: holds no certificate, but X509 CRL$"):
        TrustStore.load([file])


@pytest.mark.parametrize("damage", ["cut", "letters"])
def test_the_broken_certificate_of_a_bundle_is_counted(root: Authority, tmp_path: Path, damage: str) -> None:
    pem = authority("Other Root").certificate_pem
    broken = (
        pem[: len(pem) // 2] if damage == "cut" else pem.replace(b"MII", b"AAA").replace(b"MIIB", b"AAAA")
    )
    file = tmp_path / "roots.pem"
    file.write_bytes(root.certificate_pem + broken)
    with pytest.raises(TrustError, match=r"roots\.pem: certificate 2 of 2 cannot be read"):
        TrustStore.load([file])
