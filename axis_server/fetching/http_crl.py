"""Fetches a certificate revocation list over HTTP (RFC 5280 section 4.2.1.13)."""

from __future__ import annotations

import ssl

from cryptography import x509

from axis_server.fetching.bounded import Bounds, Exchange, Unfit, fetch

BOUNDS = Bounds(seconds=60, bytes=64 << 20)
"""A nation's list takes tens of megabytes."""
_PEM = b"-----BEGIN X509 CRL-----"


def crl(
    url: str, *, bounds: Bounds = BOUNDS, tls: ssl.SSLContext | None = None
) -> x509.CertificateRevocationList:
    """Returns the list that stands there, in DER or PEM; whose it is and whether it holds,
    `signing.revocation` judges. Raises `FetchError`."""
    data = fetch(url, Exchange(accepts=frozenset()), bounds=bounds, tls=tls)
    try:
        return x509.load_pem_x509_crl(data) if data.startswith(_PEM) else x509.load_der_x509_crl(data)
    except ValueError as exc:
        raise Unfit("no revocation list") from exc
