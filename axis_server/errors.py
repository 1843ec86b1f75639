"""What a use case raises: the axis declines, and says why.

A store that cannot serve is nobody's verdict: `storage.errors.Unavailable`, `StoreFull` and `Corrupt` pass
through a use case as they are, and the boundary answers them with STORE_UNAVAILABLE, STORE_FULL and CORRUPT.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from storage.ledger.base import Evidence


class Declined(Exception):
    """The axis does not do what was asked. `code` is a `reasons.Code` or a `signing.verdict.Reason`.

    `detail` is for the caller: it may name what the caller itself sent, never what belongs to others or
    stands inside.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        facts: Mapping[str, str] = MappingProxyType({}),
        evidence: Evidence | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = str(code)
        self.detail = detail
        self.facts = dict(facts)
        """For programs: `dispatch_id`, `recipient`, `state`, `offset` ... go to ErrorInfo.metadata."""
        self.evidence = evidence
        """SubmissionRejection, where the refusal is a verdict."""


class NotAdmitted(Declined):
    """The caller's own certificate does not hold: a code of `reasons.OF_THE_CALLER`."""
