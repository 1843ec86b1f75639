"""`axis verify`: what a seal says, offline. Documents, statuses, evidence, any XML with an enveloped seal.

The verdict is about the file itself. Files beside it, whose digests stand in its seal, are checked when they
are given by `--attach`. Without it a sound file is sound, with the warning `DETACHED_NOT_CHECKED`: its seal
does cover the whole document but itself, and says of the others only what their digests must be.

An evidence package (`.asice`) is judged as a whole, each seal in it for the time at which it was made.

Sound is also that the signer may sign this kind of document (`signing.entitlement`). Whether the agency that
a package names as its sender is the signer is the directory's to know; offline, `SENDER_NOT_IN_CERTIFICATE`
warns when the certificate does not bear that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from axis_client import files
from axis_client.cli.findings import Finding, show, show_meanings, signer_shape
from axis_client.cli.mistakes import mistake
from axis_client.cli.options import ATTACH, PATH, common, ends, moment
from axis_client.cli.packages import examined, is_package
from axis_client.cli.terminal import (
    EXIT_DESTROYED,
    EXIT_LATER,
    EXIT_OK,
    EXIT_REFUSED,
    EXIT_USAGE,
    Terminal,
)
from axis_client.errors import LocalError, NotTrusted, by_reason, explain
from axis_client.logbook import Logbook
from axis_client.policy import log_policy
from axis_client.profile import load_log, load_trust, trust_of
from edxml.model import NotEdxml
from edxml.reader import read
from signing.entitlement import bears, entitled
from signing.log import (
    LogPolicy,
    NotProven,
    followed,
    lineage,
    read_successions,
    verify_inclusion,
)
from signing.log.proof import LARGEST_PROOF
from signing.log.succession import LARGEST_SUCCESSIONS
from signing.package import Trust
from signing.parser import DEFAULT_LIMITS, Malformed
from signing.policy import DEFAULT_POLICY, Policy
from signing.trust import TrustStore
from signing.verdict import Reason, Refused, Sound, Undecided, Verdict
from signing.verify import verify as judge

SEVERITY = (EXIT_OK, EXIT_DESTROYED, EXIT_LATER, EXIT_REFUSED, EXIT_USAGE)
"""From the best to the worst: of several files, the worst decides."""
_EXITS = {
    "sound": EXIT_OK,
    "destroyed": EXIT_DESTROYED,
    "undecided": EXIT_LATER,
    "refused": EXIT_REFUSED,
    "unreadable": EXIT_USAGE,
}
_NO_TRUST = "no --trust was given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What every file is judged by."""

    trust: TrustStore
    at: datetime
    policy: Policy
    beside: Mapping[str, Path] | None
    """Digests of the attachments given; None when none were."""
    trusting: bool
    """False when nobody was named to be trusted."""
    log: LogPolicy | None = None
    proof: Path | None = None
    """Where the file is proven to stand in the log."""
    trusted: Mapping[str, datetime] = field(default_factory=dict)
    """Until when a hash algorithm is trusted."""
    time: TrustStore | None = None
    """The authorities trusted with time-stamps."""


@click.command()
@click.argument("files_", metavar="FILE...", type=PATH, nargs=-1, required=True)
@click.option(
    "--trust",
    "anchors",
    type=PATH,
    multiple=True,
    metavar="PEM",
    help="Chứng thư tin cậy. / A trusted certificate, any; may be repeated.",
)
@click.option(
    "--crl",
    "crls",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="Danh sách thu hồi. / A revocation list; may be repeated.",
)
@click.option(
    "--at",
    callback=moment,
    metavar="RFC3339",
    help="Thời điểm xét; mặc định là bây giờ. / The time to judge at.  [default: now]",
)
@click.option(
    "--allow-legacy", is_flag=True, help="Chấp nhận SHA-1, RSA 1024 của gói tin cũ. / Let old packages pass."
)
@click.option(
    "--profile",
    type=PATH,
    metavar="FILE",
    help="Lấy chứng thư tin cậy từ hồ sơ. / Trust what the profile trusts.",
)
@click.option(
    "--log",
    "--log-key",
    "logs",
    metavar="VKEY",
    multiple=True,
    help="Khóa công khai của nhật ký. / A public key of the log, the oldest that you trust; may be repeated.",
)
@click.option(
    "--successions",
    type=PATH,
    metavar="FILE",
    help="Các bản xác nhận khóa kế nhiệm. / How the log's keys followed each other.",
)
@click.option(
    "--follow/--pin",
    default=None,
    help="Tin cả khóa kế nhiệm. / Believe keys that a trusted one named, or none but those given.  [follow]",
)
@click.option(
    "--proof",
    type=PATH,
    metavar="FILE",
    help="Chứng minh có trong nhật ký. / Proof (tlog-proof) that the one FILE stands in the log.",
)
@click.option(
    "--witness",
    "witnesses",
    metavar="VKEY",
    multiple=True,
    help="Bên làm chứng. / Who must have cosigned the log; may be repeated.",
)
@click.option(
    "--quorum", type=click.IntRange(0), metavar="N", help="Mấy bên. / How many of them.  [default: all]"
)
@click.option(
    "--tsa",
    "authorities",
    type=PATH,
    multiple=True,
    metavar="PEM",
    help="Chứng thư của tổ chức cấp dấu thời gian. / Who is trusted with time-stamps; may be repeated.",
)
@click.option(
    "--hash-ends",
    "hash_ends",
    multiple=True,
    metavar="NAME=DATE",
    callback=ends,
    help="Ngày thuật toán băm hết tin cậy. / Until when a hash is trusted, such as sha256=2040-01-01.",
)
@ATTACH
@common
@click.pass_obj
def verify(
    terminal: Terminal,
    files_: tuple[Path, ...],
    anchors: tuple[Path, ...],
    crls: tuple[Path, ...],
    at: datetime | None,
    allow_legacy: bool,
    profile: Path | None,
    attachments: tuple[Path, ...],
    logs: tuple[str, ...],
    successions: Path | None,
    follow: bool | None,
    proof: Path | None,
    witnesses: tuple[str, ...],
    quorum: int | None,
    authorities: tuple[Path, ...],
    hash_ends: Mapping[str, datetime],
) -> int:
    """Kiểm tra chữ ký số và gói chứng cứ, không cần kết nối. / Verifies seals and evidence packages, offline.

    Exit code: 0 sound, 4 the document itself was lawfully destroyed and all else is sound, 3 undecided, 1
    refused, 2 unreadable; of several files the worst, in this order.
    """
    beside = {files.measure(path).sha256: path for path in attachments} if attachments else None
    trust = (
        load_trust(profile, list(crls)) if profile and not anchors else trust_of(list(anchors), list(crls))
    )
    if proof is not None and len(files_) != 1:
        raise mistake("--proof is the proof of one FILE", "--proof là chứng minh của một tệp duy nhất")
    rules = Rules(
        trust=trust,
        at=at or datetime.now(UTC),
        policy=replace(DEFAULT_POLICY, allow_legacy=allow_legacy),
        beside=beside,
        trusting=bool(anchors or profile),
        log=_believed(_log_policy(logs, witnesses, quorum, profile), follow, successions),
        proof=proof,
        trusted=hash_ends,
        time=trust_of(list(authorities), list(crls)) if authorities else None,
    )
    worst, used, noted = EXIT_OK, set[str](), dict[str, None]()
    for file in files_:
        finding = examine(file, rules)
        used |= finding.used
        noted |= dict.fromkeys(finding.warnings)
        worst = max(worst, _EXITS[finding.verdict], key=SEVERITY.index)
        show(terminal, finding)
    show_meanings(terminal, noted)
    strays = [files.printable(path) for digest, path in (beside or {}).items() if digest not in used]
    if strays and worst == EXIT_OK:
        raise explain(LocalError, "ATTACHMENT_NOT_SEALED", ", ".join(strays))
    return worst


def examine(file: Path, rules: Rules) -> Finding:
    """Judges one file; never raises for what the file is, so that the files after it have their turn."""
    try:
        return _examined(file, rules)
    except LocalError as exc:
        return Finding(file=file, verdict="unreadable", reason=exc.reason, detail=exc.message)
    except Malformed as exc:
        return Finding(file=file, verdict="unreadable", reason=exc.reason, detail=exc.detail)
    except Exception as exc:  # noqa: BLE001 - a defect must not hide what the other files are
        error = explain(LocalError, "NOT_EXAMINED", f"{type(exc).__name__}: {exc}")
        return Finding(file=file, verdict="unreadable", reason=error.reason, detail=error.message)


def _log_policy(
    logs: Sequence[str], witnesses: Sequence[str], quorum: int | None, profile: Path | None
) -> LogPolicy | None:
    if not logs:
        if witnesses or quorum is not None:
            raise mistake("give the log's key too: --log", "phải nêu cả khóa của nhật ký: --log")
        return _known_log(profile) if profile else None
    try:
        return log_policy(logs, witnesses, quorum)
    except ValueError as exc:
        named = "--log, --witness, --quorum"
        raise mistake(f"{named}: {exc}", f"{named}: khóa hoặc số lượng không dùng được") from exc


def _known_log(profile: Path) -> LogPolicy | None:
    """Whom a profile believes, with what its client has learned since."""
    policy, path = load_log(profile)
    return policy and Logbook(policy=policy, path=path).trusted()


def _believed(policy: LogPolicy | None, follow: bool | None, successions: Path | None) -> LogPolicy | None:
    if policy is None:
        if successions is not None:
            raise mistake("give the log's key too: --log", "phải nêu cả khóa của nhật ký: --log")
        return None
    policy = policy if follow is None else replace(policy, follow=follow)
    if successions is None:
        return policy
    content = files.read(successions, LARGEST_SUCCESSIONS)
    try:
        return followed(policy, lineage(policy, read_successions(content or b"\n")))
    except NotProven as exc:
        name = files.printable(successions)
        raise by_reason(NotTrusted, exc.reason, f"{name}: {exc.detail}", file=name) from exc


def _examined(file: Path, rules: Rules) -> Finding:
    if is_package(file):
        return examined(
            file, Trust(seals=rules.trust, log=rules.log, time=rules.time, trusted=rules.trusted), rules.at
        )
    document = files.read(file, DEFAULT_LIMITS.bytes)
    if document is None:
        raise Malformed(Reason.XML_TOO_LARGE, f"larger than {DEFAULT_LIMITS.bytes} bytes")
    verdict = judge(document, trust=rules.trust, at=rules.at, policy=rules.policy)
    found = _finding(file, entitled(verdict) if isinstance(verdict, Sound) else verdict, rules)
    return found if rules.proof is None else _logged(found, document, rules.proof, rules.log)


def _logged(found: Finding, document: bytes, proof: Path, log: LogPolicy | None) -> Finding:
    """Holds a sound file against the proof that it stands in the log."""
    if log is None:
        raise explain(LocalError, "NO_LOG")
    content = files.read(proof, LARGEST_PROOF)
    if found.verdict != "sound":
        return found
    verdict = verify_inclusion(document, content or b"", log)
    if isinstance(verdict, Refused):
        return replace(found, verdict="refused", reason=verdict.reason, detail=verdict.detail, warnings=())
    return replace(found, logged=verdict)


def _finding(file: Path, verdict: Verdict, rules: Rules) -> Finding:
    if isinstance(verdict, Sound):
        return _sound(file, verdict, rules.beside)
    detail = verdict.detail
    if verdict.reason is Reason.UNTRUSTED_SIGNER and not rules.trusting:
        detail = f"{detail}; {_NO_TRUST}" if detail else _NO_TRUST
    return Finding(
        file=file,
        verdict="undecided" if isinstance(verdict, Undecided) else "refused",
        reason=verdict.reason,
        detail=detail,
        signer=signer_shape(verdict.certificate),
        signed_at=verdict.signed_at,
    )


def _sound(file: Path, sound: Sound, beside: Mapping[str, Path] | None) -> Finding:
    """Holds the seal's digests against the attachments that were given, whatever their names are."""
    missing = [uri for uri, digest in sound.detached.items() if digest not in (beside or {})]
    whole = Finding(
        file=file,
        verdict="sound",
        reason=Reason.SOUND,
        signer=signer_shape(sound.certificate),
        signed_at=sound.signed_at,
        warnings=(*sound.warnings, *_sender_warnings(sound)),
        used=frozenset(sound.detached.values()),
    )
    if beside is None:
        return whole
    if missing:
        detail = f"no file given has the digest of: {', '.join(missing)}"
        return replace(whole, verdict="refused", reason=Reason.ATTACHMENT_MISSING, detail=detail, warnings=())
    checked = tuple(code for code in whole.warnings if code != "DETACHED_NOT_CHECKED")
    return replace(whole, warnings=checked)


def _sender_warnings(sound: Sound) -> tuple[str, ...]:
    try:
        sender = read(sound.root).sender
    except NotEdxml:
        return ()
    return () if bears(sound.certificate, sender.organ_id) else ("SENDER_NOT_IN_CERTIFICATE",)
