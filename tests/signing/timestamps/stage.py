"""The stage of the time-stamp tests: an authority made for this run, stamping with `openssl ts` or by hand.

`openssl_response` is a real authority's work, at the real time. `forged` makes any token, right by default,
at any time; each of its arguments is one thing that can be wrong.
"""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.algorithms import digest_of
from signing.timestamps import Imprint, Timestamp, TimestampRequest, request, verify_token
from signing.trust import TrustStore
from signing.verdict import Reason
from tests.engines import require
from tests.pki import AT, NOT_AFTER, NOT_BEFORE, Authority, Identity, authority

CONTENT = b"axis.example\n42\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
NONCE = 0x1234_5678_9ABC_DEF0_0FED_CBA9
POLICY = "1.2.3.4.1"
STAMPING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_TSA_CONF = """
[tsa]
default_tsa = one
[one]
serial = {directory}/serial
crypto_device = builtin
signer_cert = {directory}/cert.pem
certs = {directory}/chain.pem
signer_key = {directory}/key.pem
signer_digest = {digest}
default_policy = {policy}
other_policies = 1.2.3.4.2
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = {ess}
"""


@functools.cache
def root() -> Authority:
    return authority("Time Root")


@functools.cache
def issuing() -> Authority:
    return root().authority("Time Issuing CA")


def tsa_of(
    issuer: Authority,
    *,
    key: str = "p256",
    usage: x509.ExtendedKeyUsage | None = STAMPING,
    critical: bool = True,
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
    crl_url: str | None = None,
) -> Identity:
    extensions = [(usage, critical)] if usage else []
    return issuer.issue(
        "Time Authority",
        key=key,
        extensions=extensions,
        not_before=not_before,
        not_after=not_after,
        crl_url=crl_url,
    )


@functools.cache
def tsa(key: str = "p256") -> Identity:
    return tsa_of(issuing(), key=key)


@functools.cache
def trust() -> TrustStore:
    return TrustStore.of([root().certificate])


def asked(content: bytes = CONTENT, *, digest: str = "sha256", policy: str | None = None) -> TimestampRequest:
    return request(Imprint.of(content, digest), nonce=NONCE, policy=policy)


def openssl_response(
    directory: Path,
    query: TimestampRequest,
    *,
    by: Identity | None = None,
    ess: str = "sha256",
    digest: str = "sha256",
) -> bytes:
    """What `openssl ts -reply` answers."""
    require("openssl")
    by = by or tsa()
    by.save(directory)
    (directory / "chain.pem").write_bytes(
        b"".join(each.public_bytes(Encoding.PEM) for each in (by.chain or (by.certificate,)))
    )
    (directory / "serial").write_text("01\n")
    (directory / "query.tsq").write_bytes(query.der)
    conf = _TSA_CONF.format(directory=directory, digest=digest, ess=ess, policy=POLICY)
    (directory / "tsa.cnf").write_text(conf)
    command = [
        "openssl",
        "ts",
        "-reply",
        "-config",
        "tsa.cnf",
        "-queryfile",
        "query.tsq",
        "-out",
        "reply.tsr",
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=directory)
    return (directory / "reply.tsr").read_bytes()


def forged(
    content: bytes | Imprint = CONTENT,
    *,
    by: Identity | None = None,
    at: datetime = AT,
    digest: str = "sha256",
    signed_by: str = "sha256",
    info: Mapping[str, object] | None = None,
    ess: Sequence[str] = ("v2",),
    named: x509.Certificate | None = None,
    certificates: Sequence[x509.Certificate] | None = None,
    attributes: Callable[[list[dict[str, object]]], list[dict[str, object]]] = lambda found: found,
    signed: Callable[[bytes], bytes] = lambda data: data,
    signer: Mapping[str, object] | None = None,
    data: Mapping[str, object] | None = None,
) -> bytes:
    """A token by hand: its imprint by `digest`, its signature by `signed_by`. `info`, `signer` and `data`
    replace fields of TSTInfo, SignerInfo and SignedData; `ess` says which ESSCertIDs there are, over the
    certificate `named`."""
    by = by or tsa()
    value = content.value if isinstance(content, Imprint) else digest_of(digest, content)
    by_digest = content.digest if isinstance(content, Imprint) else digest
    imprint = {"hash_algorithm": {"algorithm": by_digest}, "hashed_message": value}
    fields = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": imprint,
        "serial_number": 7,
        "gen_time": core.GeneralizedTime(at),
        "accuracy": {"seconds": 1},
        "nonce": NONCE,
    }
    encoded = tsp.TSTInfo(fields | dict(info or {})).dump()
    own = asn1.Certificate.load(by.certificate.public_bytes(Encoding.DER))
    found = attributes(
        [
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "message_digest", "values": [digest_of(signed_by, encoded)]},
            *(_identifier(kind, named or by.certificate) for kind in ess),
        ]
    )
    to_sign = cms.CMSAttributes(found)
    held = [by.certificate, *by.chain] if certificates is None else certificates
    signer_info = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": own.issuer, "serial_number": own.serial_number}},
        "digest_algorithm": {"algorithm": signed_by},
        "signed_attrs": to_sign,
        "signature_algorithm": {
            "algorithm": f"{signed_by}_{'ecdsa' if isinstance(by.key, ec.EllipticCurvePrivateKey) else 'rsa'}"
        },
        "signature": _signature(by, signed(to_sign.dump()), _HASHES[signed_by]),
    } | dict(signer or {})
    signed_data = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": signed_by}],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(encoded)},
        "certificates": [asn1.Certificate.load(each.public_bytes(Encoding.DER)) for each in held],
        "signer_infos": [signer_info],
    } | dict(data or {})
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed_data}).dump())


def judged(token: bytes, content: bytes | Imprint = CONTENT, **wanted: object) -> Reason:
    """The reason of the verdict on `token`."""
    given: dict[str, Any] = {"trust": trust(), "at": AT} | wanted
    verdict = verify_token(token, content=content, **given)
    return Reason.SOUND if isinstance(verdict, Timestamp) else verdict.reason


def _identifier(kind: str, certificate: x509.Certificate) -> dict[str, object]:
    der = certificate.public_bytes(Encoding.DER)
    if kind == "v1":
        value: object = tsp.SigningCertificate({"certs": [{"cert_hash": digest_of("sha1", der)}]})
        return {"type": "signing_certificate", "values": [value]}
    parsed = asn1.Certificate.load(der)
    issuer = asn1.GeneralName("directory_name", parsed.issuer)
    identifier = {
        "cert_hash": digest_of("sha256", der),
        "issuer_serial": {"issuer": [issuer], "serial_number": parsed.serial_number},
    }
    return {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [identifier]})]}


def _signature(by: Identity, data: bytes, by_hash: hashes.HashAlgorithm) -> bytes:
    if isinstance(by.key, ec.EllipticCurvePrivateKey):
        return by.key.sign(data, ec.ECDSA(by_hash))
    assert isinstance(by.key, rsa.RSAPrivateKey)
    return by.key.sign(data, padding.PKCS1v15(), by_hash)
