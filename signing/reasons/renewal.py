"""What the reasons about an evidence record (RFC 4998) say."""

from __future__ import annotations

from collections.abc import Mapping

from signing.reasons.codes import Reason, Sentence

_ANOTHER_COPY = "Do not rely on this copy; take the evidence record from the axis again."
_ANOTHER_COPY_VIETNAMESE = "Không sử dụng bản này; lấy lại bản ghi chứng cứ từ trục liên thông."
_REPORT = "Do not rely on it; ask the archive for its own copy, and report it to the archive's operator."
_REPORT_VIETNAMESE = "Không sử dụng; đề nghị bên lưu trữ cấp bản của họ và báo cho bên vận hành lưu trữ."

RENEWAL: Mapping[Reason, Sentence] = {
    Reason.RENEWAL_MALFORMED: Sentence(
        english="The evidence record is not built as RFC 4998 requires.",
        vietnamese="Bản ghi chứng cứ không có cấu trúc theo đúng RFC 4998.",
        next_step=_ANOTHER_COPY,
        next_step_vietnamese=_ANOTHER_COPY_VIETNAMESE,
    ),
    Reason.RENEWAL_OBJECT_NOT_COVERED: Sentence(
        english="The evidence record does not cover this file.",
        vietnamese="Bản ghi chứng cứ không bao gồm tệp này.",
        next_step="Look for the evidence record of this very file; the file may have been changed.",
        next_step_vietnamese="Tìm bản ghi chứng cứ của đúng tệp này; tệp có thể đã bị thay đổi.",
    ),
    Reason.RENEWAL_OBJECT_MISSING: Sentence(
        english="The evidence record covers a file that is not here.",
        vietnamese="Bản ghi chứng cứ bao gồm một tệp không có ở đây.",
        next_step="Get all files that were protected together, and check again.",
        next_step_vietnamese="Lấy đủ các tệp được bảo vệ cùng nhau rồi kiểm tra lại.",
    ),
    Reason.RENEWAL_IMPRINT_MISMATCH: Sentence(
        english="The hash tree of the evidence record does not lead to what was time-stamped.",
        vietnamese="Cây băm của bản ghi chứng cứ không dẫn đến giá trị đã được gắn dấu thời gian.",
        next_step=_ANOTHER_COPY,
        next_step_vietnamese=_ANOTHER_COPY_VIETNAMESE,
    ),
    Reason.RENEWAL_HASH_MIXED: Sentence(
        english="One chain of the evidence record uses more than one hash algorithm.",
        vietnamese="Một chuỗi trong bản ghi chứng cứ dùng nhiều hơn một thuật toán băm.",
        next_step=_REPORT,
        next_step_vietnamese=_REPORT_VIETNAMESE,
    ),
    Reason.RENEWAL_LINK_BROKEN: Sentence(
        english="A time-stamp of the evidence record does not cover the one before it.",
        vietnamese="Một dấu thời gian trong bản ghi chứng cứ không bao gồm dấu thời gian trước nó.",
        next_step=_REPORT,
        next_step_vietnamese=_REPORT_VIETNAMESE,
    ),
    Reason.RENEWAL_SEQUENCE_BROKEN: Sentence(
        english="A chain of the evidence record does not cover the file together with the chains before it.",
        vietnamese="Một chuỗi trong bản ghi chứng cứ không bao gồm tệp cùng với các chuỗi trước đó.",
        next_step=_REPORT,
        next_step_vietnamese=_REPORT_VIETNAMESE,
    ),
    Reason.RENEWAL_ORDER_WRONG: Sentence(
        english="A time-stamp of the evidence record is older than the one that it renews.",
        vietnamese="Một dấu thời gian trong bản ghi chứng cứ có trước dấu thời gian mà nó gia hạn.",
        next_step=_REPORT,
        next_step_vietnamese=_REPORT_VIETNAMESE,
    ),
    Reason.RENEWAL_TOO_LATE: Sentence(
        english="The evidence record was renewed after the last time-stamp, or its algorithm, had ended.",
        vietnamese=(
            "Bản ghi chứng cứ được gia hạn sau khi dấu thời gian trước đó hoặc thuật toán của nó đã hết hạn."
        ),
        next_step="It proves nothing about the time before; look for other proof.",
        next_step_vietnamese="Bản ghi không chứng minh được khoảng thời gian trước đó; tìm chứng cứ khác.",
    ),
    Reason.RENEWAL_ENDED: Sentence(
        english="The evidence record ends with a time-stamp that no longer holds.",
        vietnamese="Bản ghi chứng cứ kết thúc bằng một dấu thời gian không còn hiệu lực.",
        next_step="Ask the axis for the record as it was renewed since.",
        next_step_vietnamese="Đề nghị trục liên thông cấp bản ghi đã được gia hạn sau đó.",
    ),
    Reason.HASH_OUTLIVED: Sentence(
        english="The hash algorithm is no longer trusted, and nothing shows that this is older than its end.",
        vietnamese=(
            "Thuật toán băm không còn được tin cậy, không có gì chứng minh dữ liệu có trước thời điểm đó."
        ),
        next_step="Ask the axis for the evidence record, and check again with it.",
        next_step_vietnamese="Đề nghị trục liên thông cấp bản ghi chứng cứ rồi kiểm tra lại.",
    ),
}
