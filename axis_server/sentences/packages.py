"""What is said of a package and its document."""

from __future__ import annotations

from collections.abc import Mapping

from axis_server.sentences.saying import says
from signing.verdict import Sentence

PACKAGES: Mapping[str, Sentence] = {
    "SENDER_MISMATCH": says(
        "The package names another agency as its sender.",
        "Gói tin ghi cơ quan gửi là một cơ quan khác.",
        "Send it from the agency in From, or in its name (`--for`), or correct From/OrganId and seal again.",
        "Gửi từ cơ quan ghi tại From, hoặc thay mặt cơ quan đó (`--for`), hoặc sửa From/OrganId rồi ký lại.",
    ),
    "SIGNER_MISMATCH": says(
        "The signer's certificate is not registered to seal for your agency.",
        "Chứng thư số của người ký chưa được đăng ký để ký thay mặt cơ quan của quý vị.",
        "Seal with your agency's certificate, or ask the axis's operator to register this one.",
        "Ký bằng chứng thư số của cơ quan, hoặc đề nghị đơn vị vận hành trục đăng ký chứng thư này.",
    ),
    "PACKAGE_TOO_LARGE": says(
        "The package is larger than the axis takes.",
        "Gói tin vượt quá dung lượng mà trục tiếp nhận.",
        "Detach the large attachments: upload them and seal their digests.",
        "Tách các tệp đính kèm lớn: tải lên riêng và ký mã băm của chúng.",
    ),
    "NOT_EDXML": says(
        "The document is not an edXML package.",
        "Tài liệu không phải là gói tin edXML.",
        "Send a package after QCVN 102:2016.",
        "Gửi gói tin theo QCVN 102:2016.",
    ),
    "EDXML_INCOMPLETE": says(
        "The edXML package lacks something it must have.",
        "Gói tin edXML thiếu thành phần bắt buộc.",
        "Add what the detail names, and seal again.",
        "Bổ sung thành phần nêu trong chi tiết rồi ký lại.",
    ),
    "EDXML_AMBIGUOUS": says(
        "The edXML package can be read in more than one way.",
        "Gói tin edXML có thể bị hiểu theo nhiều cách.",
        "Remove what the detail names, and seal again.",
        "Bỏ thành phần nêu trong chi tiết rồi ký lại.",
    ),
    "EXTENSIONS_UNFIT": says(
        "The package holds elements outside the standard that the axis cannot keep as they are.",
        "Gói tin có thành phần ngoài quy chuẩn mà trục không thể giữ nguyên.",
        "Remove the elements that the standard does not name, and seal again.",
        "Bỏ các thành phần không có trong quy chuẩn rồi ký lại.",
    ),
    "KIND_UNKNOWN": says(
        "The package's business type is none of 0, 1, 2, 3.",
        "Loại nghiệp vụ của gói tin không thuộc 0, 1, 2, 3.",
        "Set BussinessDocType to 0 (new), 1 (revoke), 2 (update) or 3 (replace), and seal again.",
        "Đặt BussinessDocType là 0 (mới), 1 (thu hồi), 2 (cập nhật) hoặc 3 (thay thế) rồi ký lại.",
    ),
    "STATUS_UNKNOWN": says(
        "The status code is not one of the standard's.",
        "Mã trạng thái không có trong quy chuẩn.",
        "Use a status code of QCVN 102:2016, and seal again.",
        "Dùng mã trạng thái theo QCVN 102:2016 rồi ký lại.",
    ),
    "NOT_A_DOCUMENT": says(
        "This is a status package, and a document package was expected.",
        "Đây là gói tin trạng thái, trong khi cần gói tin văn bản.",
        "Report statuses on the delivery that they are about.",
        "Gửi trạng thái theo đúng văn bản đã nhận.",
    ),
    "NOT_A_STATUS": says(
        "This is a document package, and a status package was expected.",
        "Đây là gói tin văn bản, trong khi cần gói tin trạng thái.",
        "Submit documents as documents.",
        "Gửi văn bản bằng chức năng gửi văn bản.",
    ),
    "FIELD_TOO_LONG": says(
        "A field is longer than any identifier or name may be.",
        "Một trường dữ liệu dài quá mức cho phép.",
        "Shorten the field that the detail names, and seal again.",
        "Rút ngắn trường nêu trong chi tiết rồi ký lại.",
    ),
    "DOCUMENT_ID_MISSING": says(
        "A new document has no DocumentId.",
        "Văn bản mới không có mã định danh văn bản (DocumentId).",
        "Give it a DocumentId of its own, and seal again.",
        "Đặt DocumentId riêng cho văn bản rồi ký lại.",
    ),
    "DOCUMENT_ID_TAKEN": says(
        "Your agency has sent another package under this DocumentId.",
        "Cơ quan của quý vị đã gửi một gói tin khác với cùng mã định danh văn bản (DocumentId).",
        "Look at the dispatch that holds it: it may be this document. Else number the new one anew.",
        "Kiểm tra gói tin đã gửi: có thể chính là văn bản này. Nếu không, đặt mã mới cho văn bản mới.",
    ),
    "DOCUMENT_UNKNOWN": says(
        "Your agency has sent no document under this DocumentId.",
        "Cơ quan của quý vị chưa gửi văn bản nào có mã định danh (DocumentId) này.",
        "Name the DocumentId of a document that you sent, and seal again.",
        "Ghi đúng mã định danh của văn bản đã gửi rồi ký lại.",
    ),
    "DOCUMENT_RECALLED": says(
        "The document is being recalled, or was taken back from everyone.",
        "Văn bản đang được thu hồi hoặc đã được thu hồi khỏi mọi nơi nhận.",
        "Wait until the recall is answered; what was taken back from everyone is sent as a new document.",
        "Chờ kết quả thu hồi; nếu đã thu hồi khỏi mọi nơi nhận thì gửi thành văn bản mới.",
    ),
}
