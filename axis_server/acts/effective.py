"""What the axis runs with, told in an act when it starts with something else than before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pydantic import BaseModel

from axis_server.acts.acting import Acting, Occasion
from axis_server.settings import Settings
from signing.log import VerifierKey
from signing.statements.acts import Changed, read_unproven
from storage.errors import Changed as ChangedMeanwhile
from storage.ledger.acts import Acts

KIND = "settings"
ATTEMPTS = 8
"""How often it is looked anew while other processes start too."""
OF_EACH_NODE = {"listen"}
"""Settings that are of one machine, wherever they stand."""
MAY_HOLD_SECRETS = {"dsn"}


async def note_effective(
    ledger: Acts, acting: Acting, settings: Settings, *, evidence: x509.Certificate, log: VerifierKey
) -> bool:
    """Keeps an act when the digests of the settings, or the keys, are others than those of the last such act.
    Returns whether it did. Raises `Unavailable`."""
    now = dict(_digests(settings)) | {
        "evidence certificate": evidence.fingerprint(hashes.SHA256()).hex(),
        "log key": log.vkey,
    }
    occasion = Occasion(kind=KIND, account="", operator="", reason="")
    for _ in range(ATTEMPTS):
        last = await ledger.last_act(KIND)
        said = () if last is None else read_unproven(last.act.statement.content).changes
        before = {one.what: one.after for one in said if one.after}
        if before == now:
            return False
        told = [
            Changed(of="axis", what=what, before=before.get(what, ""), after=now.get(what, ""))
            for what in dict.fromkeys((*now, *before))
        ]
        try:
            await acting.note(occasion, *told, last=last.place if last else 0)
        except ChangedMeanwhile:
            continue
        return True
    return False


def _digests(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yields each section's name and the SHA-256 of what it says, without what is of one machine alone."""
    for name in type(settings).model_fields:
        said = json.dumps(_said(getattr(settings, name)), sort_keys=True, ensure_ascii=False, default=str)
        yield name, hashlib.sha256(said.encode()).hexdigest()


def _said(value: object) -> object:
    if isinstance(value, BaseModel):
        left_out = OF_EACH_NODE | MAY_HOLD_SECRETS
        return {
            name: _said(getattr(value, name)) for name in type(value).model_fields if name not in left_out
        }
    if isinstance(value, list | tuple):
        return [_said(one) for one in value]
    return value
