"""Keys that the axis works with, as its acts say, and that are not among the files of this machine.

    for one in await lacking(ledger, settings):
        one.sentence, one.stops

Each machine reads its own files. One that was forgotten in a rollover goes on with the old key, and tells its
callers nothing of the new one; one that was given a wrong key would sign what nobody believes.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes

from axis_server.acts.effective import KIND
from axis_server.material import NEXT, RETIRED, evidence_certificates, log_keys, log_successions
from axis_server.settings import Settings
from signing.statements.acts import read_unproven
from storage.ledger.acts import Acts

INTRODUCED, USED = "rollover.{}.introduce", "rollover.{}.use"
STARTED = {"evidence": "evidence certificate", "log": "log key"}
"""How the act of a start names what it started with."""
SHORT = 60
"""Characters of a key that tell it from others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A key that is not here."""

    kind: str
    """`evidence` or `log`."""
    in_use: bool
    """False for one that was introduced and is not used yet."""
    sentence: str
    """Which, and what to do; without a full stop."""

    @property
    def stops(self) -> bool:
        """Whether nothing may be signed without it: checkpoints of a log by another key than before are what
        a forger would sign, and every client and witness refuses them. Evidence by another key is believed by
        its certificate, though what the key before signed needs that one's, too."""
        return self.kind == "log" and self.in_use


async def lacking(ledger: Acts, settings: Settings) -> list[Lacking]:
    """Returns which keys of the last start and the last rollover are not among this machine's files. Raises
    `MaterialError`, `Unavailable`."""
    certificates = evidence_certificates(settings.evidence)
    own = {
        "evidence": {one.fingerprint(hashes.SHA256()).hex() for one in certificates},
        "log": {one.vkey for one in log_keys(settings.transparency)}
        | {one.old.vkey for one in log_successions(settings.transparency)},
    }
    places = {"evidence": settings.evidence.key.parent, "log": settings.transparency.key.parent}
    found = []
    for kind, known in own.items():
        _, coming = await _last(ledger, INTRODUCED.format(kind), "next")
        _, used = max(
            await _last(ledger, KIND, STARTED[kind]), await _last(ledger, USED.format(kind), "in use")
        )
        place = places[kind]
        gone = _strange(used, known)
        found += [
            Lacking(
                kind=kind,
                in_use=True,
                sentence=f"the axis works with the {kind} key {key[:SHORT]}, and {place} does not hold it:"
                " copy it from the machine that uses it, or from where you keep it. If it is lost for good,"
                f" put its public half into {place / RETIRED}, and tell everybody who verifies",
            )
            for key in gone
        ]
        found += [
            Lacking(
                kind=kind,
                in_use=False,
                sentence=f"the {kind} key {key[:SHORT]} was introduced on another machine and is not here:"
                f" copy it to {place / NEXT} before it is used there",
            )
            for key in _strange(coming, known | {used})
        ]
    return found


async def _last(ledger: Acts, kind: str, what: str) -> tuple[int, str]:
    """The place of the newest act of a kind, and what it says that something is since then."""
    act = await ledger.last_act(kind)
    if act is None:
        return 0, ""
    changes = read_unproven(act.act.statement.content).changes
    return act.place, next((one.after for one in changes if one.what == what), "")


def _strange(key: str, known: set[str]) -> tuple[str, ...]:
    return (key,) if key and key not in known else ()
