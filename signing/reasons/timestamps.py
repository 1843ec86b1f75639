"""What the reasons about a time-stamp and its authority say."""

from __future__ import annotations

from collections.abc import Mapping

from signing.reasons.codes import Reason, Sentence

TIMESTAMPS: Mapping[Reason, Sentence] = {
    Reason.TIMESTAMP_MALFORMED: Sentence(
        english="The time-stamp is not built as RFC 3161 requires.",
        vietnamese="Dấu thời gian không có cấu trúc theo đúng RFC 3161.",
        next_step="Ask the time-stamping authority for a new time-stamp.",
        next_step_vietnamese="Xin cấp dấu thời gian mới từ tổ chức cung cấp dấu thời gian.",
    ),
    Reason.TIMESTAMP_TRAILING_BYTES: Sentence(
        english="Bytes stand behind the time-stamp that do not belong to it.",
        vietnamese="Phía sau dấu thời gian có dữ liệu không thuộc về nó.",
        next_step="Do not rely on this copy; take the time-stamp from its source again.",
        next_step_vietnamese="Không sử dụng bản này; lấy lại dấu thời gian từ nguồn cấp.",
    ),
    Reason.TIMESTAMP_MISSING: Sentence(
        english="The document bears no time-stamp over its signature.",
        vietnamese="Văn bản không có dấu thời gian trên chữ ký.",
        next_step="Judge the signature without a time-stamp, or have the document time-stamped.",
        next_step_vietnamese="Kiểm tra chữ ký không kèm dấu thời gian, hoặc gắn dấu thời gian cho văn bản.",
    ),
    Reason.TIMESTAMP_ALGORITHM_FORBIDDEN: Sentence(
        english="The time-stamp uses an algorithm or a key that is not accepted.",
        vietnamese="Dấu thời gian dùng thuật toán hoặc khóa không được chấp nhận.",
        next_step="Use an authority that stamps with SHA-256 or better and a strong key.",
        next_step_vietnamese="Dùng tổ chức cấp dấu thời gian với SHA-256 trở lên và khóa đủ mạnh.",
    ),
    Reason.TIMESTAMP_IMPRINT_MISMATCH: Sentence(
        english="The time-stamp is for something else.",
        vietnamese="Dấu thời gian được cấp cho dữ liệu khác.",
        next_step="Do not rely on it; ask for a time-stamp over this very content.",
        next_step_vietnamese="Không sử dụng dấu thời gian này; xin cấp dấu thời gian cho đúng nội dung này.",
    ),
    Reason.TIMESTAMP_NONCE_MISMATCH: Sentence(
        english="The time-stamp does not answer this request: it may be an old one sent again.",
        vietnamese="Dấu thời gian không trả lời đúng yêu cầu này: có thể là dấu thời gian cũ được gửi lại.",
        next_step="Discard it and ask again; if it happens again, report it to the authority.",
        next_step_vietnamese=(
            "Bỏ dấu thời gian này và yêu cầu lại; nếu tái diễn, báo cho tổ chức cung cấp dấu thời gian."
        ),
    ),
    Reason.TIMESTAMP_POLICY_FORBIDDEN: Sentence(
        english="The time-stamp was issued under a policy that is not accepted.",
        vietnamese="Dấu thời gian được cấp theo chính sách không được chấp nhận.",
        next_step="Ask the authority for a time-stamp under the agreed policy.",
        next_step_vietnamese="Đề nghị tổ chức cấp dấu thời gian theo chính sách đã thỏa thuận.",
    ),
    Reason.TIMESTAMP_SIGNATURE_INVALID: Sentence(
        english="The signature of the time-stamp is wrong.",
        vietnamese="Chữ ký của dấu thời gian không đúng.",
        next_step="Do not rely on it; ask for a new time-stamp.",
        next_step_vietnamese="Không sử dụng dấu thời gian này; xin cấp dấu thời gian mới.",
    ),
    Reason.TIMESTAMP_BACKDATED: Sentence(
        english="The time-stamp names a time before the content can have existed.",
        vietnamese="Dấu thời gian ghi thời điểm trước khi nội dung có thể tồn tại.",
        next_step="Do not rely on it; report it to the authority that issued it.",
        next_step_vietnamese="Không sử dụng dấu thời gian này; báo cho tổ chức đã cấp.",
    ),
    Reason.TIMESTAMP_IN_FUTURE: Sentence(
        english="The time-stamp names a time that has not come yet.",
        vietnamese="Dấu thời gian ghi thời điểm chưa đến.",
        next_step="Check the clock here; if it is right, report the time-stamp to the authority.",
        next_step_vietnamese="Kiểm tra đồng hồ tại đây; nếu đồng hồ đúng, báo cho tổ chức cấp dấu thời gian.",
    ),
    Reason.TSA_CERTIFICATE_MISSING: Sentence(
        english="The time-stamp does not bring the certificate of the authority that made it.",
        vietnamese="Dấu thời gian không kèm chứng thư số của tổ chức đã cấp.",
        next_step="Ask for a time-stamp with its certificate (certReq).",
        next_step_vietnamese="Yêu cầu dấu thời gian có kèm chứng thư số (certReq).",
    ),
    Reason.TSA_CERTIFICATE_UNBOUND: Sentence(
        english="The time-stamp does not say under its signature which certificate made it.",
        vietnamese="Dấu thời gian không ghi trong phần được ký chứng thư số nào đã tạo ra nó.",
        next_step="Use an authority that follows RFC 5816 (ESSCertIDv2).",
        next_step_vietnamese="Dùng tổ chức cấp dấu thời gian tuân theo RFC 5816 (ESSCertIDv2).",
    ),
    Reason.TSA_CERTIFICATE_MISMATCH: Sentence(
        english="The time-stamp names another certificate than the one that it brings.",
        vietnamese="Dấu thời gian nêu chứng thư số khác với chứng thư kèm theo.",
        next_step="Do not rely on it; ask for a new time-stamp.",
        next_step_vietnamese="Không sử dụng dấu thời gian này; xin cấp dấu thời gian mới.",
    ),
    Reason.TSA_CERTIFICATE_UNFIT: Sentence(
        english="The certificate is not meant for time-stamping alone.",
        vietnamese="Chứng thư số không được cấp riêng cho mục đích cấp dấu thời gian.",
        next_step="Use an authority whose certificate is for time-stamping and nothing else.",
        next_step_vietnamese="Dùng tổ chức có chứng thư số chỉ dành cho việc cấp dấu thời gian.",
    ),
    Reason.TSA_CERTIFICATE_EXPIRED: Sentence(
        english=(
            "The certificate of the time-stamping authority, or one above it, did not hold at the "
            "time of the time-stamp."
        ),
        vietnamese=(
            "Chứng thư số của tổ chức cấp dấu thời gian hoặc của cấp trên không có hiệu lực tại thời "
            "điểm ghi trong dấu thời gian."
        ),
        next_step="Do not rely on it; ask for a new time-stamp.",
        next_step_vietnamese="Không sử dụng dấu thời gian này; xin cấp dấu thời gian mới.",
    ),
    Reason.TSA_CERTIFICATE_REVOKED: Sentence(
        english="The certificate of the time-stamping authority, or one above it, was revoked.",
        vietnamese="Chứng thư số của tổ chức cấp dấu thời gian hoặc của cấp trên đã bị thu hồi.",
        next_step="Do not rely on it; ask another authority for a time-stamp.",
        next_step_vietnamese="Không sử dụng dấu thời gian này; xin cấp dấu thời gian từ tổ chức khác.",
    ),
    Reason.TSA_CHAIN_INVALID: Sentence(
        english="The chain of certificates above the time-stamping authority breaks a rule.",
        vietnamese="Chuỗi chứng thư số phía trên tổ chức cấp dấu thời gian vi phạm quy tắc chứng thực.",
        next_step="Report it to the time-stamping authority.",
        next_step_vietnamese="Báo cho tổ chức cung cấp dấu thời gian.",
    ),
    Reason.TSA_UNTRUSTED: Sentence(
        english="The time-stamping authority is not one that is trusted here.",
        vietnamese="Tổ chức cấp dấu thời gian không thuộc danh sách được tin cậy.",
        next_step="Check who issued the time-stamp; the operator can add an authority that is to be trusted.",
        next_step_vietnamese=(
            "Kiểm tra tổ chức đã cấp dấu thời gian; đơn vị vận hành có thể bổ sung tổ chức được tin cậy."
        ),
    ),
}
"""One for every reason that a time-stamp gives."""
