"""The last answers of all places: in the ledger for all nodes, here as what trust is judged by."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from axis_server.admitting.trust import TrustWatch
from axis_server.revoking.places import Kind
from signing.revocation import Crl, OcspAnswer, OcspError, Source, read_answer
from storage.ledger.answers import Answer, Answered, Answers

log = structlog.get_logger()

GIVEN = "given "
"""What a place of a list is called that stands in the operator's files."""
DIGESTS_MOST = 100_000
"""Digests remembered as kept; with more, it is begun anew with those that are the last of their places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The last answer of a place, read."""

    source: Source
    sha256: str
    asked_at: datetime


class Known:
    """What is known about revocation. It joins the trust whenever it changes, so that a restart with every
    responder down knows what was known before."""

    def __init__(self, *, ledger: Answers, trust: TrustWatch, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._trust = trust
        self._clock = clock
        self._held: dict[str, Held] = {}
        self._version = 0
        self._kept: set[str] = set()
        self._given: tuple[x509.CertificateRevocationList, ...] = ()

    def of(self, place: str) -> Held | None:
        """Returns the last answer of a place."""
        return self._held.get(place)

    def are_kept(self, sources: Sequence[Source]) -> tuple[str, ...]:
        """Returns the digests of those sources that the ledger keeps."""
        return tuple(one for one in dict.fromkeys(each.sha256 for each in sources) if one in self._kept)

    async def keep(self, place: str, answer: Answer) -> None:
        """Keeps an answer and takes it over, with whatever others have kept meanwhile. Raises
        `Unavailable`."""
        await self._ledger.keep_answer(Answered(place=place, asked_at=self._clock(), answer=answer))
        await self.refresh()

    async def refresh(self) -> None:
        """Takes over what any node has kept since the last time, and keeps the operator's own lists. Raises
        `Unavailable`."""
        found = await self._ledger.answered(after=self._version)
        if found:
            read = await asyncio.to_thread(read_kept, found)
            self._version = max(self._version, found[-1].version)
            before = {place: held.sha256 for place, held in self._held.items()}
            fresh = any(before.get(place) != one.sha256 for place, one in read)
            self._held.update(read)
            self._remember()
            if fresh:
                await asyncio.to_thread(self._trust.know, *self._sources())
        if self._trust.given is not self._given:
            given = self._trust.given
            for place, answer in await asyncio.to_thread(_given, given):
                held = self._held.get(place)
                if held is None or held.sha256 != answer.sha256:
                    at = self._clock()
                    await self._ledger.keep_answer(Answered(place=place, asked_at=at, answer=answer))
            self._given = given
            await self.refresh()

    def _sources(self) -> tuple[list[x509.CertificateRevocationList], list[OcspAnswer]]:
        sources = [one.source for place, one in self._held.items() if not place.startswith(GIVEN)]
        lists = [each.crl for each in sources if isinstance(each, Crl)]
        return lists, [each for each in sources if isinstance(each, OcspAnswer)]

    def _remember(self) -> None:
        if len(self._kept) > DIGESTS_MOST:
            self._kept.clear()
        self._kept.update(one.sha256 for one in self._held.values())


def read_kept(found: Sequence[Answered]) -> list[tuple[str, Held]]:
    """Reads what the ledger keeps; what cannot be read there is left out, loudly."""
    read = []
    for one in found:
        try:
            source: Source = (
                Crl.of(x509.load_der_x509_crl(one.answer.content))
                if one.answer.kind == Kind.CRL
                else read_answer(one.answer.content)
            )
        except (ValueError, OcspError) as exc:
            log.critical("revocation.unreadable", place=one.place, detail=str(exc))
            continue
        read.append((one.place, Held(source=source, sha256=one.answer.sha256, asked_at=one.asked_at)))
    return read


def _given(lists: Sequence[x509.CertificateRevocationList]) -> list[tuple[str, Answer]]:
    """The lists of the operator's files, each in a place of its issuer."""
    counted: dict[str, int] = {}
    found = []
    for crl in lists:
        issuer = hashlib.sha256(crl.issuer.public_bytes()).hexdigest()
        counted[issuer] = counted.get(issuer, 0) + 1
        place = f"{GIVEN}{issuer} {counted[issuer]}"
        found.append((place, Answer(kind=Kind.CRL, content=crl.public_bytes(Encoding.DER))))
    return found
