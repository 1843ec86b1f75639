"""What a signature says: what was signed, by whom, entitled to what, when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from signing.parser import DEFAULT_LIMITS, Limits
from signing.policy import DEFAULT_POLICY, Policy
from signing.trust import TrustStore
from signing.verdict import Verdict


def verify(
    document: bytes,
    *,
    trust: TrustStore,
    at: datetime,
    policy: Policy = DEFAULT_POLICY,
    detached: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Verdict:
    """Judges the one enveloped signature of `document` at the time `at`.

    `detached` gives the digests that the caller itself computed for what lies beside the document (URI -> SHA-256 hex).
    When it is given, every detached reference must be in it (`ATTACHMENT_MISSING`) and equal (`ATTACHMENT_MISMATCH`);
    when it is None, detached references are reported with the warning `DETACHED_NOT_CHECKED`.

    Never raises for what the document holds, except `Malformed` when it is not XML that may be read.
    """
    raise NotImplementedError
