"""Time-stamping authorities: who they are, whom to believe about them, and how they are asked.

token, stamp = await requesting.stamped(authority, Imprint.of(content), not_before=made_at)
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from axis_server.fetching import Bounds, FetchError, http_tsa
from axis_server.limits.tasks import in_worker
from signing.timestamps import Imprint, NotGranted, Timestamp, request, verify_token
from signing.trust import TrustError, TrustStore

BOUNDS = Bounds(seconds=10, bytes=256 << 10, private=True)
"""Settings name authorities, not strangers: inner networks are asked too."""


class NotStamped(Exception):
    """The authority gave no time-stamp that can be kept; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A time-stamping authority, and whom to believe about it."""

    name: str
    url: str
    anchors: tuple[Path, ...]
    crls: tuple[Path, ...]
    policy: str | None
    """Dotted; None takes any."""
    every: timedelta
    """How often it is asked while there is something new."""


def _as_it_is(store: TrustStore) -> TrustStore:
    return store


def _unheard(certificate: x509.Certificate) -> None:
    """Nobody asks about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What else a token's certificate is judged by than the authority's files."""

    inform: Callable[[TrustStore], TrustStore] = _as_it_is
    """Adds what is known about revocation."""
    rely: Callable[[x509.Certificate], None] = _unheard
    """Is told of the certificate, so that its revocation is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requesting:
    """How authorities are asked."""

    workers: Executor | None
    """Threads for waiting on authorities alone."""
    clock: Callable[[], datetime]
    nonce: Callable[[], int]
    judging: Judging = Judging()

    async def stamped(
        self, authority: Authority, imprint: Imprint, *, not_before: datetime
    ) -> tuple[bytes, Timestamp]:
        """Asks for a time-stamp over an imprint, of something from `not_before`, and returns the token with
        what it says once that is sound. Raises `NotStamped`."""
        return await in_worker(self.workers, self._stamped, authority, imprint, not_before)

    def _stamped(
        self, authority: Authority, imprint: Imprint, not_before: datetime
    ) -> tuple[bytes, Timestamp]:
        """Blocks, within `BOUNDS`."""
        query = request(imprint, nonce=self.nonce(), policy=authority.policy)
        try:
            token = http_tsa.token(authority.url, query, bounds=BOUNDS)
            trust = self.judging.inform(TrustStore.load(authority.anchors, crls=authority.crls))
        except (FetchError, NotGranted, TrustError) as exc:
            raise NotStamped(str(exc)) from exc
        verdict = verify_token(
            token, content=imprint, trust=trust, at=self.clock(), request=query, not_before=not_before
        )
        if verdict.certificate is not None:
            self.judging.rely(verdict.certificate)
        if not isinstance(verdict, Timestamp):
            raise NotStamped(f"{verdict.reason}: {verdict.detail}")
        return token, verdict
