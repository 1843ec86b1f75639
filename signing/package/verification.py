"""From a file to a verdict, offline."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.package import layout
from signing.package.contents import Disposal, Trust
from signing.package.dossier import Dossier, Judge, Record, Stamp
from signing.package.examination import Step, examine
from signing.package.findings import Finding, State, refused, worst
from signing.package.growth import examine_growth
from signing.package.history import examine_history
from signing.package.manifest import read_manifest
from signing.package.opening import Container, NotPackage
from signing.package.renewals import examine_renewals
from signing.package.seal import PackageSeal, read_seal
from signing.policy import DEFAULT_POLICY
from signing.reasons import Reason
from signing.revocation import OcspAnswer, OcspError, read_answer
from signing.trust import Chain, TrustError
from signing.verdict import Refused, Undecided

_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The verdict on a package. Only `verify` makes one."""

    findings: tuple[Finding, ...]
    """The package itself first (its name is empty), then a finding for each file that says something."""
    steps: tuple[Step, ...] = ()
    """What happened, in the order in which the axis took it."""

    @property
    def state(self) -> State:
        return self.worst.state

    @property
    def worst(self) -> Finding:
        """The finding that decides."""
        return worst(self.findings)


def verify(file: BinaryIO, trust: Trust, *, at: datetime) -> Verified:
    """Judges a package: sound when every byte of it is under its seal, and every file attested.

    `at` is the time from which to look back, now as a rule; each seal is judged for the time at which it was
    made. Never raises for what the file holds; `OSError` when it cannot be read.
    """
    # 1. open      the container, in its one form
    # 2. seal      over the manifest; and the manifest over every file, none more and none less
    # 3. read      what each file is meant to be
    # 4. judge     each seal, by the trust given, and what belongs to what
    try:
        container = Container.open(file)  # 1
        seal = _sealed(container)  # 2
        dossier, lists, answers = _dossier(container, seal)  # 3
        known = trust.seals.knowing(lists, answers)
    except NotPackage as exc:
        return Verified(findings=(refused(exc.name, exc.reason, exc.detail),))
    except TrustError as exc:
        return Verified(findings=(refused("", Reason.PACKAGE_FILE_MALFORMED, str(exc)),))
    moments = (*(crl.last_update_utc for crl in known.crls), *(answer.this_update for answer in answers))
    judge = Judge(trust=known, at=at, moments=tuple(sorted(moments)))
    examined = examine(dossier, judge)  # 4
    history = (
        *examine_history(examined.steps, dossier, trust, at),
        *examine_growth(examined.steps, trust, judge),
    )
    own = _judged(seal, judge)
    hashed = cache(partial(_hash, container))  # once, however many records speak of a file
    told = (own, *examined.findings, *history)
    findings = examine_renewals(told, examined.steps, dossier, hashed, trust, at)
    return Verified(findings=findings, steps=examined.steps)


def _sealed(container: Container) -> PackageSeal:
    for name in (layout.MANIFEST, layout.SEAL):
        if name not in container.names:
            raise NotPackage(
                Reason.PACKAGE_FILE_MISSING, "the package has no seal, or no list of files", name
            )
    manifest = container.read(layout.MANIFEST)
    seal = read_seal(container.read(layout.SEAL), manifest)
    check_listed(container, read_manifest(manifest))
    return seal


def check_listed(container: Container, listed: Mapping[str, str]) -> None:
    """Checks that every file is listed under its name and digest, and none listed is missing. Raises
    `NotPackage`."""
    added = [name for name in container.names if name not in listed and name not in layout.UNLISTED]
    missing = {digest: name for name, digest in listed.items() if name not in container.names}
    for name in added:
        if missing and _digest(container, name) in missing:
            raise NotPackage(Reason.PACKAGE_FILE_RENAMED, f"it was {missing[_digest(container, name)]}", name)
        raise NotPackage(Reason.PACKAGE_FILE_ADDED, "the seal does not cover it", name)
    for name in missing.values():
        raise NotPackage(Reason.PACKAGE_FILE_MISSING, "the seal covers it, and it is not there", name)
    for name, digest in listed.items():
        if _digest(container, name) != digest:
            raise NotPackage(Reason.PACKAGE_FILE_ALTERED, "its digest is not the one that was sealed", name)
        if not layout.has_place(name):
            raise NotPackage(Reason.PACKAGE_FILE_NOT_ATTESTED, "a package has no place for it", name)


def _digest(container: Container, name: str) -> str:
    return _hash(container, name, "sha256").hex()


def _hash(container: Container, name: str, digest: str) -> bytes:
    hashing = hashlib.new(digest)
    for chunk in container.chunks(name):
        hashing.update(chunk)
    return hashing.digest()


def _dossier(
    container: Container, seal: PackageSeal
) -> tuple[Dossier, list[x509.CertificateRevocationList], list[OcspAnswer]]:
    """Reads every file as what its place says it is. Raises `NotPackage`."""
    names = container.names
    gone = layout.DESTROYED in names
    document = (layout.DESTROYED, layout.ORDER, layout.DESTRUCTION) if gone else (layout.ORIGINAL,)
    for name in (layout.ORIGINAL,) if gone else layout.in_folder(names, "disposal"):
        if name in names:
            raise NotPackage(Reason.PACKAGE_FILE_ADDED, "a document is there, or it was destroyed", name)
    for needed in (*document, layout.NAMES, layout.PAGE, layout.PDF, layout.COMMANDS, layout.SUMS):
        if needed not in names:
            raise NotPackage(Reason.PACKAGE_FILE_MISSING, "every package has it", needed)
    _check_certificates(container, seal)
    attachments = layout.in_folder(names, "attachments")
    _check_names(container, attachments)
    dossier = Dossier(
        original=b"" if gone else container.read(layout.ORIGINAL),
        disposal=_disposal(container) if gone else None,
        attachments={name: _digest(container, name) for name in attachments},
        records=_records(container),
        stamps=tuple(_stamps(container)),
        successions=container.read(layout.SUCCESSIONS) if layout.SUCCESSIONS in names else b"",
    )
    lists = [_crl(container, name) for name in layout.in_folder(names, "crls")]
    answers = [_answer(container, name) for name in layout.in_folder(names, "ocsp")]
    return dossier, lists, answers


def _disposal(container: Container) -> Disposal:
    """What proves that the document was destroyed. Raises `NotPackage`."""
    said = container.read(layout.DESTROYED)
    original = said[:64].decode("ascii", "replace")
    if said != layout.destroyed(original) or _DIGEST.fullmatch(original) is None:
        raise NotPackage(Reason.PACKAGE_FILE_MALFORMED, "no digest of a document", layout.DESTROYED)
    found = {*layout.in_folder(container.names, "disposal")} - {layout.ORDER, layout.DESTRUCTION}
    approvals = [layout.approval(number) for number in range(1, len(found) + 1)]
    for name in sorted(found - {*approvals}):
        raise NotPackage(Reason.PACKAGE_FILE_MISSING, "approvals are numbered from 1", name)
    return Disposal(
        original=original,
        order=container.read(layout.ORDER),
        approvals=tuple(map(container.read, approvals)),
        destruction=container.read(layout.DESTRUCTION),
    )


def _records(container: Container) -> tuple[Record, ...]:
    """Evidence and statements by their numbers, each with its proof; no proof may be of nothing."""
    names = container.names
    found = sorted(
        (*layout.in_folder(names, "evidence"), *layout.in_folder(names, "statements")), key=layout.number_of
    )
    proofs = {name for name in layout.in_folder(names, "log") if name.endswith(layout.PROOF_ENDING)}
    renewals = set(layout.in_folder(names, "renewal"))
    taller = set(layout.in_folder(names, "grown"))
    records = []
    for number, name in enumerate(found, 1):
        if layout.number_of(name) != number:
            raise NotPackage(Reason.PACKAGE_FILE_MISSING, f"no record has the number {number}", name)
        proof = layout.proof(number)
        content = container.read(proof) if proof in proofs else None
        proofs.discard(proof)
        place = layout.renewal(number)
        renewed = container.read(place) if place in renewals else None
        renewals.discard(place)
        evidence = name.startswith("evidence/")
        place = layout.grown(name)
        grown = container.read(place) if evidence and place in taller else None
        if evidence:
            taller.discard(place)
        records.append(
            Record(
                name=name,
                content=container.read(name),
                evidence=evidence,
                proof=content,
                renewal=renewed,
                grown=grown,
            )
        )
    for name in sorted(proofs | renewals | taller):
        raise NotPackage(Reason.PACKAGE_PROOF_ELSEWHERE, "a proof of no record", name)
    return tuple(records)


def _stamps(container: Container) -> list[Stamp]:
    stamps = []
    heads = {
        name.rpartition(".")[0] for name in layout.in_folder(container.names, "log") if "checkpoint" in name
    }
    for stem in sorted(heads, key=layout.number_in):
        for name in (f"{stem}.txt", f"{stem}.tst"):
            if name not in container.names:
                raise NotPackage(
                    Reason.PACKAGE_FILE_MISSING, "a checkpoint and its time-stamp go together", name
                )
        checkpoint, token = container.read(f"{stem}.txt"), container.read(f"{stem}.tst")
        stamps.append(Stamp(name=f"{stem}.tst", checkpoint=checkpoint, token=token))
    return stamps


def _check_names(container: Container, attachments: tuple[str, ...]) -> None:
    """The table of names has exactly the attachments."""
    try:
        table = json.loads(container.read(layout.NAMES))
        fits = isinstance(table, dict) and tuple(sorted(table)) == tuple(sorted(attachments))
        if fits and all(isinstance(name, str) for name in table.values()):
            return
    except (ValueError, RecursionError) as exc:
        raise NotPackage(Reason.PACKAGE_FILE_MALFORMED, "no table of names", layout.NAMES) from exc
    raise NotPackage(Reason.PACKAGE_FILE_MALFORMED, "a table of other names", layout.NAMES)


def _check_certificates(container: Container, seal: PackageSeal) -> None:
    """The certificates beside the seal are those in the package: no byte of them is without a check."""
    held = set()
    for name in layout.in_folder(container.names, "certificates"):
        try:
            held.add(x509.load_pem_x509_certificate(container.read(name)).public_bytes(Encoding.DER))
        except ValueError as exc:
            raise NotPackage(Reason.PACKAGE_FILE_MALFORMED, "no certificate", name) from exc
    if not {each.public_bytes(Encoding.DER) for each in seal.certificates} <= held:
        raise NotPackage(Reason.PACKAGE_SEAL_MALFORMED, "it brings a certificate that the package has not")


def _crl(container: Container, name: str) -> x509.CertificateRevocationList:
    try:
        return x509.load_pem_x509_crl(container.read(name))
    except ValueError as exc:
        raise NotPackage(Reason.PACKAGE_FILE_MALFORMED, "no revocation list", name) from exc


def _answer(container: Container, name: str) -> OcspAnswer:
    try:
        return read_answer(container.read(name))
    except OcspError as exc:
        raise NotPackage(Reason.PACKAGE_FILE_MALFORMED, str(exc), name) from exc


def _judged(seal: PackageSeal, judge: Judge) -> Finding:
    """Who assembled the package, by the trust given, at the time that the seal bears."""
    at, policy = judge.at, DEFAULT_POLICY
    if seal.signed_at - at > policy.clock_skew:
        return _own(seal, Refused(reason=Reason.SIGNED_IN_FUTURE, detail="the seal's time lies ahead"))
    judged: Chain | Refused | Undecided | None = None
    for when in (seal.signed_at, *judge.later(seal.signed_at)):
        again = judge.trust.judge(seal.certificate, at=when, policy=policy, intermediates=seal.certificates)
        judged = again if judged is None or isinstance(again, Chain) else judged
        if not isinstance(judged, Undecided):
            break
    assert judged is not None
    return _own(seal, judged)


def _own(seal: PackageSeal, judged: Chain | Refused | Undecided) -> Finding:
    if isinstance(judged, Chain):
        return Finding(
            name="",
            certificate=seal.certificate,
            chain=judged.certificates,
            signed_at=seal.signed_at,
            judged_at=seal.signed_at,
            warnings=judged.warnings,
        )
    return Finding(
        name="",
        state=State.UNDECIDED if isinstance(judged, Undecided) else State.REFUSED,
        reason=judged.reason,
        detail=judged.detail,
        certificate=seal.certificate,
        signed_at=seal.signed_at,
    )
