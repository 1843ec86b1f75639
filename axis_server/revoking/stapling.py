"""By which answers something was judged, to be kept with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from cryptography import x509

from axis_server.admitting.admission import read_certificate
from axis_server.caller import Caller
from axis_server.revoking.known import Known
from axis_server.revoking.places import Kind
from signing.policy import Policy
from signing.revocation import Crl, Source
from signing.trust import Chain, TrustStore
from storage.ledger.answers import Answer, Answers

Staple = Callable[[Iterable[Source], datetime], Awaitable[tuple[str, ...]]]
"""`Stapling.staple`."""


async def nothing_stapled(sources: Iterable[Source], at: datetime) -> tuple[str, ...]:
    """A `Staple` where no answers are kept."""
    return ()


KeepAnswers = Callable[[str, Iterable[Source], datetime], Awaitable[None]]
"""`Stapling.keep`."""


async def nothing_kept(dispatch_id: str, sources: Iterable[Source], at: datetime) -> None:
    """A `KeepAnswers` where no answers are kept."""


class Stapling:
    """Finds the digests, in the ledger, of the answers behind a verdict."""

    def __init__(
        self,
        *,
        ledger: Answers,
        known: Known,
        trust: Callable[[], TrustStore],
        own: Callable[[], tuple[x509.Certificate, ...]],
        policy: Policy,
        clock: Callable[[], datetime],
    ) -> None:
        """`own` gives the certificate that seals evidence, whose good standing belongs to every dispatch."""
        self._ledger = ledger
        self._known = known
        self._trust = trust
        self._own = own
        self._policy = policy
        self._clock = clock

    async def staple(self, sources: Iterable[Source], at: datetime) -> tuple[str, ...]:
        """Returns the digests of `sources`, and of those about the axis's own seal at `at`."""
        return await asyncio.to_thread(self._digests, tuple(sources), at)

    async def keep(self, dispatch_id: str, sources: Iterable[Source], at: datetime) -> None:
        """Notes by what a statement about a dispatch is judged, before it moves anything: a crash between
        leaves an answer more. Raises `NotFound`, `Unavailable`."""
        digests = await self.staple(sources, at)
        if digests:
            await self._ledger.note_judged(dispatch_id, digests)

    def _digests(self, sources: tuple[Source, ...], at: datetime) -> tuple[str, ...]:
        return self._known.are_kept((*sources, *self.about(self._own(), at)))

    async def current(self, caller: Caller) -> tuple[Answer, ...]:
        """What is known now about the axis's own seal, and the seals of the caller's agency."""
        return await asyncio.to_thread(self._current, caller)

    def _current(self, caller: Caller) -> tuple[Answer, ...]:
        seals = [read_certificate(one.pem) for one in caller.agency.certificates if one.may_seal]
        sources = self.about((*self._own(), *seals), self._clock())
        kinds = ((Kind.CRL if isinstance(each, Crl) else Kind.OCSP, each) for each in sources)
        return tuple(Answer(kind=kind, content=each.der) for kind, each in kinds)

    def about(self, certificates: Iterable[x509.Certificate], at: datetime) -> tuple[Source, ...]:
        """The sources by which certificates hold at `at`; nothing for one that does not."""
        trust = self._trust()
        judged = [trust.judge(one, at=at, policy=self._policy) for one in certificates]
        return tuple(source for one in judged if isinstance(one, Chain) for source in one.sources)
