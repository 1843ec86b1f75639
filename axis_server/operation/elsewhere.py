"""Keys that were introduced or put to use on another machine, as its acts say, and do not lie here.

    for sentence in await lacking(ledger, settings): ...

Each machine reads its own files. One that was forgotten in a rollover goes on with the old key, and tells its
callers nothing of the new one: evidence of the other machines is refused by who asked this one.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes

from axis_server.material import NEXT, evidence_certificates, log_keys
from axis_server.settings import Settings
from signing.statements.acts import read_unproven
from storage.ledger.acts import Acts

INTRODUCED, USED = "rollover.{}.introduce", "rollover.{}.use"


async def said_last(ledger: Acts, kind: str) -> str:
    """Returns the key that the newest act of a kind introduced or put to use; "" without one. Raises
    `Unavailable`."""
    act = await ledger.last_act(kind)
    changes = () if act is None else read_unproven(act.act.statement.content).changes
    return changes[0].after if changes else ""


async def lacking(ledger: Acts, settings: Settings, *, only: str = "") -> list[str]:
    """Says which keys of the last rollover (`evidence`, `log`, or `only` one) are not among this machine's
    files, and what to do. Raises `MaterialError`, `Unavailable`."""
    certificates = evidence_certificates(settings.evidence)
    own = {
        "evidence": {one.fingerprint(hashes.SHA256()).hex() for one in certificates},
        "log": {one.vkey for one in log_keys(settings.transparency)},
    }
    places = {"evidence": settings.evidence.key.parent, "log": settings.transparency.key.parent}
    sentences = []
    for name, known in own.items():
        if only not in ("", name):
            continue
        used = await said_last(ledger, USED.format(name))
        introduced = await said_last(ledger, INTRODUCED.format(name))
        if used and used not in known:
            sentences.append(
                f"the {name} key {used[:40]} is in use on another machine and is not here: copy it and what"
                f" belongs to it to {places[name]}"
            )
        elif introduced and introduced != used and introduced not in known:
            sentences.append(
                f"the {name} key {introduced[:40]} was introduced on another machine and is not here: copy"
                f" it to {places[name] / NEXT} before it is used there"
            )
    return sentences
