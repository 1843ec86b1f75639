"""Whom to trust: anchors, intermediates, CRLs, and the judgement of a chain at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cryptography import x509

from signing.policy import Policy
from signing.verdict import Refused, Undecided


class TrustError(Exception):
    """A trust file cannot be read; the message says which and why."""


class TrustStore:
    """Immutable; safe to share between threads. Judging is cached per certificate for as long as the facts hold."""

    @classmethod
    def of(
        cls,
        anchors: Iterable[x509.Certificate],
        intermediates: Iterable[x509.Certificate] = (),
        crls: Iterable[x509.CertificateRevocationList] = (),
    ) -> TrustStore:
        """Any certificate may be an anchor, a signer's own too."""
        raise NotImplementedError

    @classmethod
    def load(
        cls, anchors: Iterable[Path], intermediates: Iterable[Path] = (), crls: Iterable[Path] = ()
    ) -> TrustStore:
        """Reads PEM (several per file) or DER. Raises `TrustError`."""
        raise NotImplementedError

    def judge(
        self,
        certificate: x509.Certificate,
        *,
        at: datetime,
        policy: Policy,
        intermediates: Iterable[x509.Certificate] = (),
    ) -> Chain | Refused | Undecided:
        """Builds a chain from `certificate` to an anchor and judges it at `at`: validity, signatures, path length,
        name constraints, key usage (digitalSignature or nonRepudiation where KeyUsage is there), revocation by the
        CRLs given. `intermediates` are untrusted helpers, such as those in a signature's KeyInfo."""
        raise NotImplementedError


class Chain:
    """A chain that held: `certificates` from signer to anchor, `warnings`."""

    certificates: tuple[x509.Certificate, ...]
    warnings: tuple[str, ...]
