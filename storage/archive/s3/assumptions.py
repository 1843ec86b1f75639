"""What the archive assumes about an S3 store, each as a check that an operator can run against theirs.

for result in examined(target, lock, clock=now):
    result.name, result.failure, result.next_step

The checks write under `probe/` alone and remove what they wrote, what was locked for some seconds at the end.
Those for locking are left out where nothing is to be locked.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from minio.commonconfig import ENABLED, Filter
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.lifecycleconfig import AbortIncompleteMultipartUpload, LifecycleConfig, Rule
from minio.retention import Retention as Locked

from storage.archive.s3.bucket import LEAST_PART_BYTES, Bucket, Target, Version
from storage.archive.s3.calls import Patience
from storage.archive.s3.locking import Lock, fit_for_locking, versioned
from storage.errors import Unavailable

_LOCKED_FOR = timedelta(seconds=4)
_SKEW = timedelta(seconds=60)
"""How far the clocks of store and axis may differ: retention and sweeping go by the store's."""


class Failed(Exception):
    """The store does otherwise; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where one run of the checks works."""

    bucket: Bucket
    room: str
    """Prefix of its keys."""
    lock: Lock
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    def put(self, name: str, content: bytes) -> Version:
        """Writes an object and returns its newest version."""
        self.bucket.put(self.room + name, content)
        return next(one for one in self.bucket.versions(self.room + name) if one.latest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One thing that the archive takes for granted."""

    name: str
    meaning: str
    check: Callable[[Stage], None] = field(repr=False)
    """Raises `Failed` or `Unavailable`."""
    next_step: str
    of_locking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one check."""

    assumption: Assumption
    failure: str
    """Empty when it holds."""


def examined(
    target: Target,
    lock: Lock,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    patience: Patience | None = None,
) -> Iterator[Result]:
    """Checks one assumption after the other; a failed one hinders none of the others. Blocking. Raises
    `Misconfigured` when the endpoint is none."""
    bucket = Bucket(target, patience=patience)
    stage = Stage(
        bucket=bucket, room=f"probe/check-{secrets.token_hex(8)}/", lock=lock, clock=clock, sleep=sleep
    )
    try:
        for number, one in enumerate(ASSUMPTIONS):
            if not one.of_locking or lock is not Lock.OFF:
                within = replace(stage, room=f"{stage.room}{number}/")
                yield Result(assumption=one, failure=_failure(one, within))
    finally:
        bucket.close()


def _failure(one: Assumption, stage: Stage) -> str:
    try:
        one.check(stage)
        stage.bucket.remove(list(stage.bucket.versions(stage.room)))
    except (Failed, Unavailable) as exc:
        return str(exc)
    except S3Error as exc:
        return f"the store answers {exc.code}"
    return ""


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)


def _reached(stage: Stage) -> None:
    answer = stage.bucket.request(
        lambda: stage.bucket.client._execute("GET", stage.bucket.name, query_params={"versioning": ""})
    )
    apart = abs(parsedate_to_datetime(answer.headers["date"]) - stage.clock())
    _expect(apart <= _SKEW, f"its clock and this machine's are {apart.total_seconds():.0f} s apart")


def _versioning(stage: Stage) -> None:
    versioned(stage.bucket)
    stage.put("twice", b"1")
    stage.put("twice", b"2")
    found = list(stage.bucket.versions(stage.room))
    _expect(sorted(one.size for one in found) == [1, 1], "writing twice does not leave two versions")
    stage.bucket.hide(stage.room + "twice")
    _expect(stage.bucket.size(stage.room + "twice") is None, "a delete marker does not hide an object")
    marker = next((one for one in stage.bucket.versions(stage.room) if one.marker), None)
    _expect(marker is not None and marker.latest, "a delete marker is not listed")
    stage.bucket.remove([marker] if marker else [])
    piece = stage.bucket.read(stage.room + "twice", 0)
    _expect(piece is not None and piece.content == b"2", "removing a delete marker does not show the object")


def _bytes(stage: Stage) -> None:
    for size in (0, 1, 1 << 20):
        content = secrets.token_bytes(size)
        stage.put(str(size), content)
        piece = stage.bucket.read(stage.room + str(size), 0)
        _expect(piece is not None and piece.content == content, f"{size} bytes come back as others")
    wrong: dict[str, str | list[str] | tuple[str]] = {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}  # of nothing
    try:
        stage.bucket.client._put_object(stage.bucket.name, stage.room + "wrong", b"something", wrong)
    except S3Error as exc:
        _expect(exc.code in ("BadDigest", "InvalidDigest"), f"a wrong checksum is answered {exc.code}")
    else:
        raise Failed("bytes that do not match their checksum are taken")


def _ranges(stage: Stage) -> None:
    content = secrets.token_bytes(1000)
    stage.put("ranges", content)
    for start, length in ((0, 10), (10, 10), (990, 100), (999, 1)):
        piece = stage.bucket.read(stage.room + "ranges", start, length)
        right = piece is not None and (piece.content, piece.total) == (content[start : start + length], 1000)
        _expect(right, f"{length} bytes from {start} on are not what was written there")
    past = stage.bucket.read(stage.room + "ranges", 1000)
    _expect(past is not None and not past.content, "a range past the end is not refused")
    _expect(stage.bucket.read(stage.room + "absent", 0) is None, "an absent object is read")


def _listing(stage: Stage) -> None:
    names = [f"{stage.room}{number}" for number in range(5)]
    for key in names:
        stage.bucket.put(key, b"x")
        _expect(key in _keys(stage), "an object that was just written is not listed")
    paged = [one.key for one in stage.bucket.versions(stage.room, page=2)]
    _expect(paged == names, "a listing in pages loses or repeats objects")
    stage.bucket.remove(list(stage.bucket.versions(names[0])))
    _expect(_keys(stage) == names[1:], "an object that was just removed is still listed")


def _keys(stage: Stage) -> list[str]:
    return [one.key for one in stage.bucket.versions(stage.room)]


def _multipart(stage: Stage) -> None:
    bucket, key = stage.bucket, stage.room + "parts"
    first, last = secrets.token_bytes(LEAST_PART_BYTES), b"small"
    source = stage.put("source", first)
    upload = bucket.begin(key)
    tags = [bucket.copied_part(key, upload, 1, source), bucket.part(key, upload, 2, last)]
    _expect(bucket.size(key) is None, "a multipart upload is seen before it is complete")
    bucket.complete(key, upload, tags, len(first) + len(last))
    whole = hashlib.sha256()
    for start in (0, LEAST_PART_BYTES):
        piece = bucket.read(key, start, LEAST_PART_BYTES)
        whole.update(piece.content if piece else b"")
    _expect(whole.digest() == hashlib.sha256(first + last).digest(), "the parts do not make up the whole")


def _abort(stage: Stage) -> None:
    bucket, key = stage.bucket, stage.room + "aborted"
    upload = bucket.begin(key)
    bucket.part(key, upload, 1, b"dropped")
    _expect([one.id for one in bucket.unfinished(key)] == [upload], "an unfinished upload is not listed")
    bucket.abort(key, upload)
    _expect(not list(bucket.unfinished(key)), "an aborted upload is still listed")
    _expect(not list(bucket.versions(key)), "an aborted upload leaves an object")


def _lifecycle(stage: Stage) -> None:
    client, name, request = stage.bucket.client, stage.bucket.name, stage.bucket.request
    before = request(lambda: client.get_bucket_lifecycle(name))
    mine = Rule(
        rule_id="axis-check-store",
        status=ENABLED,
        rule_filter=Filter(prefix=stage.room),
        abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(days_after_initiation=1),
    )
    rules = before.rules if before else []
    request(lambda: client.set_bucket_lifecycle(name, LifecycleConfig([*rules, mine])))
    after = request(lambda: client.get_bucket_lifecycle(name))
    if before:
        request(lambda: client.set_bucket_lifecycle(name, before))
    else:
        request(lambda: client.delete_bucket_lifecycle(name))
    kept = {one.rule_id for one in after.rules} if after else set()
    _expect("axis-check-store" in kept, "a rule is taken and forgotten")


def _lock_enabled(stage: Stage) -> None:
    fit_for_locking(stage.bucket, stage.lock)


def _hold(stage: Stage) -> None:
    held = stage.put("held", b"held")
    client, name = stage.bucket.client, stage.bucket.name
    stage.bucket.request(lambda: client.enable_object_legal_hold(name, held.key, held.id))
    try:
        _refused(stage, held, "a legal hold")
    finally:
        stage.bucket.request(lambda: client.disable_object_legal_hold(name, held.key, held.id))
    _expect(stage.bucket.remove_one(held), "it cannot be removed once the hold is lifted")


def _retention(stage: Stage) -> None:
    kept = stage.put("retained", b"retained")
    client, name, until = stage.bucket.client, stage.bucket.name, stage.clock() + _LOCKED_FOR
    locked = Locked(stage.lock.upper(), until)
    stage.bucket.request(lambda: client.set_object_retention(name, kept.key, locked, kept.id))
    _refused(stage, kept, "retention")
    shorter = Locked(stage.lock.upper(), stage.clock())
    try:
        stage.bucket.request(lambda: client.set_object_retention(name, kept.key, shorter, kept.id))
    except Unavailable:
        pass
    else:
        raise Failed("retention can be shortened")
    for _ in range(10):
        stage.sleep(_LOCKED_FOR.total_seconds() / 2)
        if stage.bucket.remove_one(kept):
            return
    raise Failed("it cannot be removed once the time has passed")


def _refused(stage: Stage, version: Version, lock: str) -> None:
    """Tries to remove a locked version, alone and in bulk."""
    removed = stage.bucket.remove_one(version)
    stage.bucket.request(
        lambda: list(
            stage.bucket.client.remove_objects(stage.bucket.name, [DeleteObject(version.key, version.id)])
        )
    )
    left = [one.id for one in stage.bucket.versions(version.key)]
    _expect(not removed and version.id in left, f"a version under {lock} can be removed")


ASSUMPTIONS = (
    Assumption(
        name="reach",
        meaning="the store answers, knows the key, has the bucket, and its clock is right",
        check=_reached,
        next_step="correct the endpoint, the bucket, the region or the keys; set the clocks right",
    ),
    Assumption(
        name="versioning",
        meaning="every version is kept, and a delete marker hides without removing",
        check=_versioning,
        next_step="switch versioning of the bucket on",
    ),
    Assumption(
        name="checksums",
        meaning="what is read is what was written, and damage on the way is refused",
        check=_bytes,
        next_step="do not use this store: it does not keep what it is given",
    ),
    Assumption(
        name="range reads",
        meaning="a stretch of an object can be read, with the size of the whole",
        check=_ranges,
        next_step="look for a proxy before the store that drops the Range header; else use another store",
    ),
    Assumption(
        name="listing",
        meaning="what was written is listed at once, in order, in pages",
        check=_listing,
        next_step="give the key the right to list versions (s3:ListBucketVersions); else use another store",
    ),
    Assumption(
        name="multipart",
        meaning="parts of 5 MiB with a smaller last one, sent or copied, become one object",
        check=_multipart,
        next_step="give the key the rights to put and get objects and their parts; else use another store",
    ),
    Assumption(
        name="abort",
        meaning="an aborted multipart upload leaves nothing",
        check=_abort,
        next_step="give the key the rights s3:AbortMultipartUpload and s3:ListBucketMultipartUploads",
    ),
    Assumption(
        name="lifecycle",
        meaning="rules that clean up are taken",
        check=_lifecycle,
        next_step="give the key the right s3:PutLifecycleConfiguration, or sweep more often instead",
    ),
    Assumption(
        name="object lock",
        meaning="versions can be locked, and nothing is locked by default",
        check=_lock_enabled,
        next_step="create the bucket with object lock and without a default retention",
        of_locking=True,
    ),
    Assumption(
        name="legal hold",
        meaning="a version under a legal hold cannot be removed, alone or in bulk, until the hold is lifted",
        check=_hold,
        next_step="do not rely on this store's legal hold: use another store, or upgrade it",
        of_locking=True,
    ),
    Assumption(
        name="retention",
        meaning="a retained version cannot be removed, alone or in bulk, nor its time shortened",
        check=_retention,
        next_step="do not rely on this store's retention: use another store, or upgrade it",
        of_locking=True,
    ),
)
