"""Indexes of a snapshot that is never changed: each change makes a new one, at the cost of a copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Pairs = Iterable[tuple[str, str]]
"""Keys, each with the identifier of who has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Keys that only one may have, and who claims them all the same."""

    _first: Mapping[str, str] = field(default_factory=dict)
    """One of those that claim a key; the only one unless the key is among `rivals`."""
    rivals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys that several claim, with all of them."""
    contested: frozenset[str] = frozenset()
    """Who is among the rivals of any key."""

    def holder(self, key: str) -> str | None:
        """Returns who has a key, or one of its rivals, or None."""
        return self._first.get(key)

    def changed(self, before: Pairs, after: Pairs) -> Claims:
        """Returns these claims without those of `before` and with those of `after`."""
        first, rivals = dict(self._first), dict(self.rivals)
        for key, who in before:
            left = tuple(other for other in rivals.pop(key, (first[key],)) if other != who)
            if not left:
                del first[key]
                continue
            first[key] = left[0]
            if len(left) > 1:
                rivals[key] = left
        for key, who in after:
            known = rivals.get(key) or ((first[key],) if key in first else ())
            if not known:
                first[key] = who
            elif who not in known:
                rivals[key] = (*known, who)
        contested = frozenset(who for several in rivals.values() for who in several)
        return Claims(_first=first, rivals=rivals, contested=contested)


def regrouped(
    groups: Mapping[str, frozenset[str]], before: Pairs, after: Pairs
) -> Mapping[str, frozenset[str]]:
    """Returns `groups` (who has a key, for keys that many may have) without `before` and with `after`."""
    touched: dict[str, set[str]] = {}
    for key, who in before:
        touched.setdefault(key, set(groups.get(key, ()))).discard(who)
    for key, who in after:
        touched.setdefault(key, set(groups.get(key, ()))).add(who)
    if not touched:
        return groups
    return {**groups, **{key: frozenset(members) for key, members in touched.items()}}
