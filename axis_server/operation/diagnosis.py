"""What the doctor looks at: each examination tries one thing for real and says what it found, and what to do.

    async for found in examinations(settings, secrets, at=now):
        found.grade, found.subject, found.sentence, found.next_step

An examination goes on where another one found the worst; what cannot be examined is a finding itself.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from axis_server.acts.known import lacking
from axis_server.addressing.directory_watch import DirectoryWatch
from axis_server.admitting.trust import policy_of
from axis_server.material import MaterialError, log_policy, read_certificates
from axis_server.operation.checkconfig import Severity, check
from axis_server.revoking.expiry import others_end
from axis_server.revoking.known import read_kept
from axis_server.settings import Address, Secrets, Settings
from axis_server.stores import Examined, opened_to_examine
from signing.log import CompactRange, LogPolicy, cover, open_checkpoint
from signing.verdict import Refused
from storage.errors import NotFound, StorageError
from storage.ledger.base import Log

ANSWER_SECONDS = 10.0
"""A store that needs longer for a few bytes does not serve."""
CLOCK_SLACK = timedelta(seconds=5)
"""By how much clocks of several nodes may differ."""
LATE = timedelta(minutes=1)
"""The axis deals with a deadline within seconds; what has waited so long is not being dealt with."""
ENDS_SOON = timedelta(days=30)
"""A certificate that ends sooner is to be renewed now."""
ROOM_BYTES = 1 << 30
"""With less room than this beside the reserve, the disk is full before somebody has slept over it."""


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Will hurt, and does not yet."""
    PROBLEM = "problem"
    """Hurts now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one examination found."""

    subject: str
    grade: Grade
    sentence: str
    next_step: str = ""


def _ok(subject: str, sentence: str) -> Found:
    return Found(subject=subject, grade=Grade.OK, sentence=sentence)


async def examinations(settings: Settings, secrets: Secrets, *, at: datetime) -> AsyncIterator[Found]:
    """Examines an axis, whether it runs or not. Nothing is changed but for what a probe writes."""
    for one in (*_configuration(settings, secrets, at), *_certificates(settings, at)):
        yield one
    yield await _door(settings.server.listen)
    for one in _modes(settings):
        yield one
    try:
        async with opened_to_examine(settings, secrets) as stores:
            async for one in _stores(settings, stores, at):
                yield one
    except StorageError as exc:
        yield Found(
            subject="stores",
            grade=Grade.PROBLEM,
            sentence=f"the stores cannot be opened: {exc}",
            next_step="look at disk, mount and owner; never replace a ledger by an empty one",
        )


def _configuration(settings: Settings, secrets: Secrets, at: datetime) -> tuple[Found, ...]:
    grades = {Severity.PROBLEM: Grade.PROBLEM, Severity.WARNING: Grade.WARNING, Severity.NOTE: Grade.OK}
    found = tuple(
        Found(
            subject="configuration",
            grade=grades[one.severity],
            sentence=one.sentence.removesuffix("."),
            next_step="" if one.severity is Severity.NOTE else "mend that, then `axis-server check-config`",
        )
        for one in check(settings, secrets, at=at, ports=False)
    )
    return found or (_ok("configuration", "nothing is wrong with it"),)


def _certificates(settings: Settings, at: datetime) -> tuple[Found, ...]:
    """Those that have run out, or soon will, are told by the configuration."""
    found = []
    for name, path in (("tls", settings.tls.certificate), ("evidence", settings.evidence.certificate)):
        try:
            left = (read_certificates(path)[0].not_valid_after_utc - at).days
        except MaterialError:
            continue
        found.append(_ok("certificates", f"the {name} certificate has {left} days left"))
    return tuple(found)


async def _door(listen: Address) -> Found:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            _, writer = await asyncio.open_connection(*listen)
        writer.close()
    except (OSError, TimeoutError):
        return Found(
            subject="door",
            grade=Grade.WARNING,
            sentence=f"nobody listens on {listen}: the axis does not run, or not here",
            next_step="if it should: `systemctl status axis`, and the last lines of its log",
        )
    return _ok("door", f"somebody listens on {listen}")


def _modes(settings: Settings) -> tuple[Found, ...]:
    places = [settings.archive, settings.archive.replica]
    kept = [one.path for one in places if one is not None and one.kind == "files"]
    kept += [settings.ledger.path] if settings.ledger.kind == "sqlite" else []
    open_ones = [path for path in kept if path.exists() and path.stat().st_mode & 0o007]
    return tuple(
        Found(
            subject="file modes",
            grade=Grade.WARNING,
            sentence=f"{path} is open to every user of this machine",
            next_step=f"chmod o= {path}",
        )
        for path in open_ones
    ) or (_ok("file modes", "ledger and archive are closed to others"),)


async def _stores(settings: Settings, stores: Examined, at: datetime) -> AsyncIterator[Found]:
    for name, probe in (("archive", stores.archive.probe), ("ledger", stores.ledger.probe)):
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await probe()
        except (StorageError, TimeoutError) as exc:
            yield Found(
                subject=name,
                grade=Grade.PROBLEM,
                sentence=f"a small write and read failed: {exc or 'no answer'}",
                next_step="look at disk, mount and owner; the axis goes on by itself once it is mended",
            )
        else:
            yield _ok(name, "a small write was read back")
    yield await _belongs(stores)
    yield await _room(settings, stores)
    yield await _clock(stores.ledger, at)
    yield await _log(settings, stores.ledger)
    yield await _backlog(stores, at)
    for one in (*await _keys(settings, stores), *await _ends(settings, stores, at)):
        yield one
    yield await _revocation(settings, stores, at)


async def _keys(settings: Settings, stores: Examined) -> tuple[Found, ...]:
    """Keys that another machine has, and this one lacks."""
    try:
        missing = await lacking(stores.acts, settings)
    except MaterialError:
        return ()  # told by the configuration
    return tuple(
        Found(
            subject="keys",
            grade=Grade.PROBLEM,
            sentence=one.sentence,
            next_step="`axis-server rollover status` on each machine; one that serves needs no restart",
        )
        for one in missing
    ) or (_ok("keys", "every key of the last rollover is here"),)


async def _ends(settings: Settings, stores: Examined, at: datetime) -> tuple[Found, ...]:
    """When the first certificate of each use ends, agencies' included."""
    watch = DirectoryWatch(stores.directory)
    await watch.refresh()
    found = await asyncio.to_thread(lambda: tuple(others_end(settings, watch.view(), at)))
    return tuple(
        Found(
            subject="certificates",
            grade=Grade.WARNING if end - at < ENDS_SOON else Grade.OK,
            sentence=f"the first of {use} ends on {end:%Y-%m-%d}",
            next_step="have it renewed: `axis-server agency certificate add`, or the settings' own files"
            if end - at < ENDS_SOON
            else "",
        )
        for use, end in found
    )


async def _revocation(settings: Settings, stores: Examined, at: datetime) -> Found:
    """Which of the last answers about revocation have run out, and which runs out first."""
    kept = await asyncio.to_thread(read_kept, await stores.answers.answered(after=0))
    policy = policy_of(settings.trust, settings.revocation)
    ends = [(span[1], place) for place, held in kept if (span := held.source.span(policy)) is not None]
    if not ends:
        return _ok("revocation", "no list and no answer is kept")
    over = sum(end <= at for end, _ in ends)
    first, place = min(ends)
    if not over:
        return _ok(
            "revocation", f"{len(ends)} lists and answers are kept; the first runs out at {_utc(first)}"
        )
    return Found(
        subject="revocation",
        grade=Grade.WARNING,
        sentence=f"{over} of {len(ends)} lists and answers have run out, the first at {_utc(first)}: {place}",
        next_step="`revocation.not_answered` in the log says why; those of `trust.crls` are yours to renew",
    )


async def _belongs(stores: Examined) -> Found:
    """An archive that serves may be another one: an empty directory where a disk was mounted."""
    oldest = (await stores.inventory.entries(limit=1)).items
    try:
        for entry in oldest:
            await stores.archive.size(entry.original.sha256)
    except NotFound:
        return Found(
            subject="archive",
            grade=Grade.PROBLEM,
            sentence="it lacks the original of the oldest dispatch: it is damaged, or not this ledger's",
            next_step="is its disk mounted, `archive.path` right? then `axis-server verify-store`",
        )
    return _ok(
        "archive", "it holds the original of the oldest dispatch" if oldest else "nothing was accepted yet"
    )


async def _room(settings: Settings, stores: Examined) -> Found:
    free = await stores.archive.free()
    if settings.ledger.kind == "sqlite":
        disk = os.statvfs(_nearest(settings.ledger.path))
        free = min(free, disk.f_bavail * disk.f_frsize)
    left = free - settings.archive.reserve_bytes
    sentence = f"{free >> 20} MiB are free, {settings.archive.reserve_bytes >> 20} MiB of them in reserve"
    if left >= ROOM_BYTES:
        return _ok("room", sentence)
    return Found(
        subject="room",
        grade=Grade.PROBLEM if left <= 0 else Grade.WARNING,
        sentence=sentence,
        next_step="make room or enlarge the disk; abandoned uploads lie in archive/staging",
    )


def _nearest(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


async def _clock(ledger: Log, at: datetime) -> Found:
    """Whatever is kept happened in the past: where it did not, this clock, or the one then, was wrong."""
    try:
        last = await ledger.checkpoint()
    except NotFound:
        return _ok("clock", f"it says {_utc(at)}; nothing was signed yet to compare it with")
    stamps = await ledger.stamps(last.size)
    newest = max([last.at, *(stamp.at for stamp in stamps)])
    if newest > at + CLOCK_SLACK:
        return Found(
            subject="clock",
            grade=Grade.PROBLEM,
            sentence=f"it says {_utc(at)}, and something was signed at {_utc(newest)}",
            next_step="set the clock by NTP (`timedatectl`), and stop the axis until it is right",
        )
    return _ok("clock", f"it says {_utc(at)}, after all that was signed")


async def _log(settings: Settings, ledger: Log) -> Found:
    """Compares the ledger's tree with the newest checkpoint; `verify-store` compares everything."""
    try:
        policy = log_policy(settings.transparency)
        last = await ledger.checkpoint()
        size = await ledger.size()
        broken = await _broken(ledger, last.note, policy, size)
    except MaterialError as exc:
        broken = str(exc)
    except NotFound:
        return _ok("log", "nothing was signed yet")
    if not broken:
        return _ok("log", f"the newest checkpoint ({last.size} leaves) is the tree of the ledger")
    return Found(
        subject="log",
        grade=Grade.PROBLEM,
        sentence=broken,
        next_step="keep the disk as it is, run `axis-server verify-store`; `log.broken` in docs/operator.md",
    )


async def _broken(ledger: Log, note: bytes, policy: LogPolicy, size: int) -> str:
    opened = open_checkpoint(note, policy)
    if isinstance(opened, Refused):
        return f"the newest checkpoint does not hold ({opened.reason}): {opened.detail}"
    head = opened.checkpoint
    if size < head.size:
        return f"{head.size} leaves were signed, and the ledger has {size}"
    try:
        tree = CompactRange(head.size, await ledger.nodes(cover(0, head.size)))
    except NotFound as lost:
        return f"the tree over {head.size} leaves has holes: {lost}"
    return "" if tree.root() == head.root else "the leaves are not those that were signed"


async def _backlog(stores: Examined, at: datetime) -> Found:
    late = await stores.ledger.due(at=at - LATE, limit=1)
    if late:
        return Found(
            subject="backlog",
            grade=Grade.PROBLEM,
            sentence=f"a deadline of {_utc(late[0].due or at)} has passed, and nobody has dealt with it",
            next_step="an axis that runs does so within seconds: look for `deadlines.failed` in its log",
        )
    try:
        signed = (await stores.ledger.checkpoint()).size
    except NotFound:
        signed = 0
    waiting = await stores.ledger.size() - signed
    return _ok("backlog", f"no deadline is overdue; {waiting} leaves of the log wait for a checkpoint")
