"""A time-stamping authority of any age: its clock is the test's, its certificates follow each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import cms, tsp
from cryptography.hazmat.primitives.serialization import Encoding

from signing.timestamps import Imprint
from tests.axis_server.fetching.outside import Reply
from tests.pki import Identity
from tests.signing.renewal.stage import first, second, third, time_root
from tests.signing.timestamps.stage import forged

REPLY = "application/timestamp-reply"


def current(at: datetime) -> Identity:
    """Whose turn it is."""
    return first() if at.year < 2032 else second() if at.year < 2037 else third()


@dataclass(slots=True)
class TimelyTsa:
    """Answers over HTTP at the time of `clock`; can be down."""

    clock: Callable[[], datetime]
    down: bool = False
    asked: int = 0

    def __call__(self, path: str, body: bytes) -> Reply:
        self.asked += 1
        if self.down:
            return Reply(status=503)
        query = tsp.TimeStampReq.load(body)
        imprint = query["message_imprint"]
        digest = imprint["hash_algorithm"]["algorithm"].native
        at = self.clock().replace(microsecond=0)
        token = forged(
            Imprint(digest=digest, value=imprint["hashed_message"].native),
            by=current(at),
            at=at,
            signed_by=digest,
            info={"nonce": query["nonce"].native},
        )
        answer = {"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(token)}
        return Reply(body=tsp.TimeStampResp(answer).dump(), kind=REPLY)


def save_root(room: Path) -> Path:
    path = room / "time-root.pem"
    path.write_bytes(time_root().certificate.public_bytes(Encoding.PEM))
    return path
