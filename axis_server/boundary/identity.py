"""Who calls: the certificate that the TLS handshake verified, looked up in the directory and judged anew.

A caller that acts for another agency names it in the metadata `axis-acting-for`, by any identifier.
"""

from __future__ import annotations

import hashlib
import ssl
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import grpc.aio
from cryptography import x509

from axis_server.admitting.admission import Admission
from axis_server.boundary.leave import check_leave
from axis_server.caller import Caller
from axis_server.errors import Declined
from axis_server.reasons import Code
from signing.chain import MAX_LENGTH

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]
else:
    Context = grpc.aio.ServicerContext

ACTING_FOR = "axis-acting-for"
"""Metadata key: an identifier of the agency in whose name the caller acts."""
_BEGIN = b"-----BEGIN CERTIFICATE-----"
_CALLER: ContextVar[Caller] = ContextVar("caller")
"""Set by the interceptor for the call in progress, before its handler starts."""


def fingerprint(context: Context) -> str:
    """Returns the SHA-256 (hex) of the peer's certificate in DER; empty when there is no TLS peer."""
    for pem in context.auth_context().get("x509_pem_cert", ()):
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode("ascii"))).hexdigest()
    return ""


def helpers(context: Context) -> tuple[x509.Certificate, ...]:
    """Returns the intermediates that the peer brought beside its certificate, as many as a chain may have."""
    brought: list[x509.Certificate] = []
    for pem in context.auth_context().get("x509_pem_cert_chain", ()):
        for block in pem.split(_BEGIN)[1 : 1 + MAX_LENGTH]:
            with suppress(ValueError):
                brought.append(x509.load_pem_x509_certificate(_BEGIN + block))
    return tuple(brought)


def acting_for(context: Context) -> str | None:
    """Returns the agency in whose name a call is made; None when it is the caller's own.

    Raises `Declined` (INVALID_ARGUMENT) when several are named.
    """
    named = [value for key, value in context.invocation_metadata() or () if key == ACTING_FOR]
    if len(named) > 1:
        raise Declined(Code.INVALID_ARGUMENT, f"`{ACTING_FOR}` is given {len(named)} times")
    return str(named[0]) if named else None


def identify(context: Context, admission: Admission, method: str) -> Caller:
    """Admits the peer and makes it the current caller of this call.

    Raises what `Admission.admit` raises, and `Declined` (NOT_DELEGATED) for a method that a delegate has no
    leave for.
    """
    caller = admission.admit(fingerprint(context), helpers(context), acting_for=acting_for(context))
    check_leave(caller, method)
    _CALLER.set(caller)
    return caller


def current_caller() -> Caller:
    """Returns the caller of the call in progress. Raises `LookupError` where no interceptor stands before."""
    return _CALLER.get()
