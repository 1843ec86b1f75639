"""What is said of the axis itself, and of how much it takes."""

from __future__ import annotations

from collections.abc import Mapping

from axis_server.sentences.saying import says
from signing.verdict import Sentence

SERVING: Mapping[str, Sentence] = {
    "STORE_UNAVAILABLE": says(
        "The axis cannot reach its store; nothing is known about the effect.",
        "Trục tạm thời không truy cập được kho lưu trữ; chưa rõ kết quả.",
        "Send the same again: it is done at most once.",
        "Gửi lại đúng yêu cầu này: việc chỉ được thực hiện một lần.",
    ),
    "LOG_LAGS": says(
        "No checkpoint of the log covers this yet.",
        "Nhật ký minh bạch chưa có điểm kiểm bao gồm mục này.",
        "Ask again in a few seconds. If it lasts, tell the operator: the log is not being signed.",
        "Hỏi lại sau vài giây. Nếu kéo dài, báo đơn vị vận hành trục: nhật ký không được ký.",
    ),
    "STORE_FULL": says(
        "The axis's store is full; nothing was kept.",
        "Kho lưu trữ của trục đã đầy; chưa lưu gì.",
        "Send the same again later, or tell the axis's operator.",
        "Gửi lại sau, hoặc báo cho đơn vị vận hành trục.",
    ),
    "TOO_MANY_CALLS": says(
        "Your agency has too many calls open at once.",
        "Cơ quan của quý vị đang mở quá nhiều yêu cầu cùng lúc.",
        "Let open calls end, and send this one again.",
        "Chờ các yêu cầu đang mở kết thúc rồi gửi lại yêu cầu này.",
    ),
    "TOO_MANY_DOCUMENTS": says(
        "Your agency is sending or checking documents faster than the axis takes them from one agency.",
        "Cơ quan của quý vị đang gửi hoặc kiểm tra văn bản nhanh hơn mức trục cho phép một cơ quan.",
        "Send the same again after the time that the axis names; nothing is lost. If this is usual for"
        " your agency, ask the axis's operator for more.",
        "Gửi lại chính gói tin này sau thời gian trục nêu; không mất gì. Nếu thường xuyên cần gửi"
        " nhiều, đề nghị đơn vị vận hành trục nâng mức.",
    ),
    "TOO_MANY_STATEMENTS": says(
        "Your agency is reporting statuses faster than the axis takes them from one agency.",
        "Cơ quan của quý vị đang báo trạng thái nhanh hơn mức trục cho phép một cơ quan.",
        "Report the same again after the time that the axis names; nothing is lost. If this is usual for"
        " your agency, ask the axis's operator for more.",
        "Báo lại chính trạng thái này sau thời gian trục nêu; không mất gì. Nếu thường xuyên cần"
        " báo nhiều, đề nghị đơn vị vận hành trục nâng mức.",
    ),
    "TOO_MANY_BYTES": says(
        "Your agency has sent as many bytes as the axis keeps for one agency in a day.",
        "Cơ quan của quý vị đã gửi hết dung lượng mà trục lưu cho một cơ quan trong một ngày.",
        "Send the same again after the time that the axis names; nothing is lost. If this is usual for"
        " your agency, ask the axis's operator for more.",
        "Gửi lại sau thời gian trục nêu; không mất gì. Nếu thường xuyên cần gửi nhiều, đề nghị đơn vị"
        " vận hành trục nâng mức.",
    ),
    "TOO_MANY_REFUSALS": says(
        "Too many documents of your agency were refused in a short time; this refusal was not attested.",
        "Trong thời gian ngắn có quá nhiều văn bản của cơ quan bị từ chối; lần này không cấp chứng cứ.",
        "Mend the document as the detail names, wait a minute, and send again.",
        "Sửa văn bản theo chi tiết, chờ một phút rồi gửi lại.",
    ),
    "TOO_MANY_WATCHES": says(
        "Too many inboxes are being watched at once.",
        "Có quá nhiều kết nối đang theo dõi hộp thư đến cùng lúc.",
        "Close a watch that is not needed, or ask for the inbox from time to time instead.",
        "Đóng bớt kết nối theo dõi không cần thiết, hoặc định kỳ kiểm tra hộp thư đến.",
    ),
    "SHUTTING_DOWN": says(
        "The axis is shutting down.",
        "Trục đang dừng để bảo trì.",
        "Send the same again in a moment.",
        "Gửi lại sau ít phút.",
    ),
    "CORRUPT": says(
        "Stored bytes are not what was accepted; they are not handed out.",
        "Dữ liệu lưu trữ không còn đúng như khi tiếp nhận; trục không cung cấp dữ liệu này.",
        "Tell the axis's operator; it is an alarm there too.",
        "Báo ngay cho đơn vị vận hành trục.",
    ),
    "INTERNAL": says(
        "The axis made a mistake.",
        "Trục gặp lỗi nội bộ.",
        "Send the same again; if it stays, tell the axis's operator the request's number.",
        "Gửi lại đúng yêu cầu; nếu vẫn lỗi, báo số của yêu cầu cho đơn vị vận hành trục.",
    ),
}
