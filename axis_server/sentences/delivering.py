"""What is said of deliveries and the statements about them."""

from __future__ import annotations

from collections.abc import Mapping

from axis_server.sentences.saying import says
from signing.verdict import Sentence

DELIVERING: Mapping[str, Sentence] = {
    "WRONG_STATE": says(
        "This status cannot follow where the delivery stands now.",
        "Trạng thái này không thể báo ở bước xử lý hiện tại.",
        "Look where the delivery stands, and report what follows from there. Nothing follows its end: ask"
        " the sender to send again what has expired.",
        "Xem trạng thái hiện tại của văn bản và báo trạng thái kế tiếp phù hợp. Lượt gửi đã kết thúc thì"
        " không báo được nữa; nếu quá hạn, đề nghị bên gửi gửi lại.",
    ),
    "REASON_REQUIRED": says(
        "This needs a reason.",
        "Phải nêu lý do.",
        "Write it in Description (of a status) or BussinessDocReason (of a package), and seal again.",
        "Ghi lý do tại Description (trạng thái) hoặc BussinessDocReason (gói tin) rồi ký lại.",
    ),
    "STATEMENT_MISMATCH": says(
        "The statement does not speak of this dispatch, or not for your agency.",
        "Gói tin trạng thái không nói về văn bản này, hoặc không phải của cơ quan quý vị.",
        "Take From, ResponseFor/OrganId and ResponseFor/DocumentId from the dispatch, and seal again.",
        "Lấy From, ResponseFor/OrganId và ResponseFor/DocumentId đúng theo văn bản rồi ký lại.",
    ),
    "HANDOVER_INCOMPLETE": says(
        "The hand-over does not prove exactly the parts of the dispatch.",
        "Xác nhận bàn giao chưa chứng minh đúng và đủ các phần của văn bản.",
        "Fetch the parts that the detail names, and seal the digest of every part.",
        "Tải lại các phần nêu trong chi tiết và ký mã băm của tất cả các phần.",
    ),
    "STATUS_FORBIDDEN": says(
        "This status is not yours to report about this dispatch.",
        "Quý vị không được báo trạng thái này cho văn bản này.",
        "01 to 06, 15 and 16 are the recipient's, 13 is the sender's; the detail says what fits here.",
        "01 đến 06, 15 và 16 do bên nhận báo, 13 do bên gửi báo; xem chi tiết để biết mã phù hợp.",
    ),
    "QUESTION_OPEN": says(
        "The sender asks for this document back, and that is not answered yet.",
        "Bên gửi đang đề nghị lấy lại văn bản này và chưa được trả lời.",
        "The recipient answers with 15 (agrees) or 16 (refuses, with a reason); then report again.",
        "Bên nhận trả lời 15 (đồng ý) hoặc 16 (từ chối, kèm lý do), sau đó báo lại.",
    ),
    "ASKED_LATELY": says(
        "The recipient refused to give this document back, and has not moved it on since.",
        "Bên nhận đã từ chối trả lại văn bản này và chưa xử lý gì thêm từ đó.",
        "Ask again at the time that the detail names, or once the recipient reports 01 or 03 to 06.",
        "Đề nghị lại vào thời điểm nêu trong chi tiết, hoặc sau khi bên nhận báo 01, 03, 04, 05 hoặc 06.",
    ),
    "WITHHELD": says(
        "The document was taken back, or is asked back before it was fetched: it is not handed out.",
        "Văn bản đã được lấy lại, hoặc được đề nghị lấy lại khi chưa tải về: không giao nội dung.",
        "If it is asked back, answer with 15 (agrees) or 16 (refuses, with a reason); after 16 it can be"
        " fetched. What was taken back is handed out no more.",
        "Nếu đang có đề nghị, trả lời 15 (đồng ý) hoặc 16 (không đồng ý, kèm lý do); sau khi báo 16 có"
        " thể tải văn bản. Văn bản đã trả lại thì không tải được nữa.",
    ),
    "LEASE_LOST": says(
        "This delivery is not in your hands any more: another system has it, or it was given back.",
        "Hệ thống của quý vị không còn giữ văn bản này: hệ thống khác đang giữ, hoặc đã được trả lại.",
        "Stop working on it, and take again.",
        "Dừng xử lý văn bản này và nhận lại từ hàng đợi.",
    ),
    "TOO_MANY_ASIDES": says(
        "Your agency has set aside as much as it may at a time.",
        "Cơ quan của quý vị đã để riêng quá nhiều mục chưa xử lý.",
        "Look at what is set aside (`axis aside`), mend its cause, and take items up again.",
        "Xem các mục đã để riêng (`axis aside`), khắc phục nguyên nhân rồi đưa các mục trở lại xử lý.",
    ),
}
