"""What is said of how long documents are kept."""

from __future__ import annotations

from collections.abc import Mapping

from axis_server.sentences.saying import says
from signing.verdict import Sentence

ARCHIVING: Mapping[str, Sentence] = {
    "CLASS_UNKNOWN": says(
        "There is no such retention class.",
        "Không có thời hạn lưu trữ này.",
        "Choose one of those named; the axis's operator configures them.",
        "Chọn một trong các thời hạn nêu trong chi tiết; đơn vị vận hành trục cấu hình danh mục này.",
    ),
    "TOO_MANY_DECISIONS": says(
        "As much was decided about this document, or filed in this record, as one agency may.",
        "Số quyết định của cơ quan về văn bản này, hoặc số văn bản trong hồ sơ này, đã đến mức tối đa.",
        "Leave it as it stands, lift what is not needed, or file under another record.",
        "Giữ như hiện tại, gỡ lệnh phong tỏa không cần nữa, hoặc xếp vào hồ sơ khác.",
    ),
    "ORDER_EXPIRED": says(
        "The order was made too long ago to be submitted: nothing was disposed of.",
        "Quyết định hủy được lập quá lâu, không còn giá trị để gửi: không văn bản nào bị hủy.",
        "Make the order anew with `axis disposal order`, from what is due now.",
        "Lập lại quyết định bằng `axis disposal order` theo danh sách hết thời hạn hiện nay.",
    ),
    "APPROVAL_MISSING": says(
        "The order needs the seal of another person of the authority: nothing was disposed of.",
        "Quyết định hủy cần thêm chữ ký số của người thứ hai: không văn bản nào bị hủy.",
        "Have another archivist run `axis disposal approve ORDER -o APPROVAL`, and submit both: "
        "`axis disposal submit ORDER --approval APPROVAL`.",
        "Đề nghị người có thẩm quyền khác chạy `axis disposal approve QUYẾT-ĐỊNH -o PHÊ-DUYỆT`, rồi gửi cả "
        "hai: `axis disposal submit QUYẾT-ĐỊNH --approval PHÊ-DUYỆT`.",
    ),
    "ORDER_UNFIT": says(
        "This is no disposal order that the axis can carry out as it stands.",
        "Quyết định hủy này không thực hiện được: nội dung không hợp lệ hoặc không khớp hồ sơ trên trục.",
        "Make the order anew with `axis disposal order`, from what `axis disposal list` shows now.",
        "Lập lại quyết định bằng `axis disposal order` từ danh sách hiện tại của `axis disposal list`.",
    ),
    "NOT_DUE": says(
        "A document of the order must be kept longer: nothing was disposed of.",
        "Có văn bản chưa hết thời hạn lưu trữ: không văn bản nào bị hủy.",
        "Leave it out of the order, or wait until it is due.",
        "Bỏ văn bản đó khỏi quyết định, hoặc chờ hết thời hạn.",
    ),
    "HELD": says(
        "A document of the order is under a legal hold: nothing was disposed of.",
        "Có văn bản đang bị phong tỏa theo yêu cầu pháp lý: không văn bản nào bị hủy.",
        "Leave it out of the order, or have who put the hold lift it.",
        "Bỏ văn bản đó khỏi quyết định, hoặc đề nghị cơ quan đã phong tỏa gỡ bỏ.",
    ),
    "DISPOSED": says(
        "The document was disposed of by a signed order: its files are gone, its evidence stays.",
        "Văn bản đã bị hủy theo quyết định có ký số: tệp không còn, bằng chứng vẫn được lưu.",
        "Take what proves it: axis evidence ID -o FILE.asice, or -o FOLDER for the evidence alone. The "
        "archive's authority has the order and the evidence of destruction.",
        "Lấy gói chứng cứ: axis evidence MÃ-GỬI -o TỆP.asice, hoặc -o THƯ-MỤC. Cơ quan quản lý lưu trữ có "
        "quyết định hủy và chứng nhận hủy.",
    ),
}
