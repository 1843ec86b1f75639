"""From contents to a file: judged, told, listed, sealed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from signing.keys import Signer, repeating
from signing.log import write_successions
from signing.package import layout
from signing.package.container import ContainerWriter
from signing.package.contents import Attachment, Contents, Evidence
from signing.package.dossier import Dossier, Judge, Record, Stamp
from signing.package.examination import Examined, examine
from signing.package.findings import Finding
from signing.package.growth import examine_growth
from signing.package.history import examine_history
from signing.package.html import page
from signing.package.instructions import Paper, instructions
from signing.package.manifest import write_manifest
from signing.package.pdf import pdf
from signing.package.seal import seal_manifest
from signing.package.story import tell
from signing.revocation import OcspError, read_answer
from signing.trust import TrustError

_UNKNOWN_EVENT = "Evidence"


class NotPackable(Exception):
    """The contents cannot be packed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was put into a package, and what came of each part."""

    findings: tuple[Finding, ...]
    as_of: datetime
    """The time that the package's seal bears: that of the newest thing in it."""


def write(contents: Contents, out: BinaryIO, *, signer: Signer, at: datetime) -> Written:
    """Writes the package to `out`, which can seek, and says what its own verdict on each part is.

    A part that does not hold is packed all the same, and its page says so: nothing is hidden from whoever
    asks. `at` is now; nothing later is believed, and it stands nowhere in the package, whose seal bears the
    time of the newest thing in it (or of the signer's certificate). So the same contents and key are the same
    bytes, given the same version of the PDF library and a key whose signatures are deterministic.

    Attachments are read once, in pieces. Raises `NotPackable` for an attachment that is not what its digest
    says, or an OCSP answer or list that cannot be read, and whatever `Attachment.chunks` raises.
    """
    # 1. judge    every part, by the trust given
    # 2. tell     page.html, page.pdf, VERIFY.txt: functions of contents and verdicts
    # 3. list     SHA256SUMS and the manifest
    # 4. seal     the manifest
    dossier, names = _dossier(contents)
    judge = _judge(contents, at)
    examined = examine(dossier, judge)  # 1
    history = (
        *examine_history(examined.steps, dossier, contents.trust, at),
        *examine_growth(examined.steps, contents.trust, judge),
    )
    as_of = _as_of(contents, examined, history, signer, at)
    certificates = _certificates(contents, examined, history, signer)
    crls = {f"crls/{number:03}.pem": crl for number, crl in enumerate(contents.crls, 1)}
    story = tell(contents, names, examined, history, signer.certificate, as_of)  # 2
    paper = Paper(
        dossier=dossier,
        examined=examined,
        history=history,
        certificates=certificates,
        crls=crls,
        answers={
            f"ocsp/{number:03}.der": read_answer(answer) for number, answer in enumerate(contents.answers, 1)
        },
        assembler=signer.certificate,
        as_of=as_of,
    )
    files = {
        layout.PAGE: page(story),
        layout.PDF: pdf(story, as_of),
        layout.COMMANDS: instructions(paper),
        layout.NAMES: _names(names),
        **_document(dossier),
        **{record.name: record.content for record in dossier.records},
        **_history_files(dossier),
        **{name: each.public_bytes(Encoding.PEM) for name, each in certificates.items()},
        **{name: each.public_bytes(Encoding.PEM) for name, each in crls.items()},
        **{f"ocsp/{number:03}.der": answer for number, answer in enumerate(contents.answers, 1)},
    }
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    digests |= dossier.attachments
    files[layout.SUMS] = "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()  # 3
    digests[layout.SUMS] = hashlib.sha256(files[layout.SUMS]).hexdigest()
    files[layout.MANIFEST] = write_manifest(digests)
    files[layout.SEAL] = seal_manifest(files[layout.MANIFEST], signer=repeating(signer), at=as_of)  # 4
    _write(files, dict(zip(dossier.attachments, contents.attachments, strict=True)), out)
    return Written(findings=(*examined.findings, *history), as_of=as_of)


def _write(files: Mapping[str, bytes], attachments: Mapping[str, Attachment], out: BinaryIO) -> None:
    writer = ContainerWriter(out)
    try:
        writer.add(layout.MIMETYPE, [layout.MIMETYPE_CONTENT], len(layout.MIMETYPE_CONTENT))
        for name, content in files.items():
            writer.add(name, [content], len(content))
        for name, attachment in attachments.items():
            writer.add(name, _hashed(attachment), attachment.size)
    except ValueError as exc:
        raise NotPackable(str(exc)) from exc
    writer.finish()


def _hashed(attachment: Attachment) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in attachment.chunks():
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != attachment.sha256:
        raise NotPackable(f"{attachment.name} is no longer the file that was measured")


def _dossier(contents: Contents) -> tuple[Dossier, Mapping[str, str]]:
    """Gives every file its place; returns the attachments' names as sent beside it."""
    placed = {
        layout.attachment(number, each.name + each.ending): each
        for number, each in enumerate(contents.attachments, 1)
    }
    records = []
    for number, record in enumerate(contents.records, 1):
        if isinstance(record, Evidence):
            name = layout.evidence(number, _event(record.content))
        else:
            name = layout.statement(number, record.code)
        kind = isinstance(record, Evidence)
        records.append(
            Record(
                name=name,
                content=record.content,
                evidence=kind,
                proof=record.proof,
                renewal=record.renewal,
                grown=record.grown if isinstance(record, Evidence) else None,
            )
        )
    dossier = Dossier(
        original=contents.original,
        disposal=contents.disposal,
        attachments={name: each.sha256 for name, each in placed.items()},
        records=tuple(records),
        stamps=tuple(
            Stamp(name=layout.checkpoint(number, "tst"), checkpoint=each.checkpoint, token=each.token)
            for number, each in enumerate(contents.stamps, 1)
        ),
        successions=write_successions(contents.successions),
    )
    return dossier, {name: each.name for name, each in placed.items()}


def _event(content: bytes) -> str:
    """The event that an evidence names, for its file's name alone: the first that stands there."""
    _, found, rest = content.partition(b"http://uri.etsi.org/19522/Event/")
    name = rest[:40].split(b"<")[0].decode("ascii", "replace") if found else _UNKNOWN_EVENT
    return name if name.isalnum() and name.isascii() else _UNKNOWN_EVENT


def _judge(contents: Contents, at: datetime) -> Judge:
    try:
        answers = [read_answer(answer) for answer in contents.answers]
        trust = contents.trust.seals.knowing(contents.crls, answers)
    except (OcspError, TrustError) as exc:
        raise NotPackable(str(exc)) from exc
    moments = (*(crl.last_update_utc for crl in trust.crls), *(each.this_update for each in answers))
    return Judge(trust=trust, at=at, moments=tuple(sorted(moments)))


def _as_of(
    contents: Contents, examined: Examined, history: Iterable[Finding], signer: Signer, at: datetime
) -> datetime:
    """The newest time in the package that is not ahead of `at`, to the second."""
    times = [signer.certificate.not_valid_before_utc, *(crl.last_update_utc for crl in contents.crls)]
    times += [read_answer(answer).this_update for answer in contents.answers]
    times += [step.says.at for step in examined.steps if step.says is not None]
    findings = (*examined.findings, *history)
    times += [each.signed_at for each in findings if each.signed_at is not None]
    past = [time.astimezone(UTC).replace(microsecond=0) for time in times if time <= at]
    return max(past, default=at.astimezone(UTC).replace(microsecond=0))


def _certificates(
    contents: Contents, examined: Examined, history: Iterable[Finding], signer: Signer
) -> Mapping[str, x509.Certificate]:
    """Every certificate that a verdict rests on, under its name in the package."""
    found: dict[x509.Certificate, None] = dict.fromkeys((signer.certificate, *signer.chain))
    for finding in (*examined.findings, *history):
        if finding.certificate is not None:
            found[finding.certificate] = None
        found |= dict.fromkeys(finding.chain)
    found |= dict.fromkeys(contents.certificates)
    return {layout.certificate(n, _common_name(each)): each for n, each in enumerate(found, 1)}


def _common_name(certificate: x509.Certificate) -> str:
    named = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(named[0].value) if named else ""


def _document(dossier: Dossier) -> Mapping[str, bytes]:
    """The original, or what proves that it was destroyed."""
    disposal = dossier.disposal
    if disposal is None:
        return {layout.ORIGINAL: dossier.original}
    return {
        layout.DESTROYED: layout.destroyed(disposal.original),
        layout.ORDER: disposal.order,
        **{layout.approval(number): one for number, one in enumerate(disposal.approvals, 1)},
        layout.DESTRUCTION: disposal.destruction,
    }


def _names(names: Mapping[str, str]) -> bytes:
    """The attachments' names as sent, each character as it was spelled."""
    return (json.dumps(names, indent=1, ensure_ascii=True) + "\n").encode()


def _history_files(dossier: Dossier) -> Mapping[str, bytes]:
    files = {
        layout.proof(layout.number_of(record.name)): record.proof
        for record in dossier.records
        if record.proof is not None
    }
    files |= {
        layout.renewal(layout.number_of(record.name)): record.renewal
        for record in dossier.records
        if record.renewal is not None
    }
    files |= {
        layout.grown(record.name): record.grown for record in dossier.records if record.grown is not None
    }
    if dossier.successions:
        files[layout.SUCCESSIONS] = dossier.successions
    for stamp in dossier.stamps:
        files[stamp.name.removesuffix(".tst") + ".txt"] = stamp.checkpoint
        files[stamp.name] = stamp.token
    return files
