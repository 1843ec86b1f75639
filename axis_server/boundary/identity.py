"""Who calls: the certificate that the TLS handshake verified, looked up in the directory."""

from __future__ import annotations

import hashlib
import ssl
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import grpc.aio

from axis_server.caller import Caller
from axis_server.directory import DirectoryView
from axis_server.errors import Declined
from axis_server.reasons import Code

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]
else:
    Context = grpc.aio.ServicerContext

_CALLER: ContextVar[Caller] = ContextVar("caller")
"""Set by the interceptor for the call in progress, before its handler starts."""


def fingerprint(context: Context) -> str:
    """Returns the SHA-256 (hex) of the peer's certificate in DER; empty when there is no TLS peer."""
    for pem in context.auth_context().get("x509_pem_cert", ()):
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode("ascii"))).hexdigest()
    return ""


def identify(certificate_sha256: str, view: DirectoryView) -> Caller:
    """Finds the caller and makes it the current one of this call.

    Raises `Declined`: STRANGER for a certificate that may not connect for any agency, AGENCY_SUSPENDED.
    """
    caller = view.caller(certificate_sha256)
    if caller is None:
        detail = f"certificate {certificate_sha256}" if certificate_sha256 else "no certificate"
        raise Declined(Code.STRANGER, detail)
    if not caller.agency.active:
        raise Declined(Code.AGENCY_SUSPENDED, f"agency {caller.agency_id}")
    _CALLER.set(caller)
    return caller


def current_caller() -> Caller:
    """Returns the caller of the call in progress. Raises `LookupError` where no interceptor stands before."""
    return _CALLER.get()
