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
        "Take its evidence into a folder: axis evidence ID -o FOLDER. The archive's authority has "
        "the order and the evidence of destruction.",
        "Lấy chứng cứ vào một thư mục: axis evidence MÃ-GỬI -o THƯ-MỤC. Cơ quan quản lý lưu trữ có "
        "quyết định hủy và chứng nhận hủy.",
    ),
}
