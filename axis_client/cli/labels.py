"""What states and events are called, in a clerk's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from axis_client.cli import shapes
from axis_client.cli.terminal import Terminal
from axis_client.model import Proof, State
from axis_client.proof import is_receipt
from edxml import codes
from edxml.codes import Label
from signing.evidence import EVENT_LABELS, EventId

STATES = {
    State.CONSIGNED: Label("chờ nhận", "waiting"),
    State.FETCHED: Label("đang tải về", "being fetched"),
    State.HANDED_OVER: Label("đã đến", "arrived"),
    State.ACCEPTED: Label("đã tiếp nhận", "accepted"),
    State.REFUSED: Label("từ chối tiếp nhận", "refused"),
    State.IN_PROCESS: Label("đang xử lý", "in process"),
    State.DONE: Label("hoàn thành", "done"),
    State.EXPIRED: Label("quá hạn", "expired"),
    State.TAKEN_BACK: Label("đã thu hồi", "taken back"),
    State.UNKNOWN: Label("không rõ", "unknown"),
}


def time(at: datetime) -> str:
    """A time as people read it: Viet Nam time, to the second."""
    return shapes.time(at.replace(microsecond=0))


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
    status = codes.STATUS.get(status_code)
    return terminal.text(status.vietnamese, status.english) if status else name


def proof(terminal: Terminal, of: Proof) -> str:
    """Names what an evidence attests; a receipt for a reported state is no acceptance of the document."""
    if is_receipt(of.record):
        return terminal.text("Trục đã nhận báo cáo trạng thái", "State report received by the axis")
    return event(terminal, of.event)


def priority(terminal: Terminal, value: int) -> str:
    label = codes.PRIORITY.get(str(value))
    return terminal.text(label.vietnamese, label.english) if label else str(value)


def kind(terminal: Terminal, value: int) -> str:
    label = codes.KIND.get(str(value))
    return terminal.text(label.vietnamese, label.english) if label else str(value)
