"""Receiving: every byte on disk, proved by evidence and by the sender's seal before it gets its name."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from axis_client import files, proof
from axis_client.downloading import download
from axis_client.errors import EvidenceError, NotTrusted, TryLater, explain
from axis_client.model import Dispatch, Fetched, FetchedFile, Part, Proof, Retrieved, Status
from axis_client.patience import Persistence
from axis_client.sending import Report
from edxml.attachments import Limits, ZipBomb, distinct_names, unwrap
from edxml.model import Attachment, NotEdxml, Package
from edxml.reader import read
from signing.dispatch import dispatch_id as name_of
from signing.evidence import ContentPart, EventId
from signing.parser import DEFAULT_LIMITS, Malformed, parse
from signing.trust import TrustStore
from signing.verdict import Sound, Undecided
from signing.verify import verify

if TYPE_CHECKING:
    from axis_client.wire import Wire

PACKAGE_NAME = "package.edxml"
"""Name of the sealed package on disk."""
UNWRAPPED_MOST = 256 << 20
"""Bytes taken out of the ZIPs of one dispatch; what goes beyond stays in its ZIP."""
UNWRAPPED_RATIO = 50
"""The same, by the bytes of the package that they came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A dispatch whose parts and time of acceptance the axis's evidence bears out. Only `attested` makes
    one."""

    dispatch: Dispatch
    accepted_at: datetime


def attested(dispatch_id: str, status: Status, proofs: Sequence[Proof]) -> Attested:
    """Holds what the axis offers for `dispatch_id` against its own evidence and against the name itself,
    which is a digest of sender and package. Raises `EvidenceError`."""
    dispatch = status.dispatch
    parts = dispatch.parts
    if [part.number for part in parts] != list(range(len(parts))) or any(part.inline for part in parts[:1]):
        raise explain(EvidenceError, "CONTENT_MISMATCH", "the parts are not the package and then its files")
    if not parts or name_of(dispatch.sender_id, parts[0].sha256) != dispatch_id:
        raise explain(EvidenceError, "CONTENT_MISMATCH", f"what is offered is not dispatch {dispatch_id}")
    wanted = (EventId.SUBMISSION_ACCEPTANCE, EventId.CONTENT_CONSIGNMENT)
    found = [p for p in proofs if p.record.event in wanted and p.record.message_id == dispatch_id]
    if not found:
        raise explain(EvidenceError, "EVIDENCE_MISSING", str(EventId.CONTENT_CONSIGNMENT))
    for entry in found:
        proof.check_dispatch(
            entry,
            dispatch_id=dispatch_id,
            sender_id=dispatch.sender_id,
            document_id=dispatch.document_id,
        )
        proof.check_parts(entry, content_parts(dispatch))
    return Attested(dispatch=dispatch, accepted_at=found[0].record.submitted_at or found[0].record.at)


def content_parts(dispatch: Dispatch) -> tuple[ContentPart, ...]:
    return tuple(
        ContentPart(identifier=part.identifier, content_type=part.content_type, sha256=part.sha256)
        for part in dispatch.parts
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Takes dispatches to disk."""

    wire: Wire
    persist: Persistence
    trust: TrustStore
    report: Report

    async def fetch(self, source: Attested, directory: Path, *, force: bool) -> Fetched:
        """Takes everything, verifies it, and only then gives the files their names in `directory`.

        1. download   package and detached attachments, into a hidden folder in the target; a crash leaves it
                      there, and the next run goes on
        2. verify     the package's seal at the time of acceptance, over the digests of what lies beside it
        3. take out   the inline attachments, and the content of one-file ZIPs beside them
        4. place      one atomic step a file; the same file again is a success

        What is refused in steps 1 to 3 leaves nothing. Raises `NotTrusted`, `TryLater`, `LocalError`.
        """
        dispatch = source.dispatch
        with _staged(dispatch, directory) as staging:
            await self._download(dispatch, staging)  # 1
            sound, package = await asyncio.to_thread(self._judge, source, staging)  # 2
            landed, notes = await asyncio.to_thread(_take_out, dispatch, package, staging)  # 3
            placed = await asyncio.to_thread(_place, landed, directory, force)  # 4
        return Fetched(
            dispatch=dispatch,
            directory=directory,
            files=placed,
            signer=sound.certificate,
            warnings=(
                *_settled(sound),
                *(f"{warn.code}: {warn.detail}" for warn in package.warnings),
                *notes,
            ),
        )

    async def retrieve(self, source: Attested, directory: Path, *, force: bool) -> Retrieved:
        """Takes the original and the detached attachments as they are kept. Raises `NotTrusted`,
        `LocalError`."""
        dispatch = source.dispatch
        kept = [part for part in dispatch.parts if not part.inline]
        names = distinct_names([PACKAGE_NAME, *(part.name for part in kept[1:])])
        with _staged(dispatch, directory) as staging:
            await self._download(dispatch, staging)
            await asyncio.to_thread(_check_kept, dispatch, staging)
            landed = [
                await asyncio.to_thread(_landed, staging / str(part.number), name, part)
                for part, name in zip(kept, names, strict=True)
            ]
            placed = await asyncio.to_thread(_place, landed, directory, force)
        return Retrieved(dispatch=dispatch, directory=directory, files=placed)

    async def _download(self, dispatch: Dispatch, staging: Path) -> None:
        for part in dispatch.parts:
            if not part.inline:
                await download(
                    self.wire, self.persist, dispatch, part, staging / str(part.number), self.report
                )

    def _judge(self, source: Attested, staging: Path) -> tuple[Sound, Package]:
        dispatch = source.dispatch
        document = _document(staging)
        try:
            verdict = verify(document, trust=self.trust, at=source.accepted_at)
            if isinstance(verdict, Undecided):
                raise explain(TryLater, "SEAL_UNDECIDED", f"{verdict.reason}: {verdict.detail}")
            if not isinstance(verdict, Sound):
                raise explain(NotTrusted, "SEAL_NOT_SOUND", f"{verdict.reason}: {verdict.detail}")
        except Malformed as exc:
            raise explain(NotTrusted, "SEAL_NOT_SOUND", f"{exc.reason}: {exc.detail}") from exc
        package = _package(verdict.root)
        _check_listed(dispatch, package)
        _check_sealed(dispatch, package, verdict)
        return verdict, package


@contextmanager
def _staged(dispatch: Dispatch, directory: Path) -> Iterator[Path]:
    """Yields the hidden folder in `directory` where files wait for their names, and takes it away.

    After a cut it stays with what has arrived, and the next run goes on from there. Where nothing came of it,
    a directory that was made for it goes too.
    """
    made = not directory.exists()
    staging = directory / f".{_plain(dispatch.dispatch_id)}.part"
    files.make_directory(staging)
    try:
        yield staging
        files.remove_directory(staging)
    except NotTrusted:
        files.remove_directory(staging)
        raise
    finally:
        for emptied in (staging, directory) if made else (staging,):
            with suppress(OSError):  # it holds something
                emptied.rmdir()


def _document(staging: Path) -> bytes:
    document = files.read(staging / "0", DEFAULT_LIMITS.bytes)
    if document is None:
        raise explain(NotTrusted, "SEAL_NOT_SOUND", f"more than {DEFAULT_LIMITS.bytes} bytes")
    return document


def _package(root: etree._Element) -> Package:
    try:
        package = read(root)
    except NotEdxml as exc:
        raise explain(NotTrusted, "SEAL_NOT_SOUND", f"{exc.reason}: {exc.detail}") from exc
    if not isinstance(package, Package):
        raise explain(NotTrusted, "SEAL_NOT_SOUND", "it is no document")
    return package


def _check_kept(dispatch: Dispatch, staging: Path) -> None:
    """An original is not judged here, but it says itself how many files lie beside it."""
    try:
        _check_listed(dispatch, _package(parse(_document(staging))))
    except Malformed as exc:
        raise explain(NotTrusted, "CONTENT_MISMATCH", f"{exc.reason}: {exc.detail}") from exc


def _check_listed(dispatch: Dispatch, package: Package) -> None:
    """The list of parts is the axis's; the package must hold and name exactly these."""
    sealed = [None if a.content is None else _sha256(a.content) for a in package.attachments]
    offered = [part.sha256 if part.inline else None for part in dispatch.parts[1:]]
    if sealed != offered or package.document_id != dispatch.document_id:
        raise explain(NotTrusted, "CONTENT_MISMATCH", "the package holds other files than the axis lists")


def _check_sealed(dispatch: Dispatch, package: Package, sound: Sound) -> None:
    """The digests in the seal must be those of the files that lie beside the package, and of no others."""
    beside = [
        (f"cid:{attachment.content_id}", part.sha256)
        for attachment, part in zip(package.attachments, dispatch.parts[1:], strict=True)
        if attachment.content is None
    ]
    if sorted(sound.detached.items()) != sorted(beside):
        raise explain(NotTrusted, "CONTENT_MISMATCH", "the seal names other detached files")


def _settled(sound: Sound) -> tuple[str, ...]:
    """The seal's warnings, but for the files beside the package, which are held against it here."""
    return tuple(code for code in sound.warnings if code != "DETACHED_NOT_CHECKED")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Landed:
    """A file that is whole and verified, and still without its name."""

    draft: Path
    name: str
    file: FetchedFile


def _landed(draft: Path, name: str, part: Part, *, unwrapped: bool = False) -> _Landed:
    """Looks at the file once more, and raises `NotTrusted` when it is not the one that was attested."""
    blob = files.measure(draft)
    if not unwrapped and blob.sha256 != part.sha256:
        raise explain(NotTrusted, "CONTENT_MISMATCH", f"{name} ({part.sha256})")
    file = FetchedFile(path=draft, sha256=blob.sha256, size=blob.size, part=part.number, unwrapped=unwrapped)
    return _Landed(draft=draft, name=name, file=file)


def _take_out(dispatch: Dispatch, package: Package, staging: Path) -> tuple[list[_Landed], list[str]]:
    """Writes the inline attachments beside the rest, and returns every file that is to be placed, and notes.

    Where a producer wrapped a file in a ZIP of one entry, the ZIP stays as it came, named `<name>.zip`, and
    the file in it stands beside it under the attachment's own name, as long as all of them together keep
    within `UNWRAPPED_MOST` and `UNWRAPPED_RATIO`.
    """
    drafts: list[tuple[Path, str, Part, bool]] = []
    notes: list[str] = []
    left = min(UNWRAPPED_MOST, UNWRAPPED_RATIO * files.measure(staging / "0").size)
    for part, attachment in zip(dispatch.parts[1:], package.attachments, strict=True):
        draft = staging / str(part.number)
        inner, name = None, attachment.name
        if attachment.content is not None:
            files.write(draft, attachment.content, force=True)
            try:
                inner = _unwrapped(attachment, left)
            except ZipBomb:
                notes.append(f"ZIP_LEFT_CLOSED: {name}")
                name = f"{name}.zip"
        if inner is None:
            drafts.append((draft, name, part, False))
        else:
            inside = staging / f"{part.number}.inside"
            left -= len(inner)
            files.write(inside, inner, force=True)
            drafts.append((draft, f"{attachment.name}.zip", part, False))
            drafts.append((inside, attachment.name, part, True))
    _, *names = distinct_names([PACKAGE_NAME, *(name for _, name, _, _ in drafts)])
    landed = [_landed(staging / "0", PACKAGE_NAME, dispatch.parts[0])]
    for (draft, _, part, unwrapped), name in zip(drafts, names, strict=True):
        landed.append(_landed(draft, name, part, unwrapped=unwrapped))
    return landed, notes


def _unwrapped(attachment: Attachment, left: int) -> bytes | None:
    """The content of a one-file ZIP; None for all else. Raises `ZipBomb` when it has more than `left`
    bytes."""
    inner = unwrap(attachment, Limits(total=left))
    return inner.content if inner.entry else None


def _place(landed: Sequence[_Landed], directory: Path, force: bool) -> tuple[FetchedFile, ...]:
    """Gives each file its name. Nothing is placed when one name cannot be written here, or, without `force`,
    when one holds another content."""
    for entry in landed:
        files.check_name(directory / entry.name)
    if not force:
        for entry in landed:
            files.check_free(directory / entry.name, entry.file.sha256)
    placed = []
    for entry in landed:
        path = directory / entry.name
        files.place(entry.draft, path, force=force)
        placed.append(replace(entry.file, path=path))
    return tuple(placed)


def _plain(text: str) -> str:
    """An identifier as a file name: letters and digits only, so that no answer of an axis names a path."""
    return "".join(c for c in text if c.isascii() and c.isalnum())[:64]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
