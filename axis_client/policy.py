"""Whom to believe about a log, from keys as people write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from signing.keys import UnusableKey
from signing.log import LogPolicy, VerifierKey, read_vkey


def log_policy(
    logs: Sequence[str],
    witnesses: Sequence[str] = (),
    quorum: int | None = None,
    *,
    follow: bool = True,
) -> LogPolicy:
    """Makes the policy about one log. `logs` are its vkeys: one, or more where they do not `follow` each
    other by themselves; `quorum` None asks for all the witnesses. Raises `ValueError` with a sentence."""
    keys = _keys(logs)
    if len({key.name for key in keys}) != 1:
        raise ValueError("the keys of one log bear one name, its origin")
    return LogPolicy(
        origin=keys[0].name,
        keys=keys,
        witnesses=_keys(witnesses),
        quorum=len(witnesses) if quorum is None else quorum,
        follow=follow,
    )


def log_policies(logs: Iterable[str]) -> tuple[LogPolicy, ...]:
    """Makes a policy for each log among some keys, without witnesses. Raises `ValueError` with a sentence."""
    by_origin: dict[str, list[VerifierKey]] = {}
    for key in _keys(logs):
        by_origin.setdefault(key.name, []).append(key)
    return tuple(LogPolicy(origin=origin, keys=tuple(keys)) for origin, keys in by_origin.items())


def _keys(texts: Iterable[str]) -> tuple[VerifierKey, ...]:
    try:
        return tuple(read_vkey(text.strip()) for text in texts)
    except UnusableKey as exc:
        raise ValueError(str(exc)) from exc
