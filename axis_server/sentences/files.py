"""What is said of attachments and of their way here."""

from __future__ import annotations

from collections.abc import Mapping

from axis_server.sentences.saying import says
from signing.verdict import Sentence

FILES: Mapping[str, Sentence] = {
    "BASE64_MALFORMED": says(
        "The content of an attachment is not base64.",
        "Nội dung tệp đính kèm không phải là base64 hợp lệ.",
        "Encode the attachment again, and seal again.",
        "Mã hóa lại tệp đính kèm rồi ký lại.",
    ),
    "ATTACHMENT_UNNAMED": says(
        "An attachment has no name by which it could be told from the others.",
        "Có tệp đính kèm không có tên hoặc mã để phân biệt.",
        "Give every attachment a ContentId and a name, and seal again.",
        "Đặt ContentId và tên cho mọi tệp đính kèm rồi ký lại.",
    ),
    "DUPLICATE_CONTENT_ID": says(
        "Two attachments carry the same ContentId.",
        "Có hai tệp đính kèm trùng ContentId.",
        "Give every attachment a ContentId of its own, and seal again.",
        "Đặt ContentId riêng cho từng tệp đính kèm rồi ký lại.",
    ),
    "ATTACHMENT_MISSING": says(
        "An attachment that the document names is not here.",
        "Thiếu tệp đính kèm mà văn bản có nêu.",
        "Upload the attachment that the detail names, then send the same package again.",
        "Tải lên tệp đính kèm nêu trong chi tiết rồi gửi lại đúng gói tin này.",
    ),
    "ATTACHMENT_NOT_SEALED": says(
        "An attachment outside the package is not covered by the seal.",
        "Tệp đính kèm nằm ngoài gói tin không được chữ ký bảo vệ.",
        "Put its digest in the seal as a cid: reference, or its content in the package, and seal again.",
        "Đưa mã băm của tệp vào chữ ký bằng tham chiếu cid:, hoặc đưa nội dung vào gói, rồi ký lại.",
    ),
    "ATTACHMENT_TOO_LARGE": says(
        "The file is larger than the axis takes.",
        "Tệp vượt quá dung lượng mà trục tiếp nhận.",
        "Split the file, or agree on another way with the recipient.",
        "Chia nhỏ tệp, hoặc thống nhất cách gửi khác với nơi nhận.",
    ),
    "TOO_MANY_ATTACHMENTS": says(
        "The package has more attachments than the axis takes.",
        "Gói tin có quá nhiều tệp đính kèm.",
        "Gather the attachments in fewer files, and seal again.",
        "Gộp các tệp đính kèm lại rồi ký lại.",
    ),
    "ZIP_BOMB": says(
        "An attachment unpacks to far more than it may.",
        "Tệp đính kèm giải nén ra dung lượng lớn bất thường.",
        "Send the file itself, not packed so.",
        "Gửi chính tệp đó, không nén theo cách này.",
    ),
    "DIGEST_MISMATCH": says(
        "The bytes do not match the digest given for them.",
        "Dữ liệu không khớp với mã băm đã khai báo hoặc đã ký.",
        "Send the bytes that the digest was made of; a document changed after sealing is sealed again.",
        "Gửi đúng dữ liệu đã tính mã băm; nếu văn bản bị sửa sau khi ký thì phải ký lại.",
    ),
    "OFFSET_MISMATCH": says(
        "The transfer was continued at the wrong place.",
        "Việc truyền tệp được nối tiếp sai vị trí.",
        "Go on at the offset that the answer names.",
        "Tiếp tục từ vị trí nêu trong phản hồi.",
    ),
    "STREAM_TRUNCATED": says(
        "The upload ended early; what arrived is kept.",
        "Việc tải lên bị ngắt giữa chừng; phần đã nhận được giữ lại.",
        "Go on at the offset that the answer names.",
        "Tiếp tục từ vị trí nêu trong phản hồi.",
    ),
    "UPLOAD_QUOTA": says(
        "Too many uploads of your agency are unfinished.",
        "Cơ quan của quý vị có quá nhiều tệp tải lên chưa hoàn tất.",
        "Finish the uploads that were begun; what nobody goes on with is dropped after some days.",
        "Hoàn tất các tệp đang tải dở; tệp bị bỏ dở sẽ tự bị xóa sau một số ngày.",
    ),
}
