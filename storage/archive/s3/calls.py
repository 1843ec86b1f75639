"""One request to an S3 store: tried again while that can help, its failures told as a caller acts on them.

What can help: connections that break, answers cut short, 5xx, and the codes with which a store asks for
patience. Every request made here may be repeated: it reads, deletes, or writes the same bytes to the same
name.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import TypeVar
from xml.etree.ElementTree import ParseError

from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from storage.errors import Misconfigured, StoreFull, Unavailable

T = TypeVar("T")

ABSENT = frozenset(
    {
        "NoSuchKey",
        "NoSuchLifecycleConfiguration",
        "NoSuchObjectLockConfiguration",
        "NoSuchUpload",
        "NoSuchVersion",
        "ObjectLockConfigurationNotFoundError",
    }
)
"""Codes of S3 that say: there is none."""

_LATER = frozenset(
    {
        "ConcurrentModification",
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "TooManyRequests",
    }
)
_FULL = frozenset({"InsufficientCapacity", "QuotaExceeded", "StorageFull", "XMinioStorageFull"})
_NEXT_STEP = {
    "InvalidAccessKeyId": "the store does not know the access key: correct it, or create it there",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key: correct it",
    "AccessDenied": "the access key may not do this: give it the rights of the operator's guide",
    "NoSuchBucket": "the bucket is not there: create it, with object lock, or correct its name",
    "PermanentRedirect": "the bucket is in another region: correct the region or the endpoint",
    "AuthorizationHeaderMalformed": "the region is not the bucket's: correct it",
    "RequestTimeTooSkewed": "the clocks of this machine and of the store differ: set them right",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a request is tried again: at most about a minute with the timeouts of one request."""

    tries: int = 5
    first_wait: float = 0.1
    """Seconds before the second try; doubled after each, and shortened by chance so that nodes part."""
    give_up: float = 20.0
    """No try begins later than so many seconds after the first."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = SystemRandom().random


class CutShort(Exception):
    """Fewer bytes came than the answer announced."""


def attempt(work: Callable[[], T], patience: Patience) -> T:
    """Returns what `work` returns; a `ValueError` of it says that an answer cannot be read.

    Raises `S3Error` for the codes in `ABSENT` and for InvalidRange, `Misconfigured`, `StoreFull`,
    `Unavailable`.
    """
    end, wait = patience.clock() + patience.give_up, patience.first_wait
    for left in range(patience.tries - 1, -1, -1):
        try:
            return work()
        except (MinioException, HTTPError, CutShort, ParseError, ValueError) as exc:
            if not _passing(exc):
                raise _verdict(exc) from exc
            if not left or patience.clock() + wait > end:
                raise Unavailable(
                    f"the S3 store does not serve ({_said(exc)}): see that it runs, and check `endpoint`"
                ) from exc
        patience.sleep(wait * (0.5 + patience.chance() / 2))
        wait *= 2
    raise AssertionError("the last try returns or raises")


def _passing(exc: Exception) -> bool:
    if isinstance(exc, S3Error):
        return exc.code not in _FULL and (exc.code in _LATER or exc.response.status >= 500)
    if isinstance(exc, InvalidResponseError):
        return bool(exc._code >= 500 or exc._code == 200)
    return True


def _verdict(exc: Exception) -> Exception:
    if not isinstance(exc, S3Error):
        return Misconfigured(f"what answers is not an S3 store ({_said(exc)}): correct the endpoint")
    code = exc.code or "no code"
    if code in ABSENT or code == "InvalidRange":
        return exc
    if code in _FULL:
        return StoreFull(f"the S3 store has no room: {code}")
    if code in _NEXT_STEP:
        return Misconfigured(f"{_NEXT_STEP[code]} ({code})")
    return Unavailable(f"the S3 store refuses: {code}")


def _said(exc: Exception) -> str:
    """Says what happened without what a store may have put into its answer."""
    if isinstance(exc, S3Error):
        return str(exc.code)
    if isinstance(exc, ServerError):
        return f"HTTP {exc.status_code}"
    if isinstance(exc, InvalidResponseError):
        return f"HTTP {exc._code} without S3's XML"
    return type(exc).__name__
