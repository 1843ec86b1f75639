"""What a check warns of, in sentences for people: odd, and not refused.

Keyed by the codes that stand before the colon of a warning: those of `edxml.reader` that speak of packages,
those of a seal, and the axis's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from axis_server.sentences.saying import says
from signing.verdict import Sentence

SIGNING_CERTIFICATE_ENDS = "SIGNING_CERTIFICATE_ENDS"
CONNECTING_CERTIFICATE_ENDS = "CONNECTING_CERTIFICATE_ENDS"
SAME_NUMBER = "SAME_NUMBER"
MANY_RECIPIENTS = "MANY_RECIPIENTS"
DUE_DATE_PAST = "DUE_DATE_PAST"
ALREADY_ACCEPTED = "ALREADY_ACCEPTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """One thing that is odd."""

    code: str
    """A key of `CAUTIONS`."""
    detail: str = ""
    """English, for small print."""
    facts: Mapping[str, str] = field(default_factory=dict)


def caution_of(warning: str) -> Caution:
    """Reads a warning as an entry keeps it: `CODE` or `CODE: detail`."""
    code, _, detail = warning.partition(": ")
    return Caution(code=code, detail=detail)


_CORRECT = ("Correct it and seal again, if it matters.", "Sửa rồi ký lại nếu cần.")

_OF_THE_PACKAGE: Mapping[str, Sentence] = {
    "FIELD_TOO_LONG": says(
        "A field is longer than the law allows; other systems may cut it.",
        "Có trường dài hơn quy định; hệ thống khác có thể cắt bớt.",
        "Shorten it and seal again, if the recipients' systems need it.",
        "Rút gọn rồi ký lại nếu hệ thống nơi nhận yêu cầu.",
    ),
    "FIELD_MISSING": says(
        "Something that the standard demands is missing.",
        "Thiếu thông tin mà quy chuẩn yêu cầu.",
        "Add it and seal again, if the recipients' systems need it.",
        "Bổ sung rồi ký lại nếu hệ thống nơi nhận yêu cầu.",
    ),
    "RECIPIENT_EMPTY": says(
        "An empty recipient stands in the list and was left out.",
        "Danh sách có nơi nhận để trống; nơi nhận này bị bỏ qua.",
        "Check that nobody is missing from the recipients.",
        "Kiểm tra xem có thiếu nơi nhận nào không.",
    ),
    "ORGAN_ID_MISSING": says(
        "A recipient is named without an identifier.",
        "Có nơi nhận không ghi mã định danh.",
        "Give its identifier and seal again.",
        "Ghi mã định danh rồi ký lại.",
    ),
    "IDS_DISAGREE": says(
        "Two places that should name the same thing name different ones.",
        "Hai chỗ lẽ ra ghi cùng một mã lại ghi khác nhau.",
        *_CORRECT,
    ),
    "NOT_IN_MANIFEST": says(
        "An attachment is not named in the list of attachments.",
        "Có tệp đính kèm không được nêu trong danh mục tệp.",
        *_CORRECT,
    ),
    "ATTACHMENT_DISAGREES": says(
        "An attachment is described in two ways.",
        "Một tệp đính kèm được mô tả theo hai cách khác nhau.",
        *_CORRECT,
    ),
    "ATTACHMENT_EMPTY": says(
        "An attachment is an empty file.",
        "Có tệp đính kèm rỗng.",
        "Check that it is the right file.",
        "Kiểm tra xem có đúng tệp cần gửi không.",
    ),
    "WRONG_CONTENT_TYPE": says(
        "An attachment is not what its label says.",
        "Có tệp đính kèm không đúng loại đã ghi.",
        *_CORRECT,
    ),
    "PRIORITY_UNKNOWN": says(
        "The priority is unknown and was taken for normal.",
        "Độ khẩn không có trong danh mục; văn bản được coi là thường.",
        "Give a priority from 0 to 4 and seal again, if it is urgent.",
        "Ghi độ khẩn từ 0 đến 4 rồi ký lại nếu là văn bản khẩn.",
    ),
    "STEERING_UNKNOWN": says(
        "The kind of steering is unknown.",
        "Loại chỉ đạo không có trong danh mục.",
        *_CORRECT,
    ),
    "RECEIVER_TYPE_UNKNOWN": says(
        "The update does not say whether it adds or removes a recipient; that line does nothing.",
        "Gói cập nhật không ghi rõ bổ sung hay loại bỏ nơi nhận; dòng đó không có tác dụng.",
        "Write 0 to remove or 1 to add, and seal again.",
        "Ghi 0 để loại bỏ hoặc 1 để bổ sung rồi ký lại.",
    ),
    "DATE_UNREADABLE": says(
        "A date cannot be read.",
        "Có ngày tháng không đọc được.",
        "Write it as yyyy/MM/dd and seal again.",
        "Ghi theo dạng yyyy/MM/dd rồi ký lại.",
    ),
    "PSEUDO_SIGNATURE": says(
        "The package holds something that looks like a signature and is none.",
        "Gói tin có phần giống chữ ký số nhưng không phải chữ ký số.",
        "Nothing to do: the seal beside it is what counts.",
        "Không cần làm gì: chữ ký số hợp lệ bên cạnh mới có giá trị.",
    ),
    "NAMESAKE": says(
        "Something with a known name stands in a foreign namespace and was not read.",
        "Có thành phần trùng tên nhưng thuộc không gian tên khác nên không được đọc.",
        *_CORRECT,
    ),
    "WARNINGS_CUT": says(
        "There were more warnings.",
        "Còn các cảnh báo khác.",
        "Correct these first, and check again.",
        "Sửa các điểm này trước rồi kiểm tra lại.",
    ),
    "REVOCATION_NOT_CHECKED": says(
        "No revocation list covers the signer's certificate.",
        "Không có danh sách thu hồi cho chứng thư số của người ký.",
        "Nothing to do: the axis does not demand one.",
        "Không cần làm gì: trục không bắt buộc.",
    ),
}
_OF_THE_AXIS: Mapping[str, Sentence] = {
    "RECIPIENT_LEFT_OUT": says(
        "Members of a group that cannot be reached are left out.",
        "Một số thành viên của nhóm nơi nhận không nhận được và bị bỏ qua.",
        "Send to them in another way, or wait until they can be reached.",
        "Gửi cho các nơi đó bằng cách khác, hoặc chờ đến khi họ nhận được.",
    ),
    "NOT_ASKED": says(
        "Not everyone who is named can be asked for the document.",
        "Không thể yêu cầu tất cả những nơi được nêu trả lại văn bản.",
        "Nothing to do for those who do not hold it or are being asked already; who refused lately can be"
        " asked again later.",
        "Không cần làm gì với nơi không giữ văn bản hoặc đang được yêu cầu; nơi vừa từ chối thì có thể đề"
        " nghị lại sau.",
    ),
    "STILL_HELD": says(
        "Others hold the document and are not asked to give it back.",
        "Còn nơi khác đang giữ văn bản mà không được yêu cầu trả lại.",
        "To recall it from them too, name them among the recipients (To) and seal again.",
        "Nếu muốn thu hồi cả ở những nơi đó, ghi họ vào nơi nhận (To) rồi ký lại.",
    ),
    SIGNING_CERTIFICATE_ENDS: says(
        "The signer's certificate ends soon.",
        "Chứng thư số của người ký sắp hết hạn.",
        "Have it renewed, and the new one registered with the axis.",
        "Gia hạn chứng thư số và đăng ký chứng thư mới với trục.",
    ),
    CONNECTING_CERTIFICATE_ENDS: says(
        "The certificate that you connect with ends soon.",
        "Chứng thư số dùng để kết nối sắp hết hạn.",
        "Have it renewed, and the new one registered with the axis.",
        "Gia hạn chứng thư số và đăng ký chứng thư mới với trục.",
    ),
    SAME_NUMBER: says(
        "Your agency has sent a document of the same number and notation.",
        "Cơ quan của quý vị đã gửi văn bản có cùng số và ký hiệu.",
        "Look at the dispatch that the detail names: it may be the same document.",
        "Xem gói tin nêu trong chi tiết: có thể là cùng một văn bản.",
    ),
    MANY_RECIPIENTS: says(
        "The package has nearly as many recipients as the axis takes at once.",
        "Số nơi nhận gần chạm giới hạn cho một lần gửi.",
        "Send a document for more recipients in several packages.",
        "Nếu cần thêm nơi nhận, gửi văn bản thành nhiều gói tin.",
    ),
    DUE_DATE_PAST: says(
        "The due date lies in the past.",
        "Hạn trả lời đã qua.",
        "Correct DueDate and seal again, or send it as it is: the axis's own deadlines hold.",
        "Sửa hạn trả lời (DueDate) rồi ký lại, hoặc gửi nguyên như vậy: trục dùng thời hạn của mình.",
    ),
    ALREADY_ACCEPTED: says(
        "The axis accepted this very package before.",
        "Trục đã tiếp nhận chính gói tin này trước đó.",
        "Nothing to do: to send it again is to get the same evidence.",
        "Không cần làm gì: gửi lại sẽ nhận đúng bằng chứng cũ.",
    ),
}
CAUTIONS: Mapping[str, Sentence] = MappingProxyType({**_OF_THE_PACKAGE, **_OF_THE_AXIS})
ODD = says(
    "The axis noted something odd when it took the package.",
    "Trục đã ghi nhận điểm bất thường khi tiếp nhận gói tin.",
    "See the code in the documentation of that version of the axis.",
    "Tra mã này trong tài liệu của phiên bản trục tương ứng.",
)


def said_of(code: str) -> Sentence:
    """Returns what a warning says; `ODD` for one that another version of the axis kept with a dispatch."""
    return CAUTIONS.get(code, ODD)


def of_the_axis() -> Iterator[tuple[str, str]]:
    """Yields the axis's own warnings: code and English sentence."""
    return ((code, said.english) for code, said in _OF_THE_AXIS.items())
