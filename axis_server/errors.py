"""What a use case raises: the axis declines, and says why.

A store that cannot serve is nobody's verdict: `storage.errors.Unavailable`, `StoreFull` and `Corrupt` pass
through a use case as they are, and the boundary answers them with STORE_UNAVAILABLE, STORE_FULL and CORRUPT.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from storage.ledger.records import Evidence

MOST_TEXT = 200
"""Bytes of a detail or fact, in UTF-8: it goes out in trailers, in two languages, and into evidence."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What there is to say of a case, with the same facts in both languages."""

    english: str
    vietnamese: str


class Declined(Exception):
    """The axis does not do what was asked. `code` is a `reasons.Code` or a `signing.verdict.Reason`.

    `detail` is for the caller: it may name what the caller itself sent, never what belongs to others or
    stands inside. What is longer than `MOST_TEXT` is cut, facts too.
    """

    def __init__(
        self,
        code: str,
        detail: str | Detail = "",
        *,
        facts: Mapping[str, str] = MappingProxyType({}),
        evidence: Evidence | None = None,
        wait_seconds: float | None = None,
    ) -> None:
        both = Detail(detail, detail) if isinstance(detail, str) else detail
        super().__init__(f"{code}: {_cut(both.english)}")
        self.code = str(code)
        self.detail = _cut(both.english)
        self.detail_vietnamese = _cut(both.vietnamese)
        """In English too, where nobody but programs meets it."""
        self.facts = {key: _cut(value) for key, value in facts.items()}
        """For programs: `dispatch_id`, `recipient`, `state`, `offset` ... go to ErrorInfo.metadata."""
        self.evidence = evidence
        """SubmissionRejection, where the refusal is a verdict."""
        self.wait_seconds = wait_seconds
        """After how long the same can succeed, where the axis knows."""


class NotAdmitted(Declined):
    """The caller's own certificate does not hold: a code of `reasons.OF_THE_CALLER`."""


def _cut(text: str) -> str:
    """Returns as many whole characters of `text` as `MOST_TEXT` bytes hold."""
    return text[:MOST_TEXT].encode(errors="replace")[:MOST_TEXT].decode(errors="ignore")
