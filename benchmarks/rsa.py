"""The sender's RSA-2048 sealing certificate, issued by the measured axis's own test authority: what
agencies have today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from signing.keys import Signer, load_pem


def rsa_signer(authority: Path, name: str, into: Path) -> Signer:
    """Writes `seal.key` and `seal.pem` into `into`, signed by `authority` (a directory with `ca.pem`
    and `ca.key`)."""
    issuer = x509.load_pem_x509_certificate((authority / "ca.pem").read_bytes())
    issuer_key = serialization.load_pem_private_key((authority / "ca.key").read_bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .sign(issuer_key, hashes.SHA256())
    )
    (into / "seal.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (into / "seal.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return load_pem(into / "seal.key", into / "seal.pem")
