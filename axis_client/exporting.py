"""Evidence packages from what the axis serves: everything about one dispatch, in one file, and verified.

    packaged = await axis.package(dispatch_id, "letter.asice")
    packaged.state                # of what is inside, by the profile's trust

What proves more than the evidence itself (log proofs, time-stamps) comes from a `Collector`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from axis_client import files
from axis_client.errors import LocalError, NotTrusted, explain
from axis_client.model import Dispatch, Part, Proof, Record, Retrieved
from axis_client.profile import Profile
from edxml import codes
from edxml.attachments import Kind, kind_of
from edxml.model import Attachment, NotEdxml, Package
from edxml.reader import read
from signing import package
from signing.evidence.events import EventLabel
from signing.log import LogPolicy, Succession
from signing.package.findings import worst
from signing.parser import DEFAULT_LIMITS, Malformed, parse
from signing.trust import TrustStore

SUFFIX = ".asice"
_NO_LABEL = codes.Label("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a collector found beside the evidence, and whom to judge it by."""

    proofs: Mapping[bytes, bytes] = field(default_factory=dict)
    """An evidence's or statement's bytes -> its `.tlog-proof` file."""
    renewals: Mapping[bytes, bytes] = field(default_factory=dict)
    """An evidence's or statement's bytes -> its archive record (RFC 4998)."""
    grown: Mapping[bytes, bytes] = field(default_factory=dict)
    """An evidence's bytes -> its XAdES-B-T form."""
    stamps: tuple[package.Stamped, ...] = ()
    successions: tuple[Succession, ...] = ()
    """How the keys that signed the checkpoint of the proofs followed older ones."""
    log: LogPolicy | None = None
    time: TrustStore | None = None
    answers: tuple[bytes, ...] = ()
    """OCSP responses of the time, DER."""
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    """Lists of the time."""
    certificates: tuple[x509.Certificate, ...] = ()


Collector = Callable[[str, Sequence[Record]], Awaitable[History]]
"""Given the dispatch and its records, fetches what else proves them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """A package on disk, and what is to be said of each file in it."""

    dispatch: Dispatch
    path: Path
    sha256: str
    size: int
    as_of: datetime
    """The newest thing in it is of this time."""
    findings: tuple[package.Finding, ...]

    @property
    def state(self) -> package.State:
        return worst(self.findings).state


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Writes packages, sealed with the profile's key."""

    profile: Profile
    now: datetime

    async def export(
        self, retrieved: Retrieved, records: Sequence[Record], history: History, path: Path, *, force: bool
    ) -> Packaged:
        """Writes the package whole and durably, or not at all. The same package there already is a success.
        Raises `LocalError`, `NotTrusted`."""
        return await asyncio.to_thread(self._export, retrieved, records, history, path, force)

    async def export_destroyed(
        self,
        dispatch: Dispatch,
        disposal: package.Disposal,
        records: Sequence[Record],
        history: History,
        path: Path,
        *,
        force: bool,
    ) -> Packaged:
        """The same of a document that was lawfully destroyed: what proves that stands in its place."""
        contents = replace(self._common(dispatch, records, history), disposal=disposal)
        return await asyncio.to_thread(self._place, dispatch, contents, path, force)

    def _export(
        self, retrieved: Retrieved, records: Sequence[Record], history: History, path: Path, force: bool
    ) -> Packaged:
        contents = self._contents(retrieved, records, history)
        return self._place(retrieved.dispatch, contents, path, force)

    def _place(self, dispatch: Dispatch, contents: package.Contents, path: Path, force: bool) -> Packaged:
        draft = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            written = self._write(contents, draft)
            blob = files.measure(draft)
            files.place(draft, path, force=force)
        finally:
            with suppress(OSError):
                draft.unlink()
        return Packaged(
            dispatch=dispatch,
            path=path,
            sha256=blob.sha256,
            size=blob.size,
            as_of=written.as_of,
            findings=written.findings,
        )

    def _write(self, contents: package.Contents, draft: Path) -> package.Written:
        try:
            with draft.open("xb") as out:
                written = package.write(contents, out, signer=self.profile.signer, at=self.now)
                out.flush()
                os.fsync(out.fileno())
        except package.NotPackable as exc:
            raise explain(NotTrusted, "CONTENT_MISMATCH", str(exc)) from exc
        except OSError as exc:
            raise files.unwritable(draft, exc) from exc
        return written

    def _contents(
        self, retrieved: Retrieved, records: Sequence[Record], history: History
    ) -> package.Contents:
        original = files.read(retrieved.files[0].path, DEFAULT_LIMITS.bytes)
        if original is None:
            raise explain(NotTrusted, "CONTENT_MISMATCH", f"more than {DEFAULT_LIMITS.bytes} bytes")
        return replace(
            self._common(retrieved.dispatch, records, history),
            original=original,
            attachments=_attachments(retrieved, original),
        )

    def _common(self, dispatch: Dispatch, records: Sequence[Record], history: History) -> package.Contents:
        """All but the document itself."""
        trust = self.profile.trust
        return package.Contents(
            records=tuple(_record(record, history) for record in records),
            stamps=history.stamps,
            successions=history.successions,
            trust=package.Trust(seals=trust, log=history.log, time=history.time),
            certificates=history.certificates,
            crls=_each_once((*trust.crls, *history.crls)),
            answers=history.answers,
            headline=_headline(dispatch),
        )


def _each_once(
    crls: Sequence[x509.CertificateRevocationList],
) -> tuple[x509.CertificateRevocationList, ...]:
    found = {crl.fingerprint(hashes.SHA256()): crl for crl in crls}
    return tuple(found.values())


def _record(record: Record, history: History) -> package.Evidence | package.Statement:
    proof, renewal = history.proofs.get(record.content), history.renewals.get(record.content)
    if isinstance(record, Proof):
        taller = history.grown.get(record.content)
        return package.Evidence(content=record.content, proof=proof, renewal=renewal, grown=taller)
    label = codes.STATUS.get(record.status_code, _NO_LABEL)
    return package.Statement(
        content=record.content,
        agency_id=record.agency_id,
        label=EventLabel(
            vietnamese=f"{record.status_code} {label.vietnamese}",
            english=f"{record.status_code} {label.english}",
        ),
        code=record.status_code,
        proof=proof,
        renewal=renewal,
    )


def _headline(dispatch: Dispatch) -> package.Headline:
    kind = codes.KIND.get(str(dispatch.kind), _NO_LABEL)
    return package.Headline(
        subject=dispatch.subject,
        code="/".join(filter(None, (dispatch.code_number, dispatch.code_notation))),
        promulgated=dispatch.promulgation_date,
        kind=EventLabel(vietnamese=kind.vietnamese, english=kind.english),
    )


def _attachments(retrieved: Retrieved, original: bytes) -> tuple[package.Attachment, ...]:
    """Every part but the package: what lay beside it from disk, what is in it taken out."""
    parts, inside = retrieved.dispatch.parts[1:], _inside(original)
    beside = {file.part: file for file in retrieved.files}
    if len(inside) != len(parts):
        raise explain(NotTrusted, "CONTENT_MISMATCH", "the package holds other files than the axis lists")
    return tuple(
        _inline(part, attachment) if part.inline else _detached(beside[part.number].path, attachment.name)
        for part, attachment in zip(parts, inside, strict=True)
    )


def _inside(original: bytes) -> tuple[Attachment, ...]:
    try:
        found = read(parse(original))
    except (Malformed, NotEdxml) as exc:
        raise explain(NotTrusted, "CONTENT_MISMATCH", f"{exc.reason}: {exc.detail}") from exc
    return found.attachments if isinstance(found, Package) else ()


def _inline(part: Part, attachment: Attachment) -> package.Attachment:
    """As the evidence names it: where a producer wrapped the file in a ZIP, that ZIP."""
    content = attachment.content or b""
    wrapped = kind_of(content) is Kind.ZIP and not attachment.name.lower().endswith(".zip")
    return package.Attachment(
        name=attachment.name,
        sha256=part.sha256,
        size=len(content),
        chunks=lambda: iter((content,)),
        ending=".zip" if wrapped else "",
    )


def _detached(path: Path, name: str) -> package.Attachment:
    try:
        return package.Attachment.of_file(path, name=name)
    except OSError as exc:
        raise files.unreadable(path, exc) from exc


def check_target(path: Path) -> None:
    """Raises `LocalError` when the folder for a package is not there."""
    if not path.parent.is_dir():
        raise explain(LocalError, "FILE_MISSING", files.printable(path.parent))
