"""OCSP responders of the tests: answers by hand, and `openssl ocsp` itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.revocation import OcspAnswer, read_answer
from tests.engines import require
from tests.pki import AT, NOT_AFTER, NOT_BEFORE, Authority, Identity

NOCHECK = (x509.OCSPNoCheck(), False)
GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN


def responder_of(
    issuer: Authority,
    *,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (NOCHECK,),
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.OCSP_SIGNING,
    key: str = "p256",
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
) -> Identity:
    """A responder that `issuer` authorised."""
    return issuer.issue(
        "Responder",
        key=key,
        extended=(usage,),
        extensions=extensions,
        not_before=not_before,
        not_after=not_after,
    )


def answer(
    about: Identity | Authority,
    issuer: Authority,
    *,
    by: Identity | None = None,
    status: ocsp.OCSPCertStatus = GOOD,
    this_update: datetime = AT - timedelta(hours=1),
    next_update: datetime | None = AT + timedelta(hours=1),
    revoked_at: datetime = AT - timedelta(days=1),
    reason: x509.ReasonFlags | None = None,
    claimed_issuer: x509.Certificate | None = None,
    certid: hashes.HashAlgorithm | None = None,
    digest: hashes.HashAlgorithm | None = None,
    by_name: bool = False,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    send: Iterable[x509.Certificate] | None = None,
) -> bytes:
    """A response by `by` (the issuer itself when None), made at `this_update`."""
    signer = by or issuer
    encoding = ocsp.OCSPResponderEncoding.NAME if by_name else ocsp.OCSPResponderEncoding.HASH
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=about.certificate,
            issuer=claimed_issuer or issuer.certificate,
            algorithm=certid or hashes.SHA1(),
            cert_status=status,
            this_update=this_update,
            next_update=next_update,
            revocation_time=revoked_at if status is REVOKED else None,
            revocation_reason=reason,
        )
        .responder_id(encoding, signer.certificate)
    )
    sent = ([] if by is None else [by.certificate]) if send is None else list(send)
    if sent:
        builder = builder.certificates(sent)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    made = builder.sign(signer.key, digest or hashes.SHA256())
    return made.public_bytes(Encoding.DER)


def read(*given: bytes) -> list[OcspAnswer]:
    return [read_answer(each) for each in given]


def openssl_answer(
    directory: Path, request: bytes, *, issuer: Authority, by: Identity, revoked: dict[int, str]
) -> bytes:
    """What `openssl ocsp` answers; `revoked`: serial number -> reason, since a minute ago."""
    require("openssl")
    by.save(directory, "responder")
    (directory / "ca.pem").write_bytes(issuer.certificate.public_bytes(Encoding.PEM))
    (directory / "request.der").write_bytes(request)
    asked = ocsp.load_der_ocsp_request(request).serial_number
    line = f"R\t440101000000Z\t260101000000Z,{revoked[asked]}" if asked in revoked else "V\t440101000000Z\t"
    serial = f"{asked:X}"
    serial = serial if len(serial) % 2 == 0 else f"0{serial}"
    (directory / "index.txt").write_text(f"{line}\t{serial}\tunknown\t/CN=x\n")
    command = ["openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "responder-cert.pem"]
    command += [
        "-rkey",
        "responder-key.pem",
        "-reqin",
        "request.der",
        "-respout",
        "response.der",
        "-ndays",
        "1",
    ]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return (directory / "response.der").read_bytes()
