"""Why the axis declines, as stable codes. The verdicts of `signing` keep their own codes and pass through
unchanged.

Each code has a public sentence (English, Vietnamese), a next step, a gRPC status and whether a retry can
help, in the one table of `sentences`; docs/errors.md is made to match it and a test holds both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from axis_server.sentences import SENTENCES, SENTENCES_OF_THE_CALLER
from signing import verdict
from signing.verdict import Reason, Sentence


class Code(StrEnum):
    # who
    STRANGER = "STRANGER"
    UNTRUSTED = "UNTRUSTED"
    AGENCY_SUSPENDED = "AGENCY_SUSPENDED"
    ROLE_FORBIDDEN = "ROLE_FORBIDDEN"
    SENDER_MISMATCH = "SENDER_MISMATCH"
    SIGNER_MISMATCH = "SIGNER_MISMATCH"
    NOT_DELEGATED = "NOT_DELEGATED"
    # what
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    PACKAGE_TOO_LARGE = "PACKAGE_TOO_LARGE"
    NOT_EDXML = "NOT_EDXML"
    EDXML_INCOMPLETE = "EDXML_INCOMPLETE"
    EDXML_AMBIGUOUS = "EDXML_AMBIGUOUS"
    EXTENSIONS_UNFIT = "EXTENSIONS_UNFIT"
    BASE64_MALFORMED = "BASE64_MALFORMED"
    KIND_UNKNOWN = "KIND_UNKNOWN"
    STATUS_UNKNOWN = "STATUS_UNKNOWN"
    NOT_A_DOCUMENT = "NOT_A_DOCUMENT"
    NOT_A_STATUS = "NOT_A_STATUS"
    FIELD_TOO_LONG = "FIELD_TOO_LONG"
    ATTACHMENT_UNNAMED = "ATTACHMENT_UNNAMED"
    DUPLICATE_CONTENT_ID = "DUPLICATE_CONTENT_ID"
    ATTACHMENT_MISSING = "ATTACHMENT_MISSING"
    ATTACHMENT_NOT_SEALED = "ATTACHMENT_NOT_SEALED"
    ATTACHMENT_TOO_LARGE = "ATTACHMENT_TOO_LARGE"
    TOO_MANY_ATTACHMENTS = "TOO_MANY_ATTACHMENTS"
    ZIP_BOMB = "ZIP_BOMB"
    DOCUMENT_ID_MISSING = "DOCUMENT_ID_MISSING"
    DOCUMENT_ID_TAKEN = "DOCUMENT_ID_TAKEN"
    DOCUMENT_UNKNOWN = "DOCUMENT_UNKNOWN"
    DOCUMENT_RECALLED = "DOCUMENT_RECALLED"
    # to whom
    NO_RECIPIENT = "NO_RECIPIENT"
    UNKNOWN_RECIPIENT = "UNKNOWN_RECIPIENT"
    SUSPENDED_RECIPIENT = "SUSPENDED_RECIPIENT"
    TOO_MANY_RECIPIENTS = "TOO_MANY_RECIPIENTS"
    RECIPIENT_UNFIT = "RECIPIENT_UNFIT"
    RECIPIENT_ENDED = "RECIPIENT_ENDED"
    NOT_A_RECIPIENT = "NOT_A_RECIPIENT"
    # uploads
    DIGEST_MISMATCH = "DIGEST_MISMATCH"
    OFFSET_MISMATCH = "OFFSET_MISMATCH"
    STREAM_TRUNCATED = "STREAM_TRUNCATED"
    UPLOAD_QUOTA = "UPLOAD_QUOTA"
    # answers
    NOT_FOUND = "NOT_FOUND"
    WRONG_STATE = "WRONG_STATE"
    REASON_REQUIRED = "REASON_REQUIRED"
    STATEMENT_MISMATCH = "STATEMENT_MISMATCH"
    HANDOVER_INCOMPLETE = "HANDOVER_INCOMPLETE"
    STATUS_FORBIDDEN = "STATUS_FORBIDDEN"
    QUESTION_OPEN = "QUESTION_OPEN"
    ASKED_LATELY = "ASKED_LATELY"
    WITHHELD = "WITHHELD"
    LEASE_LOST = "LEASE_LOST"
    TOO_MANY_ASIDES = "TOO_MANY_ASIDES"
    # how long it is kept
    CLASS_UNKNOWN = "CLASS_UNKNOWN"
    TOO_MANY_DECISIONS = "TOO_MANY_DECISIONS"
    ORDER_UNFIT = "ORDER_UNFIT"
    ORDER_EXPIRED = "ORDER_EXPIRED"
    APPROVAL_MISSING = "APPROVAL_MISSING"
    NOT_DUE = "NOT_DUE"
    HELD = "HELD"
    DISPOSED = "DISPOSED"
    # nobody's verdict: try later
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    STORE_FULL = "STORE_FULL"
    LOG_LAGS = "LOG_LAGS"
    TOO_MANY_CALLS = "TOO_MANY_CALLS"
    TOO_MANY_DOCUMENTS = "TOO_MANY_DOCUMENTS"
    TOO_MANY_STATEMENTS = "TOO_MANY_STATEMENTS"
    TOO_MANY_BYTES = "TOO_MANY_BYTES"
    TOO_MANY_REFUSALS = "TOO_MANY_REFUSALS"
    TOO_MANY_WATCHES = "TOO_MANY_WATCHES"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    # an alarm
    CORRUPT = "CORRUPT"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a code means to its reader."""

    status: str
    """Name of the gRPC status."""
    english: str
    vietnamese: str
    next_step: str
    """English; what the reader can do."""
    next_step_vietnamese: str
    retryable: bool
    """The same request can succeed later, or go on where it was cut, with nobody changing the document."""


STATUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "UNAUTHENTICATED": (Code.STRANGER, Code.UNTRUSTED),
        "PERMISSION_DENIED": (
            Code.AGENCY_SUSPENDED,
            Code.ROLE_FORBIDDEN,
            Code.SENDER_MISMATCH,
            Code.SIGNER_MISMATCH,
            Code.NOT_DELEGATED,
        ),
        "FAILED_PRECONDITION": (
            Code.ATTACHMENT_MISSING,
            Code.UNKNOWN_RECIPIENT,
            Code.SUSPENDED_RECIPIENT,
            Code.RECIPIENT_UNFIT,
            Code.RECIPIENT_ENDED,
            Code.NOT_A_RECIPIENT,
            Code.DOCUMENT_UNKNOWN,
            Code.DOCUMENT_RECALLED,
            Code.WRONG_STATE,
            Code.STATUS_FORBIDDEN,
            Code.QUESTION_OPEN,
            Code.ASKED_LATELY,
            Code.WITHHELD,
            Code.LEASE_LOST,
            Code.TOO_MANY_ASIDES,
            Code.UPLOAD_QUOTA,
            Code.TOO_MANY_DECISIONS,
            Code.ORDER_EXPIRED,
            Code.APPROVAL_MISSING,
            Code.NOT_DUE,
            Code.HELD,
            Code.DISPOSED,
            # These lie in the signer's certificate and the time, not in the document's bytes.
            Reason.UNTRUSTED_SIGNER,
            Reason.CERTIFICATE_EXPIRED,
            Reason.CERTIFICATE_NOT_YET_VALID,
            Reason.CERTIFICATE_REVOKED,
            Reason.KEY_USAGE_FORBIDDEN,
            Reason.NOT_ENTITLED,
            Reason.CHAIN_INVALID,
            Reason.SIGNED_IN_FUTURE,
            Reason.SIGNED_OUTSIDE_VALIDITY,
            # These lie with the time-stamping authority.
            Reason.TSA_CERTIFICATE_EXPIRED,
            Reason.TSA_CERTIFICATE_REVOKED,
            Reason.TSA_CERTIFICATE_UNFIT,
            Reason.TSA_CHAIN_INVALID,
            Reason.TSA_UNTRUSTED,
        ),
        "ALREADY_EXISTS": (Code.DOCUMENT_ID_TAKEN,),
        "NOT_FOUND": (Code.NOT_FOUND,),
        "ABORTED": (Code.OFFSET_MISMATCH, Code.STREAM_TRUNCATED),
        "RESOURCE_EXHAUSTED": (
            Code.STORE_FULL,
            Code.TOO_MANY_CALLS,
            Code.TOO_MANY_DOCUMENTS,
            Code.TOO_MANY_STATEMENTS,
            Code.TOO_MANY_BYTES,
            Code.TOO_MANY_REFUSALS,
            Code.TOO_MANY_WATCHES,
        ),
        "UNAVAILABLE": (Code.STORE_UNAVAILABLE, Code.LOG_LAGS, Code.SHUTTING_DOWN, Reason.REVOCATION_UNKNOWN),
        "DATA_LOSS": (Code.CORRUPT,),
        "INTERNAL": (Code.INTERNAL,),
    }
)
"""gRPC status to codes; every other code says that the request itself is wrong: INVALID_ARGUMENT."""

OF_QUOTAS = frozenset(
    {
        Code.TOO_MANY_CALLS,
        Code.TOO_MANY_DOCUMENTS,
        Code.TOO_MANY_STATEMENTS,
        Code.TOO_MANY_BYTES,
        Code.TOO_MANY_REFUSALS,
        Code.TOO_MANY_WATCHES,
        Code.UPLOAD_QUOTA,
    }
)
"""The caller's agency has had its share of something."""

RETRYABLE_STATUSES = frozenset({"ABORTED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE"})
"""The statuses that are nobody's verdict. After INTERNAL too a retry walks the same road."""


def _answer(sentence: Sentence, status: str) -> Answer:
    return Answer(
        status=status,
        english=sentence.english,
        vietnamese=sentence.vietnamese,
        next_step=sentence.next_step,
        next_step_vietnamese=sentence.next_step_vietnamese,
        retryable=status in RETRYABLE_STATUSES,
    )


def _table() -> Mapping[str, Answer]:
    statuses = {str(code): status for status, codes in STATUSES.items() for code in codes}
    sentences = {str(reason): said for reason, said in verdict.SENTENCES.items() if reason != Reason.SOUND}
    sentences |= {str(code): SENTENCES[code] for code in Code}
    return MappingProxyType(
        {code: _answer(said, statuses.get(code, "INVALID_ARGUMENT")) for code, said in sentences.items()}
    )


ANSWERS = _table()
"""Every code that a caller can meet: the axis's own, and the reasons of `signing`."""


OF_THE_CALLER: Mapping[str, Answer] = MappingProxyType(
    {
        Reason.CERTIFICATE_REVOKED: _answer(
            SENTENCES_OF_THE_CALLER[Reason.CERTIFICATE_REVOKED], "UNAUTHENTICATED"
        ),
        Reason.CERTIFICATE_EXPIRED: _answer(
            SENTENCES_OF_THE_CALLER[Reason.CERTIFICATE_EXPIRED], "UNAUTHENTICATED"
        ),
        Reason.REVOCATION_UNKNOWN: _answer(SENTENCES_OF_THE_CALLER[Reason.REVOCATION_UNKNOWN], "UNAVAILABLE"),
        Code.UNTRUSTED: ANSWERS[Code.UNTRUSTED],
    }
)
"""What a code means when it speaks of the certificate that the caller connects with, not of a seal."""


def answer(code: str) -> Answer:
    """Returns what a code means. Raises `KeyError` for one that is not in the table."""
    return ANSWERS[code]
