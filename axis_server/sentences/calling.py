"""What is said of who calls, and of the call itself."""

from __future__ import annotations

from collections.abc import Mapping

from axis_server.sentences.saying import says
from signing.verdict import Sentence

CALLING: Mapping[str, Sentence] = {
    "STRANGER": says(
        "This certificate belongs to no agency of the axis.",
        "Chứng thư số này không thuộc cơ quan nào đã đăng ký trên trục.",
        "Connect with a registered certificate, or ask the axis's operator to register this one.",
        "Kết nối bằng chứng thư số đã đăng ký, hoặc đề nghị đơn vị vận hành trục đăng ký.",
    ),
    "UNTRUSTED": says(
        "The certificate that you connect with does not hold here.",
        "Chứng thư số dùng để kết nối không hợp lệ trên trục.",
        "Connect with a certificate of an authority that the axis trusts, meant for TLS clients.",
        "Kết nối bằng chứng thư số do tổ chức được trục tin cậy cấp cho máy khách TLS.",
    ),
    "AGENCY_SUSPENDED": says(
        "Your agency is suspended on the axis.",
        "Cơ quan của quý vị đang bị tạm dừng trên trục.",
        "Ask the axis's operator why, and to resume it.",
        "Liên hệ đơn vị vận hành trục để biết lý do và đề nghị mở lại.",
    ),
    "ROLE_FORBIDDEN": says(
        "The role of this certificate does not allow this.",
        "Vai trò của chứng thư số này không được phép thực hiện thao tác.",
        "Use a certificate of the role that may: system and clerk send and answer, archivist reads and"
        " keeps, operator oversees other agencies. To see your own agency, name no other (`--agency`).",
        "Dùng chứng thư số có vai trò phù hợp: hệ thống, văn thư gửi và trả lời; lưu trữ đọc và quản lý"
        " lưu trữ; vận hành theo dõi các cơ quan khác. Để xem số liệu của cơ quan mình, không nêu cơ quan"
        " khác (`--agency`).",
    ),
    "NOT_DELEGATED": says(
        "Your agency may not do this in that agency's name.",
        "Cơ quan của quý vị không được ủy quyền thực hiện thao tác này thay cho cơ quan đó.",
        "Check the identifier in `axis-acting-for` (`acting_for` in the profile); that agency asks the"
        " axis's operator to register the delegation, its scope (send, receive) and its dates.",
        "Kiểm tra mã cơ quan tại `axis-acting-for` (`acting_for` trong hồ sơ kết nối); cơ quan ủy quyền"
        " đề nghị đơn vị vận hành trục đăng ký ủy quyền, phạm vi (gửi, nhận) và thời hạn.",
    ),
    "INVALID_ARGUMENT": says(
        "The request is not well formed.",
        "Yêu cầu không đúng định dạng.",
        "Correct the request as the detail says.",
        "Sửa yêu cầu theo chi tiết kèm theo.",
    ),
    "NOT_FOUND": says(
        "There is no such thing for your agency.",
        "Không tìm thấy đối với cơ quan của quý vị.",
        "Check the identifier.",
        "Kiểm tra lại mã định danh.",
    ),
}

OF_THE_CALLER: Mapping[str, Sentence] = {
    "CERTIFICATE_REVOKED": says(
        "The certificate that you connect with, or one above it, was revoked.",
        "Chứng thư số dùng để kết nối, hoặc của tổ chức cấp, đã bị thu hồi.",
        "Connect with another certificate of your agency; have a new one issued and registered.",
        "Kết nối bằng chứng thư số khác của cơ quan; đề nghị cấp và đăng ký chứng thư số mới.",
    ),
    "CERTIFICATE_EXPIRED": says(
        "The certificate that you connect with, or one above it, has expired.",
        "Chứng thư số dùng để kết nối, hoặc của tổ chức cấp, đã hết hạn.",
        "Have a new certificate issued, and ask the axis's operator to register it.",
        "Đề nghị cấp chứng thư số mới và đề nghị đơn vị vận hành trục đăng ký.",
    ),
    "REVOCATION_UNKNOWN": says(
        "The axis cannot tell whether the certificate that you connect with was revoked.",
        "Trục chưa xác định được chứng thư số dùng để kết nối có bị thu hồi hay không.",
        "Try again later, or tell the axis's operator that its revocation list is to be renewed.",
        "Thử lại sau, hoặc báo đơn vị vận hành trục cập nhật danh sách thu hồi.",
    ),
}
"""Of the certificate that one connects with, where `signing` speaks of a signer's."""
