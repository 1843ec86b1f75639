"""What `axis verify` found, for people and for scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from axis_client import files
from axis_client.cli import labels, shapes
from axis_client.cli.terminal import Terminal
from axis_client.model import State
from signing.log import Included
from signing.package.findings import (
    LOG_NOT_CHECKED,
    RENEWAL_ENDED,
    SEAL_OUTLIVED,
    SENDER_NOT_IN_CERTIFICATE,
    TIME_NOT_CHECKED,
)
from signing.verdict import SENTENCES, Reason, Sentence

SPOKEN = {
    "sound": ("HỢP LỆ", "SOUND"),
    "destroyed": ("ĐÃ HỦY HỢP PHÁP", "LAWFULLY DESTROYED"),
    "undecided": ("CHƯA KẾT LUẬN", "UNDECIDED"),
    "refused": ("KHÔNG HỢP LỆ", "REFUSED"),
    "unreadable": ("KHÔNG ĐỌC ĐƯỢC", "UNREADABLE"),
}
_DETAIL = ("Chi tiết kỹ thuật", "Detail")
_NEXT_STEP = {
    Reason.CERTIFICATE_EXPIRED: (
        "Nếu chứng minh được thời điểm ký, hãy xét tại thời điểm đó: --at THỜI-ĐIỂM.",
        "If you can prove when it was signed, judge it at that time: --at TIME.",
    ),
    Reason.UNTRUSTED_SIGNER: (
        "Nêu chứng thư của tổ chức chứng thực mà bạn tin cậy bằng --trust TỆP; nếu không thì không sử dụng.",
        "Give the certificate of an authority that you trust with --trust FILE; else do not rely on it.",
    ),
    Reason.REVOCATION_UNKNOWN: (
        "Nêu danh sách thu hồi (CRL) hiện hành của tổ chức chứng thực bằng --crl TỆP.",
        "Give the authority's current revocation list (CRL) with --crl FILE.",
    ),
}
"""What whoever verifies can do, where that is something else than what the signer can."""
_NOTES = {
    "REVOCATION_NOT_CHECKED": (
        "không có danh sách thu hồi nào nói về chứng thư của người ký; để kiểm tra, thêm --crl, hoặc `crls` "
        "trong hồ sơ kết nối.",
        "no revocation list speaks of the signer's certificate; add --crl, or `crls` in the profile, to have "
        "it checked.",
    ),
    "DETACHED_NOT_CHECKED": (
        "chưa kiểm tra các tệp nằm ngoài gói tin; thêm --attach.",
        "the files beside the package were not looked at; add --attach.",
    ),
    SENDER_NOT_IN_CERTIFICATE: (
        "chứng thư không ghi mã của cơ quan gửi; hãy so tên người ký với nơi gửi.",
        "the certificate does not bear the sender's identifier; compare the signer with the sender.",
    ),
    LOG_NOT_CHECKED: (
        "đã tính chứng minh của nhật ký, nhưng chưa biết ai ký điểm kiểm tra; thêm --log.",
        "the log proof was computed; who signed its checkpoint is open; add --log.",
    ),
    TIME_NOT_CHECKED: (
        "chưa biết ai cấp dấu thời gian; thêm --tsa.",
        "who made the time-stamp is open; add --tsa.",
    ),
    RENEWAL_ENDED: (
        "bản ghi chứng cứ đã hết hạn; lấy bản mới đã được gia hạn từ trục liên thông.",
        "the archive record has run out; the axis has one that was renewed since.",
    ),
    SEAL_OUTLIVED: (
        "chữ ký của gói, chứng minh của nhật ký, trang tóm tắt và VERIFY.txt chỉ dựa vào SHA-256, nay đã hết "
        "hạn; văn bản, tệp kèm theo và chứng cứ được bản ghi chứng cứ chứng minh.",
        "the package's own seal, the log proofs, the page and VERIFY.txt rest on SHA-256 alone, which has "
        "ended; the archive records prove the document, its files and the evidence.",
    ),
    "ZIP_LEFT_CLOSED": (
        "tệp nén nở ra quá lớn nên không giải nén; tệp gốc vẫn còn nguyên.",
        "a ZIP that would expand too far was left closed; it is there as it came.",
    ),
    "RECIPIENT_LEFT_OUT": (
        "thành viên của nhóm không nhận được lúc này nên văn bản không gửi tới họ.",
        "members of the group that cannot be reached just now; it was not sent to them.",
    ),
    "NOT_ASKED": (
        "không thể đề nghị những nơi này trả lại: họ không giữ văn bản, hoặc đã được đề nghị trước đó.",
        "these are not asked to give it back: they do not hold it, or are being asked already.",
    ),
    "STILL_HELD": (
        "những nơi này vẫn giữ văn bản và không được đề nghị trả lại; muốn thu hồi ở đó thì nêu thêm họ.",
        "these still hold it and are not asked to give it back; to recall it there too, name them as well.",
    ),
    "LEGACY_ALGORITHM": (
        "dùng thuật toán cũ, chỉ chấp nhận khi đọc gói tin cũ.",
        "an algorithm that is taken only for reading old packages.",
    ),
}
"""What a warning means; told once, at the end."""
_STATE = re.compile(rf"\(({'|'.join(State)})\)")
"""The state of a recipient, as the axis names it in a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on one file, in the form that scripts read."""

    file: Path
    verdict: str
    reason: str
    detail: str = ""
    signer: Mapping[str, str] | None = None
    """`subject` and `sha256` of the certificate."""
    signed_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    used: frozenset[str] = frozenset()
    """Digests of the attachments that its seal names."""
    logged: Included | None = None
    """Where it stands in the log, when a proof was given."""
    inside: tuple[Mapping[str, object], ...] = ()
    """Of an evidence package: the same of each file in it."""

    def shape(self) -> dict[str, object]:
        shape: dict[str, object] = {
            "file": str(self.file),
            "verdict": self.verdict,
            "reason": self.reason,
            "detail": self.detail,
            "signer": self.signer,
            "signed_at": shapes.time(self.signed_at) if self.signed_at else None,
            "warnings": list(self.warnings),
        }
        if self.logged is not None:
            head = self.logged.head
            shape["log"] = shapes.logged_at(self.logged.index, head)
        return {**shape, "inside": list(self.inside)} if self.inside else shape


def signer_shape(certificate: x509.Certificate | None) -> Mapping[str, str] | None:
    """A signer in the form that scripts read."""
    if certificate is None:
        return None
    return {
        "subject": certificate.subject.rfc4514_string(),
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
    }


def show(terminal: Terminal, finding: Finding) -> None:
    """Writes one finding."""
    if terminal.as_json:
        terminal.object(finding.shape())
        return
    spoken = terminal.text(*SPOKEN[finding.verdict])
    reason = "" if finding.verdict == "sound" else f" [{finding.reason}]"
    terminal.say(f"{files.printable(finding.file)}: {spoken}{reason}")
    for line in _lines(terminal, finding):
        terminal.say(f"  {line}")
    for entry in finding.inside:
        words = [
            str(entry["file"]),
            terminal.text(*SPOKEN[str(entry["verdict"])]),
            str(entry["signer"] or ""),
        ]
        terminal.say("    " + "  ".join(filter(None, words)))


def _lines(terminal: Terminal, finding: Finding) -> Sequence[str]:
    lines = []
    sentence = _sentence(finding)
    if sentence is not None and finding.verdict != "sound":
        lines.append(terminal.text(sentence.vietnamese, sentence.english))
    if finding.detail:
        about = ("Theo quyết định", "By order") if finding.verdict == "destroyed" else _DETAIL
        lines.append(f"{terminal.text(*about)}: {finding.detail}")
    if finding.signer is not None:
        lines.append(f"{terminal.text('Người ký', 'Signer')}: {finding.signer['subject']}")
    if finding.signed_at is not None:
        at = labels.time(finding.signed_at)
        lines.append(f"{terminal.text('Thời điểm ký (bên ký ghi)', 'Signed at (as claimed)')}: {at}")
    if finding.logged is not None:
        lines.append(labels.logged_at(terminal, finding.logged.index, finding.logged.head))
    lines += [f"{terminal.text('Lưu ý', 'Note')}: {warning}" for warning in finding.warnings]
    if sentence is not None and finding.verdict != "sound":
        own = _NEXT_STEP.get(Reason(finding.reason))
        step = terminal.text(*(own or (sentence.next_step_vietnamese, sentence.next_step)))
        lines.append(f"{terminal.text('Việc cần làm', 'What to do')}: {step}")
    return lines


def _sentence(finding: Finding) -> Sentence | None:
    return SENTENCES.get(Reason(finding.reason)) if finding.reason in set(Reason) else None


def warn(terminal: Terminal, warnings: Iterable[str]) -> None:
    """Writes warnings, `CODE` or `CODE: detail`, each with what it means."""
    for warning in warnings:
        code, _, detail = warning.partition(": ")
        meaning = terminal.text(*_NOTES[code]) if code in _NOTES else ""
        case = _STATE.sub(lambda found: f"({labels.state(terminal, State(found[1]))})", detail)
        said = ": ".join(filter(None, (meaning.rstrip(".") if case else meaning, case)))
        terminal.note(f"{terminal.text('Lưu ý', 'Note')}: [{code}] {said}".rstrip())


def show_meanings(terminal: Terminal, warnings: Iterable[str]) -> None:
    """Says once what each warning means."""
    for code in warnings:
        if code in _NOTES:
            terminal.note(f"{code}: {terminal.text(*_NOTES[code])}")
