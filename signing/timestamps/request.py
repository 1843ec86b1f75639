"""What is asked of a time-stamping authority, and what it answers (RFC 3161 section 2.4)."""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import cms, core, tsp

from signing.algorithms import digest_of
from signing.reasons import Reason
from signing.structure import Breach
from signing.timestamps.strict import UNREADABLE, loaded

IMPRINT_DIGESTS = ("sha256", "sha384", "sha512")
"""What a time-stamp may be over. SHA-1 is not here, under no switch: a time-stamp is made to last."""
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """What is stamped: the digest of some bytes (messageImprint)."""

    digest: str
    """One of `IMPRINT_DIGESTS`."""
    value: bytes

    def __post_init__(self) -> None:
        if self.digest not in IMPRINT_DIGESTS or len(self.value) != len(digest_of(self.digest, b"")):
            raise ValueError(f"no imprint by one of {', '.join(IMPRINT_DIGESTS)}")

    @classmethod
    def of(cls, content: bytes, digest: str = "sha256") -> Imprint:
        """Digests `content`. Raises `ValueError` for a digest that is not in `IMPRINT_DIGESTS`."""
        if digest not in IMPRINT_DIGESTS:
            raise ValueError(f"{digest} is none of {', '.join(IMPRINT_DIGESTS)}")
        return cls(digest=digest, value=digest_of(digest, content))


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampRequest:
    """A request, as it was sent: the answer is held against it."""

    imprint: Imprint
    nonce: int
    policy: str | None
    """The policy asked for, as a dotted object identifier; None leaves it to the authority."""
    der: bytes
    """TimeStampReq, the body of an `application/timestamp-query`."""


class NotGranted(Exception):
    """The authority answered, and gave no time-stamp. Nobody's verdict: ask again, or another authority."""

    def __init__(self, status: str, failure: str, text: str) -> None:
        super().__init__(": ".join(part for part in (status, failure, text) if part))
        self.status = status
        """PKIStatus, such as `rejection`."""
        self.failure = failure
        """PKIFailureInfo, such as `bad_alg`; empty when none is given."""


def request(imprint: Imprint, *, nonce: int, policy: str | None = None) -> TimestampRequest:
    """Makes a request, with the authority's certificate asked for (certReq).

    `nonce` is the caller's randomness, positive and of at least 64 random bits; raises `ValueError` when it
    plainly is not.
    """
    if nonce <= 0:
        raise ValueError("a nonce is a large positive number")
    fields: dict[str, object] = {
        "version": "v1",
        "message_imprint": {
            "hash_algorithm": {"algorithm": imprint.digest},
            "hashed_message": imprint.value,
        },
        "nonce": nonce,
        "cert_req": True,
    }
    if policy is not None:
        fields["req_policy"] = policy
    return TimestampRequest(imprint=imprint, nonce=nonce, policy=policy, der=tsp.TimeStampReq(fields).dump())


class _Response(core.Sequence):  # type: ignore[misc]
    """TimeStampResp with its token optional, as it is in a refusal; asn1crypto's own demands it."""

    _fields = [  # noqa: RUF012  how asn1crypto declares a structure
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


def token_of(response: bytes) -> bytes:
    """Returns the token of a TimeStampResp (`application/timestamp-reply`), as it stands, not judged yet.

    Raises `NotGranted`, and `Breach` (`TIMESTAMP_MALFORMED`, `TIMESTAMP_TRAILING_BYTES`) when the bytes are
    no such answer.
    """
    parsed = loaded(_Response, response)
    try:
        status = parsed["status"]
        name = status["status"].native
        failure = status["fail_info"].native or set()
        text = " ".join(str(each) for each in status["status_string"].native or ())
        token = parsed["time_stamp_token"]
        der: bytes = b"" if isinstance(token, core.Void) else token.dump()
    except UNREADABLE as exc:
        raise Breach(Reason.TIMESTAMP_MALFORMED, "an answer that is no TimeStampResp") from exc
    if name not in ("granted", "granted_with_mods"):
        raise NotGranted(str(name), ", ".join(sorted(failure)), text[:_LONGEST_TEXT])
    if not der:
        raise Breach(Reason.TIMESTAMP_MALFORMED, "granted, but without a token")
    return der
