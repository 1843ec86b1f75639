"""Whom to trust: anchors, intermediates, CRLs, OCSP answers, and the judgement of a chain at a time."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from cryptography import x509

from signing.chain import MAX_LENGTH, Chain, Issuers, TooManyCandidates, judge_path, paths
from signing.policy import Policy, Purpose
from signing.reading import read_bounded
from signing.revocation import OcspAnswer, StatusIndex, turning_points
from signing.verdict import Reason, Refused, Undecided

__all__ = ["Chain", "TrustError", "TrustStore"]

MAX_HELPERS = 2 * MAX_LENGTH
"""Untrusted intermediates looked at; the rest are ignored."""
LARGEST_FILE = 64 << 20
"""Bytes of a file of certificates or CRLs; a nation's revocation list takes some of them."""
KEPT_JUDGEMENTS = 4096
KEPT_BYTES = 16 << 10
"""A judgement over more certificate bytes than this is made anew each time, so that the cache stays small."""

SEVERITY = (
    Reason.CERTIFICATE_REVOKED,
    Reason.KEY_TOO_WEAK,
    Reason.LEGACY_ALGORITHM,
    Reason.ALGORITHM_FORBIDDEN,
    Reason.CERTIFICATE_EXPIRED,
    Reason.CERTIFICATE_NOT_YET_VALID,
    Reason.KEY_USAGE_FORBIDDEN,
    Reason.CHAIN_INVALID,
)
"""When several paths fail, the reason first in this order is told."""

_Asked = tuple[x509.Certificate, Policy, Purpose, tuple[x509.Certificate, ...]]
_Read = TypeVar("_Read", x509.Certificate, x509.CertificateRevocationList)


class TrustError(Exception):
    """A trust file cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A chain that held: the answer to `asked` at any time between `after` and `before`."""

    asked: _Asked
    after: datetime
    before: datetime
    chain: Chain


class TrustStore:
    """Immutable; safe to share between threads. Judging is cached per certificate while the facts hold."""

    def __init__(self, issuers: Issuers, known: StatusIndex) -> None:
        self._issuers = issuers
        self._known = known
        self._kept: dict[tuple[object, ...], _Kept] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(
        cls,
        anchors: Iterable[x509.Certificate],
        intermediates: Iterable[x509.Certificate] = (),
        crls: Iterable[x509.CertificateRevocationList] = (),
        answers: Iterable[OcspAnswer] = (),
    ) -> TrustStore:
        """Any certificate may be an anchor, a signer's own too. `answers` come from
        `signing.revocation.read_answer`. Raises `TrustError` for what cannot be read.
        """
        try:
            return cls(Issuers.of(anchors, intermediates), StatusIndex.of(crls, answers))
        except ValueError as exc:
            raise TrustError(f"a certificate or CRL cannot be read: {exc}") from exc

    @classmethod
    def load(
        cls, anchors: Iterable[Path], intermediates: Iterable[Path] = (), crls: Iterable[Path] = ()
    ) -> TrustStore:
        """Reads PEM (several per file) or DER, of at most `LARGEST_FILE` bytes. Raises `TrustError`."""
        return cls.of(
            [c for path in anchors for c in load_certificates(path)],
            [c for path in intermediates for c in load_certificates(path)],
            [c for path in crls for c in load_crls(path)],
        )

    @property
    def crls(self) -> tuple[x509.CertificateRevocationList, ...]:
        """Every list that it knows, such as to keep them with what was judged by them."""
        return tuple(each.crl for lists in self._known.crls.values() for each in lists)

    @property
    def answers(self) -> tuple[OcspAnswer, ...]:
        """Every OCSP answer that it knows."""
        return tuple(each for answers in self._known.answers.values() for each in answers)

    def way_up(self, certificate: x509.Certificate) -> tuple[x509.Certificate, ...]:
        """Returns the first path of right signatures from `certificate` to an anchor, unjudged: for asking
        about each of its certificates. Empty when there is none."""
        try:
            return next(paths(certificate, self._issuers, {}), ())
        except (TooManyCandidates, ValueError):
            return ()

    def under(
        self, anchors: Iterable[x509.Certificate], intermediates: Iterable[x509.Certificate] = ()
    ) -> TrustStore:
        """Returns a store with other anchors and the same revocation lists."""
        return TrustStore(Issuers.of(anchors, intermediates), self._known)

    def knowing(
        self,
        crls: Iterable[x509.CertificateRevocationList] = (),
        answers: Iterable[OcspAnswer] = (),
    ) -> TrustStore:
        """Returns a store that also has these revocation lists and answers, such as those stapled to what is
        judged: they are held to the same rules as any. Raises `TrustError`.
        """
        try:
            return TrustStore(self._issuers, self._known.joined(crls, answers))
        except ValueError as exc:
            raise TrustError(f"a CRL cannot be read: {exc}") from exc

    def judge(
        self,
        certificate: x509.Certificate,
        *,
        at: datetime,
        policy: Policy,
        purpose: Purpose = Purpose.SEAL,
        intermediates: Iterable[x509.Certificate] = (),
    ) -> Chain | Refused | Undecided:
        """Builds a chain from `certificate` to an anchor and judges it at `at`: validity, signatures, path
        length, name constraints, key usage (digitalSignature or nonRepudiation where KeyUsage is there; to
        connect, digitalSignature and clientAuth; to time-stamp, timeStamping alone and critical), revocation
        by the CRLs given. `intermediates` are untrusted helpers, such as those in a signature's KeyInfo.

        A chain that held is remembered with the span of time in which nothing about it changes. `at` must be
        aware.
        """
        if at.tzinfo is None:
            raise ValueError("`at` must be aware")
        helpers = tuple(intermediates)
        asked = (certificate, policy, purpose, helpers)
        # Signature values find it fast; the certificates are compared, so that none borrows another's answer.
        key = (certificate.signature, policy, purpose, *[helper.signature for helper in helpers])
        kept = self._kept.get(key)
        if kept is not None and kept.after < at < kept.before and kept.asked == asked:
            return kept.chain
        judged = self._judge_anew(*asked, at)
        if isinstance(judged, Chain):
            self._keep(key, asked, judged, at)
        return judged

    def _judge_anew(
        self,
        certificate: x509.Certificate,
        policy: Policy,
        purpose: Purpose,
        helpers: tuple[x509.Certificate, ...],
        at: datetime,
    ) -> Chain | Refused | Undecided:
        by_subject: dict[x509.Name, list[x509.Certificate]] = {}
        failures: list[Refused | Undecided] = []
        try:
            for helper in islice(helpers, MAX_HELPERS):
                by_subject.setdefault(helper.subject, []).append(helper)
            for path in paths(certificate, self._issuers, by_subject):
                judged = judge_path(
                    path, at=at, policy=policy, known=self._known, issuers=self._issuers, purpose=purpose
                )
                if isinstance(judged, Chain):
                    return judged
                failures.append(judged)
        except (TooManyCandidates, ValueError) as exc:
            failures.append(Refused(reason=Reason.CHAIN_INVALID, detail=str(exc), certificate=certificate))
        return _most_telling(failures) or Refused(
            reason=Reason.UNTRUSTED_SIGNER,
            detail="no chain of signatures leads from the certificate to a trusted one",
            certificate=certificate,
        )

    def _keep(self, key: tuple[object, ...], asked: _Asked, chain: Chain, at: datetime) -> None:
        if sum(len(c.tbs_certificate_bytes) for c in (asked[0], *asked[3])) > KEPT_BYTES:
            return
        span = _unchanging(chain, self._known, asked[1], at)
        if span is None:
            return
        with self._lock:
            if len(self._kept) >= KEPT_JUDGEMENTS and key not in self._kept:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = _Kept(asked=asked, after=span[0], before=span[1], chain=chain)


def load_certificates(path: Path) -> list[x509.Certificate]:
    """Reads the certificates of a PEM or DER file, at least one. Raises `TrustError`."""
    return _load(path, "CERTIFICATE", x509.load_pem_x509_certificate, x509.load_der_x509_certificate)


def load_crls(path: Path) -> list[x509.CertificateRevocationList]:
    """Reads the CRLs of a PEM or DER file, at least one. Raises `TrustError`."""
    return _load(path, "X509 CRL", x509.load_pem_x509_crl, x509.load_der_x509_crl)


def _load(
    path: Path, label: str, from_pem: Callable[[bytes], _Read], from_der: Callable[[bytes], _Read]
) -> list[_Read]:
    noun = "CRL" if label == "X509 CRL" else "certificate"
    try:
        data = read_bounded(path, LARGEST_FILE)
    except OSError as exc:
        raise TrustError(f"{path}: cannot be read: {exc.strerror}") from exc
    if b"-----BEGIN " not in data:
        try:
            return [from_der(data)]
        except ValueError as exc:
            raise TrustError(f"{path}: neither PEM nor a DER {noun}") from exc
    blocks = list(_pem_blocks(data, label))
    if not blocks:
        labels = {held.decode() for held in re.findall(rb"-----BEGIN ([A-Z0-9 ]+)-----", data)}
        raise TrustError(f"{path}: holds no {noun}, but {', '.join(sorted(labels)) or 'a broken PEM block'}")
    read: list[_Read] = []
    for number, block in enumerate(blocks, 1):
        try:
            read.append(from_pem(block))
        except ValueError as exc:
            raise TrustError(f"{path}: {noun} {number} of {len(blocks)} cannot be read: {exc}") from exc
    return read


def _pem_blocks(data: bytes, label: str) -> Iterator[bytes]:
    """Yields each block from its BEGIN line on, also one whose END is missing."""
    begin = f"-----BEGIN {label}-----".encode()
    for rest in data.split(begin)[1:]:
        yield begin + rest.split(b"-----BEGIN ")[0]


def _most_telling(failures: list[Refused | Undecided]) -> Refused | Undecided | None:
    """A path that may yet turn out sound outweighs those that never will."""
    undecided = next((f for f in failures if isinstance(f, Undecided)), None)
    return undecided or min(failures, key=lambda f: SEVERITY.index(f.reason), default=None)


def _unchanging(
    chain: Chain, known: StatusIndex, policy: Policy, at: datetime
) -> tuple[datetime, datetime] | None:
    """The open interval around `at` in which nothing about `chain` changes; None when something does at
    `at`.
    """
    points: list[datetime] = []
    for certificate in chain.certificates:
        points += (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        points += turning_points(certificate, known, policy)
    if at in points:
        return None
    return max(p for p in points if p < at), min(p for p in points if p > at)
