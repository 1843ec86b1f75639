"""What states and events are called, in a clerk's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from axis_client.cli import shapes
from axis_client.cli.terminal import Terminal
from axis_client.model import Delivery, Link, Logged, Proof, Question, QuestionKind, State
from axis_client.model.oversight import Concern, Side, Why
from axis_client.proof import is_receipt
from edxml import codes
from edxml.codes import Label
from signing.evidence import EVENT_LABELS, EventId
from signing.log import VerifiedCheckpoint

STATES = {
    State.CONSIGNED: Label("chờ nhận", "waiting"),
    State.FETCHED: Label("đang tải về", "being fetched"),
    State.HANDED_OVER: Label("đã đến", "arrived"),
    State.ACCEPTED: Label("đã tiếp nhận", "accepted"),
    State.REFUSED: Label("từ chối tiếp nhận", "refused"),
    State.IN_PROCESS: Label("đang xử lý", "in process"),
    State.DONE: Label("hoàn thành", "done"),
    State.EXPIRED: Label("quá hạn", "expired"),
    State.TAKEN_BACK: Label("đã lấy lại", "taken back"),
    State.UNKNOWN: Label("không rõ", "unknown"),
}

_ROLES = {
    "system": Label("hệ thống", "system"),
    "clerk": Label("văn thư", "clerk"),
    "archivist": Label("lưu trữ", "archivist"),
    "operator": Label("vận hành", "operator"),
}
QUESTIONS = {
    QuestionKind.RECALL: Label("đề nghị thu hồi", "to be given back"),
    QuestionKind.REMOVAL: Label("đề nghị bỏ khỏi danh sách nhận", "to leave the list of recipients"),
    QuestionKind.REPLACEMENT: Label("đề nghị thay thế", "to be replaced"),
    QuestionKind.UNKNOWN: Label("không rõ", "unknown"),
}
WHYS = {
    Why.DUE_SOON: Label("sắp đến hạn", "due soon"),
    Why.QUESTION_OPEN: Label("chờ trả lời đề nghị", "question open"),
    Why.SET_ASIDE: Label("hệ thống không xử lý được", "set aside"),
    Why.REFUSED: Label("bị từ chối", "refused"),
    Why.EXPIRED: Label("quá hạn", "expired"),
    Why.QUESTION_REFUSED: Label("không đồng ý thu hồi", "recall refused"),
    Why.UNKNOWN: Label("không rõ", "unknown"),
}
_EVENTS = {
    "RecallRequested": Label("Bên gửi đề nghị thu hồi", "The sender asks to give it back"),
    "RemovalRequested": Label("Bên gửi bỏ khỏi danh sách nhận", "The sender takes it off the list"),
    "ReplacementRequested": Label("Bên gửi thay thế văn bản", "The sender replaces it"),
    "QuestionAgreed": Label("Bên nhận đồng ý", "The recipient agrees"),
    "QuestionRefused": Label("Bên nhận không đồng ý", "The recipient refuses to"),
    "QuestionLapsed": Label("Đề nghị hết hạn, không có trả lời", "The question lapsed unanswered"),
}
FOLLOWED = (
    "SubmissionAcceptance",
    "ContentConsignment",
    "ContentAccessTracking",
    "ContentHandover",
    "ContentHandoverFailure",
    "ConsignmentAcceptance",
    "ConsignmentRejection",
    "AcceptanceRejectionExpiry",
    "StatusReport",
    *_EVENTS,
)
"""The events that `axis watch --kind` knows: those that the axis streams."""
_STEPS = {
    (Why.DUE_SOON, Side.RECEIVED): Label(
        "trả lời trước hạn: axis accept MÃ-GỬI, hoặc axis refuse MÃ-GỬI --reason LÝ-DO",
        "answer in time: axis accept ID, or axis refuse ID --reason WHY",
    ),
    (Why.DUE_SOON, Side.SENT): Label(
        "nhắc bên nhận; quá hạn thì lượt gửi kết thúc", "remind the recipient; the deadline ends the delivery"
    ),
    (Why.QUESTION_OPEN, Side.RECEIVED): Label(
        "trả lời bên gửi: axis agree MÃ-GỬI, hoặc axis decline MÃ-GỬI --reason LÝ-DO",
        "answer the sender: axis agree ID, or axis decline ID --reason WHY",
    ),
    (Why.REFUSED, Side.SENT): Label(
        "sửa theo lý do rồi gửi văn bản mới; đã xem: axis attention --done MÃ-GỬI NƠI-NHẬN",
        "correct it and send it as a new document; once seen: axis attention --done ID RECIPIENT",
    ),
    (Why.EXPIRED, Side.SENT): Label(
        "liên hệ bên nhận, gửi văn bản mới; đã xem: axis attention --done MÃ-GỬI NƠI-NHẬN",
        "ask the recipient, send it as a new document; once seen: axis attention --done ID RECIPIENT",
    ),
    (Why.EXPIRED, Side.RECEIVED): Label(
        "đề nghị bên gửi gửi lại; đã xem: axis attention --done MÃ-GỬI NƠI-NHẬN",
        "ask the sender to send it again; once seen: axis attention --done ID RECIPIENT",
    ),
    (Why.QUESTION_REFUSED, Side.SENT): Label(
        "liên hệ bên nhận về lý do; đã xem: axis attention --done MÃ-GỬI NƠI-NHẬN",
        "speak with the recipient; once seen: axis attention --done ID RECIPIENT",
    ),
}
_STEP_OF_ASIDE = Label(
    "xem axis aside; sửa nguyên nhân rồi đưa lại: axis aside MÃ-GỬI --undo (--sequence SỐ)",
    "see axis aside; mend the cause, then axis aside ID --undo (--sequence NUMBER)",
)
"""What can be done about a concern."""
_REASONS = {
    "NOT_HANDED_OVER_IN_TIME": Label("hết hạn nhận", "not taken in time"),
    "NOT_ANSWERED_IN_TIME": Label("hết hạn trả lời", "not answered in time"),
}
"""Reasons that the axis gives by a code; all others are people's words."""
TAKEN_BACK = "TAKEN_BACK"
"""Reason in a ConsignmentRejection: the recipient agreed to give it back."""
_AWAITING_HANDOVER = frozenset({State.CONSIGNED, State.FETCHED})


def time(at: datetime) -> str:
    """A time as people read it: Viet Nam time, to the second."""
    return shapes.time(at.replace(microsecond=0))


def role(terminal: Terminal, name: str) -> str:
    """Names what a certificate may do."""
    label = _ROLES.get(name)
    return terminal.text(label.vietnamese, label.english) if label else name


def state(terminal: Terminal, value: State) -> str:
    return terminal.text(STATES[value].vietnamese, STATES[value].english)


def counts(terminal: Terminal, by_state: Mapping[State, int]) -> str:
    """Says how many recipients stand where: `3 đã tiếp nhận, 1 chờ nhận`."""
    return ", ".join(f"{by_state[value]} {state(terminal, value)}" for value in STATES if by_state.get(value))


def event(terminal: Terminal, name: str, status_code: str = "") -> str:
    """Names an event; a processing state by its code."""
    if name in set(EventId):
        label = EVENT_LABELS[EventId(name)]
        return terminal.text(label.vietnamese, label.english)
    if name in _EVENTS:
        return terminal.text(_EVENTS[name].vietnamese, _EVENTS[name].english)
    status = codes.STATUS.get(status_code)
    return terminal.text(status.vietnamese, status.english) if status else name


def proof(terminal: Terminal, of: Proof) -> str:
    """Names what an evidence attests; a receipt for a reported state is no acceptance of the document, and a
    document that was given back was not refused."""
    if is_receipt(of.record):
        return terminal.text("Trục đã nhận báo cáo trạng thái", "State report received by the axis")
    if any(reason.code == TAKEN_BACK for reason in of.record.reasons):
        return terminal.text("Đã trả lại theo đề nghị của bên gửi", "Given back, as the sender asked")
    return event(terminal, of.event)


def attested(terminal: Terminal, of: Proof) -> str:
    """Says when it happened, as the axis attests, and where that stands in the log."""
    at = time(of.record.at)
    return at if of.logged is None else f"{at}, {logged(terminal, of.logged)}"


def logged(terminal: Terminal, of: Logged) -> str:
    """Says where something stands in the log."""
    return logged_at(terminal, of.index, of.head)


def logged_at(terminal: Terminal, index: int, head: VerifiedCheckpoint) -> str:
    """The same, and how many witnesses cosigned."""
    place = f"{index + 1}/{head.checkpoint.size}"
    count = len({one.witness for one in head.cosignatures})
    seen = terminal.text(f", {count} bên làm chứng", f", {count} witnesses") if count else ""
    return terminal.text(f"có trong nhật ký, mục {place}", f"in the log, entry {place}") + seen


def posix(seconds: int) -> datetime:
    """Returns a POSIX time as a time in UTC, as far as there is one."""
    return datetime.fromtimestamp(min(seconds, 253402300799), UTC)


def priority(terminal: Terminal, value: int) -> str:
    label = codes.PRIORITY.get(str(value))
    return terminal.text(label.vietnamese, label.english) if label else str(value)


def kind(terminal: Terminal, value: int) -> str:
    label = codes.KIND.get(str(value))
    return terminal.text(label.vietnamese, label.english) if label else str(value)


def reason(terminal: Terminal, text: str) -> str:
    """A reason as people read it."""
    return terminal.text(_REASONS[text].vietnamese, _REASONS[text].english) if text in _REASONS else text


def question(terminal: Terminal, of: Question) -> str:
    """Says what the sender asks, until when, and why."""
    asked = terminal.text(QUESTIONS[of.kind].vietnamese, QUESTIONS[of.kind].english)
    reason = f": {of.reason}" if of.reason else ""
    return f"{asked} ({terminal.text('trước', 'by')} {time(of.until)}){reason}"


def why(terminal: Terminal, value: Why) -> str:
    return terminal.text(WHYS[value].vietnamese, WHYS[value].english)


def steps(terminal: Terminal, concerns: Sequence[Concern]) -> list[str]:
    """Says once for each sort of concern what can be done about it."""
    found = {}
    for one in concerns:
        step = _STEP_OF_ASIDE if one.why is Why.SET_ASIDE else _STEPS.get((one.why, one.side))
        if step is not None:
            of = terminal.text(
                *(("văn bản đi", "sent") if one.side is Side.SENT else ("văn bản đến", "received"))
            )
            found[terminal.text(step.vietnamese, step.english)] = f"{why(terminal, one.why)} ({of})"
    return [f"{named}: {step}" for step, named in found.items()]


def deadline(of: Delivery) -> str:
    """The deadline that runs; empty when nothing is awaited."""
    if of.state in _AWAITING_HANDOVER:
        return time(of.handover_by)
    return time(of.answer_by) if of.state is State.HANDED_OVER else ""


def link(terminal: Terminal, of: Link) -> str:
    """Says what another dispatch of the thread is to this one."""
    what = kind(terminal, of.kind)
    if of.later:
        return terminal.text(f"Có văn bản {what}", f"Followed by ({what})")
    return terminal.text("Nói về văn bản", "Speaks about")
