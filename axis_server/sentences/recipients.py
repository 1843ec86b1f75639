"""What is said of a package's recipients."""

from __future__ import annotations

from collections.abc import Mapping

from axis_server.sentences.saying import says
from signing.verdict import Sentence

RECIPIENTS: Mapping[str, Sentence] = {
    "NO_RECIPIENT": says(
        "The package names no recipient.",
        "Gói tin không có nơi nhận.",
        "Name at least one recipient in To, and seal again.",
        "Ghi ít nhất một nơi nhận tại To rồi ký lại.",
    ),
    "UNKNOWN_RECIPIENT": says(
        "A recipient is not in the directory; nothing was sent to anyone.",
        "Có nơi nhận không có trong danh bạ; văn bản chưa được gửi tới nơi nào.",
        "Correct the identifiers that the detail names and seal again, or have them registered.",
        "Sửa các mã định danh nêu trong chi tiết rồi ký lại, hoặc đề nghị đơn vị vận hành đăng ký.",
    ),
    "SUSPENDED_RECIPIENT": says(
        "A recipient is suspended on the axis, has not begun there or has ended; nothing was sent to anyone.",
        "Có nơi nhận bị tạm dừng, chưa bắt đầu hoặc đã kết thúc trên trục; văn bản chưa gửi tới nơi nào.",
        "Look it up with `axis agency ID`; leave it out and seal again, or wait until it is there.",
        "Tra bằng `axis agency MÃ`; bỏ nơi nhận đó rồi ký lại, hoặc chờ đến khi nơi nhận hoạt động.",
    ),
    "TOO_MANY_RECIPIENTS": says(
        "The package names more recipients than the axis takes at once.",
        "Gói tin có quá nhiều nơi nhận cho một lần gửi.",
        "Send the document in several packages.",
        "Gửi văn bản thành nhiều gói tin.",
    ),
    "RECIPIENT_UNFIT": says(
        "A recipient's systems do not take this package; nothing was sent to anyone.",
        "Hệ thống của nơi nhận không nhận được gói tin này; văn bản chưa được gửi tới nơi nào.",
        "Send what the recipient takes, or ask it to tell the axis's operator what it takes now.",
        "Gửi đúng loại mà nơi nhận tiếp nhận được, hoặc đề nghị nơi nhận cập nhật khả năng tiếp nhận.",
    ),
    "RECIPIENT_ENDED": says(
        "An agency that the update adds was a recipient before, and refused, gave back or missed it.",
        "Cơ quan được bổ sung từng là nơi nhận và đã từ chối, trả lại hoặc để quá hạn văn bản.",
        "Send the document to it anew, as a new document.",
        "Gửi lại cho cơ quan đó thành một văn bản mới.",
    ),
    "NOT_A_RECIPIENT": says(
        "The document was not sent to an agency that is to give it back.",
        "Văn bản chưa từng được gửi tới cơ quan được yêu cầu thu hồi, loại bỏ hoặc thay thế.",
        "Name recipients of the document alone, and seal again.",
        "Chỉ nêu những nơi đã nhận văn bản rồi ký lại.",
    ),
}
