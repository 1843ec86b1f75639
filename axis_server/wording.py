"""What a refusal says of its case, in both languages: the same facts, in words of a clerk.

    Declined(Code.ATTACHMENT_TOO_LARGE, too_large(size, most))
    detail.english       # "30 bytes; the most is 20"
    detail.vietnamese    # "30 byte; tối đa 20 byte"

Who only meets programs says it in English alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

from axis_server.errors import Detail
from signing.spelling import VIETNAM

STATES: Mapping[str, str] = MappingProxyType(
    {
        "consigned": "chờ nhận",
        "fetched": "đang tải về",
        "handed_over": "đã đến",
        "accepted": "đã tiếp nhận",
        "refused": "từ chối tiếp nhận",
        "in_process": "đang xử lý",
        "done": "hoàn thành",
        "expired": "quá hạn",
        "taken_back": "đã lấy lại",
    }
)
"""As docs/lifecycle.md calls them."""
QUESTIONS: Mapping[str, str] = MappingProxyType(
    {"recall": "thu hồi", "removal": "bỏ khỏi nơi nhận", "replacement": "thay thế"}
)
PERIODS: Mapping[str, str] = MappingProxyType({"minute": "phút", "day": "ngày"})


def too_large(size: int, most: int) -> Detail:
    """Of something that has more bytes than it may."""
    return Detail(f"{size} bytes; the most is {most}", f"{size} byte; tối đa {most} byte")


def at_most(most: int, what: str, what_vietnamese: str) -> Detail:
    """Of something that may have so many bytes."""
    return Detail(f"{what} has at most {most} bytes", f"{what_vietnamese} có tối đa {most} byte")


def more_than(limit: int) -> Detail:
    """Of too many recipients."""
    return Detail(f"more than {limit} recipients", f"nhiều hơn {limit} nơi nhận")


def named(identifiers: Sequence[str], most: int) -> Detail:
    """Of identifiers: the first ones, and how many more there are."""
    rest = len(identifiers) - most

    def said(empty: str, more: str) -> str:
        shown = ", ".join(identifier or empty for identifier in identifiers[:most])
        return f"{shown} {more}" if rest > 0 else shown

    return Detail(said("(empty)", f"and {rest} more"), said("(để trống)", f"và {rest} mã khác"))


def cannot_follow(status: str, state: str) -> Detail:
    """Of an act that the table does not know; `status` is empty where no statement is."""
    act, act_vietnamese = (f"status {status}", f"trạng thái {status}") if status else ("this", "việc này")
    return Detail(
        f"{act} cannot follow when the delivery is {state}",
        f"{act_vietnamese} không thể báo khi văn bản đang ở bước: {STATES.get(state, state)}",
    )


def nothing_asked(state: str) -> Detail:
    return Detail(
        f"nothing is asked about it; the delivery is {state}",
        f"không có đề nghị nào đang chờ trả lời; văn bản đang ở bước: {STATES.get(state, state)}",
    )


def waits_for_answer(asked: str, status: str) -> Detail:
    """Of a status that comes while a question is open."""
    return Detail(
        f"a {asked} is asked; until it is answered, status {status} cannot follow",
        f"đang có đề nghị {QUESTIONS.get(asked, asked)}; phải trả lời trước khi báo trạng thái {status}",
    )


def asked_again_at(moment: datetime) -> Detail:
    """Of a question that comes too soon after a no; the time is that of Viet Nam for who reads it so."""
    local = moment.astimezone(VIETNAM)
    return Detail(
        f"the recipient answered 16; it can be asked again at {moment.isoformat()}",
        f"bên nhận đã trả lời 16; có thể đề nghị lại từ {local:%H:%M} ngày {local:%d/%m/%Y}",
    )


def held_by(dispatch_id: str) -> Detail:
    """Of a DocumentId: the dispatch that has it."""
    return Detail(f"dispatch {dispatch_id} holds it", f"mã gửi {dispatch_id} đang dùng mã này")


def most_in(most: int, period: str) -> Detail:
    """Of a rate; `period` is `minute` or `day`."""
    return Detail(f"{most} in a {period}", f"{most} mỗi {PERIODS[period]}")


def most_open(most: int) -> Detail:
    return Detail(f"{most} are open", f"đang mở {most} lời gọi")


def not_registered(agency_id: str) -> Detail:
    """Of a certificate that seals for an agency which does not name it."""
    return Detail(
        f"the certificate is not registered to seal for {agency_id}",
        f"chứng thư số này không được đăng ký để ký cho {agency_id}",
    )


def no_agency() -> Detail:
    return Detail("no agency has this identifier", "không có cơ quan nào mang mã này")


# How long documents are kept, and how they go.


def disposed_by(order_id: str) -> Detail:
    return Detail(f"by order {order_id}", f"quyết định {order_id}")


def classes(codes: Sequence[str]) -> Detail:
    """Of a class that there is not: those that there are."""
    known = ", ".join(codes)
    return Detail(f"the classes are {known}", f"các thời hạn: {known}")


def ended_within(first: int, last: int) -> Detail:
    """Of the year in which the work ended: not before the document was accepted, nor ahead."""
    return Detail(
        f"the work ended in a year from {first} to {last}",
        f"năm kết thúc công việc phải từ {first} đến {last}",
    )


def no_hold() -> Detail:
    return Detail("there is no such hold of this agency", "cơ quan không có lệnh phong tỏa nào mang mã này")


def lifted_already() -> Detail:
    return Detail("the hold was lifted already", "lệnh phong tỏa đã được gỡ")


def archivists_alone(role: str) -> Detail:
    return Detail(
        f"the role {role} decides nothing about retention",
        "chỉ chứng thư số có vai trò lưu trữ được quyết định về thời hạn lưu trữ",
    )


def authority_alone() -> Detail:
    return Detail(
        "archivists of the archive's authority alone dispose of documents",
        "chỉ cán bộ lưu trữ của cơ quan quản lý lưu trữ được hủy văn bản",
    )


def of_dispatch(dispatch_id: str) -> Detail:
    return Detail(f"dispatch {dispatch_id}", f"mã gửi {dispatch_id}")


def due_on(dispatch_id: str, class_code: str, first_day: date | None) -> Detail:
    """Of a document that must still be kept; without a day, for ever."""
    when, when_vietnamese = (
        (f"{first_day}", f"{first_day:%d/%m/%Y}") if first_day else ("never", "không bao giờ")
    )
    return Detail(
        f"dispatch {dispatch_id}: class {class_code}, due {when}",
        f"mã gửi {dispatch_id}: thời hạn {class_code}, được hủy từ: {when_vietnamese}",
    )


def made_on(made: datetime, days: int) -> Detail:
    """Of an order that is too old."""
    day = made.astimezone(VIETNAM)
    return Detail(
        f"it was made on {day:%Y-%m-%d}; an order can be submitted for {days} days",
        f"lập ngày {day:%d/%m/%Y}; quyết định có giá trị gửi trong {days} ngày",
    )


def seals_wanted(wanted: int, there: int) -> Detail:
    """Of an order that too few persons sealed."""
    return Detail(
        f"persons who sealed it: {there} of {wanted}; certificates of one name, or one key, are one person's",
        f"mới có chữ ký số của {there}/{wanted} người; chứng thư số cùng tên hay cùng khóa là một người",
    )


def most_decisions(most: int) -> Detail:
    return Detail(
        f"an agency decides at most {most} times about one document",
        f"mỗi cơ quan quyết định tối đa {most} lần về một văn bản",
    )


def most_in_record(most: int) -> Detail:
    return Detail(f"a record has at most {most} documents", f"một hồ sơ có tối đa {most} văn bản")


def another_document(dispatch_id: str) -> Detail:
    return Detail(
        f"dispatch {dispatch_id} is another document than the order says",
        f"mã gửi {dispatch_id} là văn bản khác với văn bản nêu trong quyết định",
    )


def another_term(dispatch_id: str, class_code: str, first_day: date | None) -> Detail:
    """Of an order whose class or day is not the ledger's."""
    day = f"{first_day:%d/%m/%Y}" if first_day else ""
    return Detail(
        f"dispatch {dispatch_id} has the class {class_code} and is due on {first_day}",
        f"mã gửi {dispatch_id} có thời hạn {class_code}, được hủy từ {day}",
    )
