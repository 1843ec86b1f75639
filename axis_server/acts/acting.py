"""Administrative acts: whatever an operator changes is kept with who, when and why, before and after.

acting = Acting(ledger=ledger, sealer=lambda: sealer, issuer_id="AXIS", clock=now, new_id=new_id)
directory = Registrar(ledger, acting, Occasion(kind="agency.add", account="axis", operator="", reason=""))
await directory.register(agency, replacing=None)     # one transaction: the change, the act, its leaf
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from signing.seal import Sealer
from signing.statements.acts import ActStatement, Changed, write
from storage.ledger.acts import EVENT, Act, Acts, Change
from storage.ledger.directory import Directory
from storage.ledger.pages import Page
from storage.ledger.records import Evidence
from storage.ledger.registering import own_id
from storage.ledger.registry import Agency, Certificate, Group, Registered

VALUE_MOST = 2000
"""Characters of a value before or after; a longer one is told by its beginning and its SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Who does what, and why."""

    kind: str
    account: str
    """The operating system's user."""
    operator: str
    """Who says to do it; may be empty."""
    reason: str


class Acting:
    """Makes acts and keeps them. It computes a signature in the caller's thread: acts are few."""

    def __init__(
        self,
        *,
        ledger: Acts,
        sealer: Callable[[], Sealer],
        issuer_id: str,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._ledger = ledger
        self._sealer = sealer
        self._issuer_id = issuer_id
        self._clock = clock
        self._new_id = new_id

    def act(self, occasion: Occasion, about: Sequence[str], changed: Sequence[Changed]) -> Act:
        """Makes an act, sealed and not kept yet: for who keeps it in a transaction of another sort."""
        at, identifier = self._clock(), self._new_id()
        named = tuple(dict.fromkeys(about))
        content = write(
            ActStatement(
                identifier=identifier,
                issuer_id=self._issuer_id,
                kind=occasion.kind,
                at=at,
                account=occasion.account,
                operator=occasion.operator,
                reason=occasion.reason,
                about=named,
                changes=tuple(changed),
            ),
            self._sealer(),
        )
        statement = Evidence(
            evidence_id=identifier, dispatch_id="", event=EVENT, issued_at=at, content=content
        )
        return Act(statement=statement, kind=occasion.kind, about=named)

    async def note(
        self,
        occasion: Occasion,
        *changed: Changed,
        about: Sequence[str] = (),
        last: int | None = None,
    ) -> None:
        """Keeps an act about something that is not in the ledger. Raises `Changed` as `Acts.keep_act`."""
        await self._ledger.keep_act(self.act(occasion, about, changed), last=last)

    async def register(self, occasion: Occasion, changes: Sequence[Change]) -> None:
        """Keeps changes of the directory, all or none, with the act that they are."""
        told = [each for new, old in changes for each in differences(old, new)]
        act = self.act(occasion, [own_id(new) for new, _ in changes], told)
        await self._ledger.keep_act(act, *changes)


class Registrar(Directory):
    """The directory as an operator changes it: nothing without its act."""

    def __init__(self, ledger: Directory, acting: Acting, occasion: Occasion) -> None:
        self._ledger = ledger
        self._acting = acting
        self._occasion = occasion

    async def register(self, registered: Registered, *, replacing: Registered | None) -> None:
        await self.register_all([(registered, replacing)])

    async def register_all(self, changes: Sequence[Change]) -> None:
        """Registers several by one act, all or none; what stays as it is leaves no act."""
        if real := [(new, old) for new, old in changes if new != old]:
            await self._acting.register(self._occasion, real)

    async def agencies(self) -> tuple[Agency, ...]:
        return await self._ledger.agencies()

    async def groups(self) -> tuple[Group, ...]:
        return await self._ledger.groups()

    async def version(self) -> int:
        return await self._ledger.version()

    async def changed(self, *, after: int = 0, limit: int, viewer: str | None = None) -> Page[Registered]:
        return await self._ledger.changed(after=after, limit=limit, viewer=viewer)


def differences(old: Registered | None, new: Registered) -> Iterator[Changed]:
    """Yields the facts that differ; of a new one all that are not empty."""
    before = {} if old is None else _facts(old)
    for what, after in _facts(new).items():
        if (was := before.get(what, "")) != after:
            yield Changed(of=own_id(new), what=what, before=was, after=after)


def short(value: str) -> str:
    """Returns a value as it can stand in an act."""
    if len(value) <= VALUE_MOST:
        return value
    return f"{value[:VALUE_MOST]}… sha256:{hashlib.sha256(value.encode()).hexdigest()}"


def _facts(registered: Registered) -> dict[str, str]:
    facts = asdict(registered)
    if isinstance(registered, Agency):
        facts["certificates"] = [_certificate(one) for one in registered.certificates]
        facts["capabilities"]["kinds"] = sorted(registered.capabilities.kinds)
    return {what: short(_written(value)) for what, value in facts.items()}


def _certificate(one: Certificate) -> dict[str, object]:
    """A certificate by its digest: the directory has the rest."""
    facts = asdict(one)
    del facts["pem"]
    return facts


def _written(value: object) -> str:
    if value is None or value in ("", [], (), {}):
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=_of_time)


def _of_time(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
