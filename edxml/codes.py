"""The code lists of QCVN 102:2016 and its 2022 amendment, with labels for people.

Keys are the codes as a package writes them; `None` from `get` means that the standard does not know the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Label:
    """What a code means, for people."""

    vietnamese: str
    english: str


CodeList = Mapping[str, Label]


class Kind(IntEnum):
    """BussinessDocType: what a document package does."""

    NEW = 0
    REVOKE = 1
    UPDATE = 2
    REPLACE = 3


def _list(entries: dict[str, tuple[str, str]]) -> CodeList:
    return MappingProxyType({code: Label(*labels) for code, labels in entries.items()})


KIND = _list(
    {
        "0": ("văn bản mới", "new"),
        "1": ("thu hồi", "revoke"),
        "2": ("cập nhật", "update"),
        "3": ("thay thế", "replace"),
    }
)
PRIORITY = _list(
    {
        "0": ("thường", "normal"),
        "1": ("khẩn", "urgent"),
        "2": ("thượng khẩn", "very urgent"),
        "3": ("hỏa tốc", "express"),
        "4": ("hỏa tốc hẹn giờ", "express, timed"),
    }
)
STEERING = _list(
    {
        "0": ("không xác định", "not stated"),  # Not in the standard, but seen in the field.
        "1": ("không phải văn bản chỉ đạo", "not steering"),
        "2": ("văn bản chỉ đạo", "steering"),
        "3": ("báo cáo thực hiện chỉ đạo", "report on steering"),
    }
)
RECEIVER = _list({"0": ("loại bỏ", "removed"), "1": ("thêm mới", "added")})

ARRIVED, REFUSED, ACCEPTED, ASSIGNED, PROCESSING, DONE = "01", "02", "03", "04", "05", "06"
TAKE_BACK, AGREED, DECLINED = "13", "15", "16"

STATUS = _list(
    {
        ARRIVED: ("đã đến", "arrived"),
        REFUSED: ("từ chối tiếp nhận", "refused"),
        ACCEPTED: ("đã tiếp nhận", "accepted"),
        ASSIGNED: ("phân công", "assigned"),
        PROCESSING: ("đang xử lý", "processing"),
        DONE: ("hoàn thành", "done"),
        TAKE_BACK: ("lấy lại", "take back"),
        AGREED: ("đồng ý thu hồi hoặc cập nhật", "agrees to recall or update"),
        DECLINED: ("từ chối thu hồi hoặc cập nhật", "refuses recall or update"),
    }
)
STATUS_TYPO, STATUS_MEANT = "14", AGREED
"""A known misprint, read as what it means."""

SENDER_STATUSES = frozenset({TAKE_BACK})
"""Only the sender of the document may report these; all others only a receiver."""
RECEIVER_STATUSES = frozenset(STATUS) - SENDER_STATUSES
STATUSES_WITH_REASON = frozenset({REFUSED, TAKE_BACK, DECLINED})
KINDS_WITH_REASON = frozenset({Kind.REVOKE, Kind.REPLACE})

NORMATIVE_TYPE = _list(
    {
        "1": ("Hiến pháp", "constitution"),
        "2": ("Luật", "law"),
        "3": ("Pháp lệnh", "ordinance"),
        "4": ("Lệnh", "order"),
        "5": ("Nghị quyết", "resolution"),
        "6": ("Nghị quyết liên tịch", "joint resolution"),
        "7": ("Nghị định", "decree"),
        "8": ("Quyết định", "decision"),
        "9": ("Thông tư", "circular"),
        "10": ("Thông tư liên tịch", "joint circular"),
        "11": ("Chỉ thị", "directive"),
        "12": ("Bộ luật", "code of law"),
        "13": ("Văn bản của đơn vị hành chính - kinh tế đặc biệt", "document of a special unit"),
    }
)
ADMINISTRATIVE_TYPE = _list(
    {
        "1": ("Nghị quyết", "resolution"),
        "2": ("Quyết định", "decision"),
        "3": ("Chỉ thị", "directive"),
        "4": ("Quy chế", "regulation"),
        "5": ("Quy định", "rules"),
        "6": ("Thông cáo", "communiqué"),
        "7": ("Thông báo", "notice"),
        "8": ("Hướng dẫn", "guidance"),
        "9": ("Chương trình", "programme"),
        "18": ("Công văn", "official letter"),
        "19": ("Công điện", "telegram"),
        "20": ("Bản ghi nhớ", "memorandum"),
        "21": ("Bản cam kết", "undertaking"),
        "22": ("Bản thỏa thuận", "agreement"),
        "23": ("Giấy chứng nhận", "certificate"),
        "24": ("Giấy ủy quyền", "authorisation"),
        "25": ("Giấy mời", "invitation"),
        "26": ("Giấy giới thiệu", "letter of introduction"),
    }
)
"""Only the certain codes. The two lists share numbers, and a package does not say which it means: TypeName
is the truth."""
