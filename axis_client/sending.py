"""Sending: upload what is large, submit, and say "sent" only when the evidence says so too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from axis_client import proof
from axis_client.errors import LocalError, explain
from axis_client.files import CHUNK, Blob, printable, unreadable
from axis_client.model import Me, Progress, Sent, Submitted
from axis_client.packing import Outgoing
from axis_client.patience import Persistence
from axis_client.proof import Examiner
from edxml.agency_id import normalise
from signing.dispatch import dispatch_id
from signing.evidence import EventId

if TYPE_CHECKING:
    from axis_client.wire import Wire

Report = Callable[[Progress], None]
"""Is told how far a transfer is, after each chunk."""
Source = Callable[[int], AsyncGenerator[bytes, None]]
"""Gives the bytes of a blob from an offset on, in chunks of at most 1 MiB."""
Resolve = Callable[[str], Awaitable[str | None]]
"""Asks the directory for the canonical identifier of an agency."""


async def submit(wire: Wire, persist: Persistence, me: Me, outgoing: Outgoing, report: Report) -> Submitted:
    """Uploads what lies beside the package, and submits it. The same bytes may be submitted any number of
    times: the axis gives the same answer, so a lost reply is simply asked for again."""
    for blob in outgoing.blobs:
        if blob.size > me.max_attachment_bytes:
            raise explain(LocalError, "ATTACHMENT_TOO_LARGE", f"{printable(blob.path)}: {blob.size} bytes")
        await upload(wire, persist, _of_file(blob), blob, report)
    if len(outgoing.sealed) <= me.max_message_bytes:
        return await persist(lambda: wire.submit(outgoing.sealed))
    package = Blob(path=Path("edXML"), sha256=outgoing.sha256, size=len(outgoing.sealed))
    await upload(wire, persist, _of_bytes(outgoing.sealed), package, report)
    return await persist(lambda: wire.submit_uploaded(outgoing.sha256))


async def upload(wire: Wire, persist: Persistence, source: Source, blob: Blob, report: Report) -> None:
    """Uploads a blob from the byte that the axis asks for, and again from there whenever the link is cut."""
    name, reached = printable(blob.path), 0

    async def counted(offset: int) -> AsyncIterator[bytes]:
        done = offset
        async with aclosing(source(offset)) as chunks:
            async for chunk in chunks:
                yield chunk
                done += len(chunk)
                report(Progress(name=name, done=done, total=blob.size))

    async def attempt() -> None:
        nonlocal reached
        held = await wire.query_upload(blob.sha256)
        reached = held.offset
        if not held.complete:
            await wire.upload(blob.sha256, blob.size, held.offset, counted(held.offset))

    await persist(attempt, lambda: reached)
    report(Progress(name=name, done=blob.size, total=blob.size))


def _of_file(blob: Blob) -> Source:
    async def chunks(offset: int) -> AsyncGenerator[bytes, None]:
        try:
            with blob.path.open("rb") as file:
                file.seek(offset)
                while chunk := await asyncio.to_thread(file.read, CHUNK):
                    yield chunk
        except OSError as exc:
            raise unreadable(blob.path, exc) from exc

    return chunks


def _of_bytes(content: bytes) -> Source:
    async def chunks(offset: int) -> AsyncGenerator[bytes, None]:
        for start in range(offset, len(content), CHUNK):
            yield content[start : start + CHUNK]

    return chunks


async def confirm(
    submitted: Submitted, outgoing: Outgoing, me: Me, examiner: Examiner, resolve: Resolve
) -> Sent:
    """Makes `Sent` of an answer, when every evidence in it proves that exactly these bytes were accepted for
    exactly the recipients that the package names. Raises `EvidenceError`."""
    proofs = await examiner.examine_all(submitted.evidence)
    acceptance = proof.of_event(proofs, EventId.SUBMISSION_ACCEPTANCE)
    named = {party.agency_id for party in acceptance.record.recipients}
    meant = await _canonical([organ.organ_id for organ in outgoing.package.recipients], named, resolve)
    mine = dispatch_id(me.agency.agency_id, outgoing.sha256)
    for entry in proofs:
        proof.check_dispatch(
            entry,
            dispatch_id=mine,
            sender_id=me.agency.agency_id,
            document_id=outgoing.package.document_id,
        )
        proof.check_parts(entry, outgoing.parts)
        proof.check_recipients(entry, sorted(meant))
    if submitted.dispatch.dispatch_id != mine:
        raise proof.mismatch(acceptance, "dispatch", submitted.dispatch.dispatch_id, mine)
    return Sent(
        dispatch=submitted.dispatch,
        recipients=tuple(party.agency_id for party in acceptance.record.recipients),
        evidence=proofs,
        warnings=submitted.warnings,
        sealed=outgoing.sealed,
    )


async def _canonical(identifiers: Sequence[str], named: set[str], resolve: Resolve) -> set[str]:
    """Names the agencies meant as the directory does. Only those are asked for that the evidence does not
    name as they stand in the package: an old or irregular identifier of the same agency, or a group. A group
    was resolved and frozen by the axis, so with one, whom else the evidence names is meant as well."""
    found: set[str] = set()
    for identifier in dict.fromkeys(map(normalise, identifiers)):
        canonical = identifier if identifier in named else await resolve(identifier)
        found |= named if canonical is None else {canonical}
    return found
