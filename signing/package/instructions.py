"""`VERIFY.txt`: how to check a package on a bare machine, every command written out for this very one.

The file is read by people and run by `sh VERIFY.txt`: prose stands in comments. It needs openssl, xmlsec1,
and of the rest only what coreutils and a POSIX shell have. Whom to trust it does not bring: `ca.pem`, and
where the package has them the log's key and the time-stamping authority's root, are the reader's to get.
"""

from __future__ import annotations

import functools
import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from signing.entitlement import EVIDENCE_SIGNING
from signing.log import read_checkpoint, read_note, read_proof, read_successions
from signing.package import layout
from signing.package.contents import Disposal
from signing.package.dossier import Dossier, Record, Stamp
from signing.package.examination import Examined, Step
from signing.package.findings import Finding, State
from signing.package.layout import MANIFEST, ORIGINAL, SEAL, SUMS
from signing.package.renewal_commands import renewal_commands
from signing.revocation import OcspAnswer, Status

_TSA = "#   tsa.pem    the time-stamping authority's root / chứng thư số gốc của bên cấp dấu thời gian\n"
_SHELL = Path(__file__).parent / "shell"
"""The functions that the commands use, as they stand in the file."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What the commands are written from."""

    dossier: Dossier
    examined: Examined
    history: Sequence[Finding]
    certificates: Mapping[str, x509.Certificate]
    """Name in the package -> certificate."""
    crls: Mapping[str, x509.CertificateRevocationList]
    answers: Mapping[str, OcspAnswer]
    assembler: x509.Certificate
    as_of: datetime

    @functools.cached_property
    def places(self) -> Mapping[str, tuple[str, ...]]:
        """SHA-256 -> names of the files that evidence may name: the document's and statements."""
        gone = self.dossier.disposal is not None
        found: dict[str, tuple[str, ...]] = {} if gone else {self.dossier.sha256: (ORIGINAL,)}
        statements = {record.name: record.sha256 for record in self.dossier.records if not record.evidence}
        for name, digest in (*self.dossier.attachments.items(), *statements.items()):
            found[digest] = (*found.get(digest, ()), name)
        return found


def instructions(paper: Paper) -> bytes:
    """Returns `VERIFY.txt`."""
    proofs = any(record.proof for record in paper.dossier.records)
    stamps, renewed = paper.dossier.stamps, [one for one in paper.dossier.records if one.renewal]
    beside = frozenset(paper.examined.references.get(ORIGINAL, {}).values())
    needs = ""
    if proofs:
        needs += "#   LOG_KEY    the log's key, <name>+<id>+<base64> / khóa công khai của nhật ký\n"
        needs += "#              (the one that signed, or one before it / khóa đã ký, hoặc khóa trước đó)\n"
    grown = any(record.grown for record in paper.dossier.records)
    if stamps or renewed or grown:
        needs += _TSA
    purpose = (
        _functions("purpose") if any(_for_evidence(each) for each in paper.certificates.values()) else ""
    )
    parts = [
        _functions("head").replace("@NEEDS@", needs),
        purpose,
        _functions("log") if proofs else "",
        _functions("ocsp") if paper.answers else "",
        _functions("renewal") if renewed else "",
        _functions("grown") if grown else "",
        _package(paper),
        _revocation(paper),
        _successions(paper),
        _original(paper),
        *(_record(paper, step) for step in paper.examined.steps),
        *(_stamp(paper, stamp) for stamp in stamps),
        *(renewal_commands(record, paper.dossier, beside) for record in renewed),
        "\necho 'EVERYTHING HOLDS / TẤT CẢ ĐỀU ĐÚNG'\n",
    ]
    return "".join(parts).encode()


def _functions(name: str) -> str:
    return (_SHELL / f"{name}.sh").read_text(encoding="utf-8")


def _package(paper: Paper) -> str:
    return f"""
# 1. The package: who put it together, and that it is whole.
#    Gói chứng cứ: bên lập gói, và gói còn nguyên vẹn.
openssl cms -verify -binary -inform DER -in {SEAL} -content {MANIFEST} \\
    -CAfile "$CA" -purpose any -attime {_epoch(paper.as_of)} -out /dev/null || fail "the package's seal"
openssl x509 -in {_place(paper, paper.assembler)} -noout -subject
digest=$(openssl dgst -sha256 -binary {SUMS} | base64)
case $MANIFEST in *'URI="{SUMS}">'*">$digest<"*) ;; *) fail "{SUMS} is another" ;; esac
sha256sum --quiet --strict -c {SUMS} || fail "a file is missing or another"
for file in * */*; do
    [ -f "$file" ] || continue
    case $file in mimetype|{MANIFEST}|{SEAL}|{SUMS}) continue ;; esac
    case "
$(cat {SUMS})
" in *"  $file
"*) ;; *) fail "$file was added" ;; esac
done
"""


def _revocation(paper: Paper) -> str:
    lines = []
    judged = {
        each.certificate: each
        for each in paper.examined.findings
        if each.certificate and each.state is State.SOUND
    }
    for certificate, finding in judged.items():
        for name, crl in paper.crls.items():
            if crl.issuer == certificate.issuer:
                when = max(finding.judged_at or paper.as_of, crl.last_update_utc)
                lines.append(
                    f'openssl verify -attime {_epoch(when)} -CAfile "$CA"{_untrusted(paper, "-untrusted")} '
                    f"-crl_check -CRLfile {name} {_place(paper, certificate)}\n"
                )
    lines += [command for name, answer in paper.answers.items() for command in _ocsp(paper, name, answer)]
    if not lines:
        return ""
    head = "\n# 2. Revocation: the lists of the time. / Thu hồi: các danh sách tại thời điểm đó.\n"
    return head + "".join(lines)


def _ocsp(paper: Paper, name: str, answer: OcspAnswer) -> Iterator[str]:
    """What an OCSP answer says about the certificate in the package that it names. The time of its signature
    is judged; that it has run out since is said as a warning and changes nothing."""
    for place, certificate in paper.certificates.items():
        if not answer.names(certificate) or answer.status is Status.UNKNOWN:
            continue
        for above, issuer in paper.certificates.items():
            if issuer.subject == certificate.issuer and answer.signed_by(issuer):
                at = _epoch(answer.produced_at)
                yield f"ocsp_said {name} {above} {place} {at} {answer.status}\n"
                break


def _successions(paper: Paper) -> str:
    """How the log's keys followed each other, the first first: LOG_KEY grows by those that it leads to."""
    lines = []
    for step in read_successions(paper.dossier.successions):
        by = {one.key_id: one.key_id + one.value for one in step.note.signatures if one.name == step.origin}
        values = " ".join(b64encode(by[key.key_id]).decode() for key in (step.old, step.new))
        text = _quoted(step.note.text)
        lines.append(f"succeeded {_quoted(step.old.vkey)} {_quoted(step.new.vkey)} {values} {text}\n")
    head = "\n# The log's keys, how one followed another. / Các khóa của nhật ký kế nhiệm nhau.\n"
    return head + "".join(lines) if lines else ""


def _destroyed(paper: Paper, disposal: Disposal) -> str:
    """The papers about the destruction: each under its seal, and each about this very document."""
    parts = [
        "\n# 3. The document was lawfully destroyed: the order, and the axis's evidence that it was done.\n"
        "#    Văn bản đã được hủy hợp pháp: quyết định hủy, và chứng nhận của trục rằng đã hủy.\n"
    ]
    for finding in paper.examined.disposal:
        if finding.certificate is None or finding.state is not State.SOUND:
            parts.append(f"# {finding.name}: {finding.reason}\n")
            continue
        certificate = _place(paper, finding.certificate)
        parts.append(f"{_xmlsec(paper, finding, finding.name)}\nsigned_by {finding.name} {certificate}\n")
        parts.append(f"whole {finding.name}\n")
        if finding.name == layout.DESTRUCTION and _for_evidence(finding.certificate):
            parts.append(f"may_sign_evidence {certificate}\n")
    order = hashlib.sha256(disposal.order).hexdigest()
    for name, digest in (
        *((name, disposal.original) for name in (layout.DESTROYED, layout.ORDER, layout.DESTRUCTION)),
        (layout.DESTRUCTION, order),
    ):
        parts.append(f'case $(cat {name}) in *{digest}*) ;; *) fail "{name} is about another one" ;; esac\n')
    parts.append(f'case $(sha256sum {layout.ORDER}) in {order}*) ;; *) fail "{layout.ORDER}" ;; esac\n')
    return "".join(parts)


def _original(paper: Paper) -> str:
    if paper.dossier.disposal is not None:
        return _destroyed(paper, paper.dossier.disposal)
    finding = paper.examined.original
    if finding.certificate is None:
        return ""
    return f"""
# 3. The document as sent, under its sender's seal, at the time of acceptance; and the files beside it.
#    Văn bản như khi gửi, có chữ ký số của nơi gửi, xét tại thời điểm tiếp nhận; cùng các tệp kèm theo.
{_xmlsec(paper, finding, ORIGINAL)}
signed_by {ORIGINAL} {_place(paper, finding.certificate)}
"""


def _record(paper: Paper, step: Step) -> str:
    record, finding = step.record, step.finding
    lines = [f"\n# {record.name}"]
    if finding.state is not State.SOUND or finding.certificate is None:
        return f"{lines[0]}: {finding.reason}\n"
    if not {*paper.examined.references.get(record.name, {}).values()} <= {*paper.places}:
        return f"{lines[0]}: it seals digests of files that were destroyed\n"
    certificate = _place(paper, finding.certificate)
    lines += [_xmlsec(paper, finding, record.name), f"signed_by {record.name} {certificate}"]
    if record.evidence:
        lines.append(f"whole {record.name}")
        if _for_evidence(finding.certificate):
            lines.append(f"may_sign_evidence {certificate}")
        lines.append(f"attests {record.name} {' '.join(_files(paper, step))}")
    if record.proof is not None:
        lines.append(_inclusion(record, record.proof))
    lines += _growth(paper, step, certificate)
    return "\n".join(lines) + "\n"


def _growth(paper: Paper, step: Step, certificate: str) -> Iterator[str]:
    """The grown form of an evidence, where its time-stamp was judged."""
    name = layout.grown(step.record.name)
    found = next((each for each in paper.history if each.name == name), None)
    if found is None or found.state is not State.SOUND or found.signed_at is None:
        return
    yield f"# {name}: the seal existed at {found.signed_at.astimezone(UTC).isoformat()}."
    yield _xmlsec(paper, step.finding, name)
    yield f"signed_by {name} {certificate}"
    yield f"grew {name} {step.record.name} {_epoch(found.signed_at)}"


def _files(paper: Paper, step: Step) -> Iterable[str]:
    """Names of the files whose digests an evidence names."""
    assert step.says is not None
    named = dict.fromkeys(part.sha256 for part in step.says.parts)
    return (name for digest in named for name in paper.places.get(digest, ()))


def _inclusion(record: Record, proof: bytes) -> str:
    """The path from the leaf to the root, as RFC 9162 section 2.1.3.2 walks it."""
    parsed = read_proof(proof)
    note = read_note(parsed.checkpoint)
    head = read_checkpoint(note.text)
    lines = [f"node=$(leaf {record.name})"]
    node, last = parsed.index, head.size - 1
    for sibling in parsed.path:
        value = b64encode(sibling).decode()
        if node & 1 or node == last:
            lines.append(f'node=$(left {value} "$node")')
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            lines.append(f'node=$(right {value} "$node")')
        node, last = node >> 1, last >> 1
    name = layout.proof(layout.number_of(record.name))
    root = b64encode(head.root).decode()
    lines += [f'[ "$node" = {root} ] || fail "{record.name} is not in the log"', f"rooted {name} {root}"]
    own = [one for one in note.signatures if one.name == head.origin] or note.signatures[:1]
    values = " ".join(f"{one.key_id.hex()} {b64encode(one.key_id + one.value).decode()}" for one in own)
    lines.append(f"log_signed {name} {_quoted(note.text)} {values}")
    return "\n".join(lines)


def _stamp(paper: Paper, stamp: Stamp) -> str:
    finding = next(each for each in paper.history if each.name == stamp.name)
    checkpoint = stamp.name.removesuffix(".tst") + ".txt"
    when = finding.signed_at or paper.as_of
    return f"""
# {stamp.name}: the checkpoint existed at {when.astimezone(UTC).isoformat()}.
#    Điểm kiểm tra đã tồn tại vào lúc đó.
openssl ts -verify -in {stamp.name} -token_in -data {checkpoint} -CAfile "${{TSA_CA:-../tsa.pem}}" \\
    -attime {_epoch(when)} || fail "{stamp.name}"
"""


def _xmlsec(paper: Paper, finding: Finding, name: str) -> str:
    when = (finding.judged_at or paper.as_of).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    beside = "".join(
        f" \\\n    --url-map:{_quoted(uri)} {place}" for uri, place in _beside(paper, name).items()
    )
    return (
        f'xmlsec1 --verify --verification-gmt-time "{when}" --trusted-pem "$CA"'
        f'{_untrusted(paper, "--untrusted-pem")}{beside} \\\n    {name} || fail "{name}"'
    )


def _beside(paper: Paper, name: str) -> Mapping[str, str]:
    """What the seal of `name` refers to beside itself: URI -> file."""
    references = paper.examined.references.get(name, {})
    return {uri: paper.places[digest][0] for uri, digest in references.items() if digest in paper.places}


def _untrusted(paper: Paper, option: str) -> str:
    """The intermediates: authorities that do not vouch for themselves."""
    return "".join(f" {option} {name}" for name, each in paper.certificates.items() if _is_intermediate(each))


def _is_intermediate(certificate: x509.Certificate) -> bool:
    if certificate.subject == certificate.issuer:
        return False
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _for_evidence(certificate: x509.Certificate) -> bool:
    try:
        return EVIDENCE_SIGNING in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False


def _place(paper: Paper, certificate: x509.Certificate) -> str:
    return next(name for name, each in paper.certificates.items() if each == certificate)


def _epoch(at: datetime) -> int:
    return int(at.timestamp())


def _quoted(text: str) -> str:
    """A text as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
