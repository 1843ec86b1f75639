"""What the reasons about a seal, its signer and its file say."""

from __future__ import annotations

from collections.abc import Mapping

from signing.reasons.codes import Reason, Sentence

SEALS: Mapping[Reason, Sentence] = {
    Reason.SOUND: Sentence(
        english=(
            "The signature is sound: it covers the whole document, by a trusted signer whose "
            "certificate held."
        ),
        vietnamese=(
            "Chữ ký hợp lệ: chữ ký bao trùm toàn bộ văn bản, người ký được tin cậy và chứng thư "
            "số còn hiệu lực."
        ),
        next_step="Nothing needs to be done.",
        next_step_vietnamese="Không cần làm gì thêm.",
    ),
    Reason.XML_MALFORMED: Sentence(
        english="The file is not well-formed XML.",
        vietnamese="Tệp không phải là XML đúng cú pháp.",
        next_step="Ask the sender for the file again; it may have been cut off or changed on the way.",
        next_step_vietnamese=(
            "Đề nghị bên gửi gửi lại tệp; tệp có thể đã bị cắt hoặc thay đổi trên đường truyền."
        ),
    ),
    Reason.XML_FORBIDDEN: Sentence(
        english="The file uses XML that is not accepted: a DTD, an entity or another encoding.",
        vietnamese="Tệp dùng thành phần XML không được chấp nhận: DTD, thực thể hoặc bảng mã khác.",
        next_step="Write the file again in UTF-8 without a DOCTYPE.",
        next_step_vietnamese="Tạo lại tệp bằng bảng mã UTF-8, không có DOCTYPE.",
    ),
    Reason.XML_TOO_LARGE: Sentence(
        english="The file is larger or more deeply nested than may be read.",
        vietnamese="Tệp lớn hơn hoặc lồng nhiều cấp hơn mức được phép đọc.",
        next_step="Send large attachments beside the package instead of inside it.",
        next_step_vietnamese="Gửi tệp đính kèm lớn tách rời thay vì đặt bên trong gói tin.",
    ),
    Reason.UNSIGNED: Sentence(
        english="The document has no digital signature.",
        vietnamese="Văn bản không có chữ ký số.",
        next_step="Treat it as information only, and ask the sender for a signed document.",
        next_step_vietnamese="Chỉ dùng để tham khảo; đề nghị bên gửi gửi văn bản đã ký số.",
    ),
    Reason.PSEUDO_SIGNATURE: Sentence(
        english="What looks like a signature is no XML signature, so the document is unsigned.",
        vietnamese="Phần giống chữ ký không phải là chữ ký XML, nên văn bản coi như chưa được ký số.",
        next_step="Ask the sender to sign with software that writes XML signatures in their own namespace.",
        next_step_vietnamese="Đề nghị bên gửi ký bằng phần mềm ghi chữ ký XML đúng không gian tên chuẩn.",
    ),
    Reason.MULTIPLE_SIGNATURES: Sentence(
        english="The document has more than one XML signature; exactly one is accepted.",
        vietnamese="Văn bản có nhiều hơn một chữ ký XML; chỉ chấp nhận đúng một chữ ký.",
        next_step="Ask the sender for the document with the agency's signature alone.",
        next_step_vietnamese="Đề nghị bên gửi gửi lại văn bản chỉ có chữ ký số của cơ quan.",
    ),
    Reason.SIGNATURE_MALFORMED: Sentence(
        english="The signature is not built as the standard requires.",
        vietnamese="Chữ ký không có cấu trúc theo đúng tiêu chuẩn.",
        next_step="Ask the sender to sign again with conforming software.",
        next_step_vietnamese="Đề nghị bên gửi ký lại bằng phần mềm đúng tiêu chuẩn.",
    ),
    Reason.PARTIAL_SIGNATURE: Sentence(
        english="The signature covers a part of the document only.",
        vietnamese="Chữ ký chỉ bao trùm một phần của văn bản.",
        next_step="Do not rely on the document; ask the sender to sign the whole of it.",
        next_step_vietnamese="Không sử dụng văn bản này; đề nghị bên gửi ký toàn bộ văn bản.",
    ),
    Reason.DUPLICATE_ID: Sentence(
        english="Two elements of the document have the same ID, so it is unclear what was signed.",
        vietnamese="Hai thành phần của văn bản có cùng định danh (ID), nên không rõ phần nào đã được ký.",
        next_step="Do not rely on the document; report it to the sender.",
        next_step_vietnamese="Không sử dụng văn bản này; báo lại cho bên gửi.",
    ),
    Reason.TRANSFORM_FORBIDDEN: Sentence(
        english="The signature changes the document before signing it in a way that is not accepted.",
        vietnamese="Chữ ký dùng phép biến đổi văn bản không được chấp nhận trước khi ký.",
        next_step=(
            "Ask the sender to sign with the enveloped-signature transform and a standard canonical form."
        ),
        next_step_vietnamese=(
            "Đề nghị bên gửi ký bằng phép biến đổi enveloped-signature và dạng chuẩn tắc tiêu chuẩn."
        ),
    ),
    Reason.REFERENCE_FORBIDDEN: Sentence(
        english="The signature refers to something outside what may be signed here.",
        vietnamese="Chữ ký tham chiếu đến nội dung không được phép ký ở đây.",
        next_step="Ask the sender to sign the document and its attachments only.",
        next_step_vietnamese="Đề nghị bên gửi chỉ ký văn bản và các tệp đính kèm của văn bản.",
    ),
    Reason.ALGORITHM_FORBIDDEN: Sentence(
        english="The signature uses an algorithm that is not accepted.",
        vietnamese="Chữ ký dùng thuật toán không được chấp nhận.",
        next_step="Sign with RSA or ECDSA and SHA-256 or better.",
        next_step_vietnamese="Ký bằng RSA hoặc ECDSA với SHA-256 trở lên.",
    ),
    Reason.LEGACY_ALGORITHM: Sentence(
        english="The signature uses SHA-1, which no longer protects a document.",
        vietnamese="Chữ ký dùng SHA-1, thuật toán không còn bảo đảm an toàn cho văn bản.",
        next_step="Ask for a new signature with SHA-256; old packages can be read with the legacy switch.",
        next_step_vietnamese="Đề nghị ký lại bằng SHA-256; gói tin cũ có thể đọc bằng chế độ tương thích cũ.",
    ),
    Reason.KEY_TOO_WEAK: Sentence(
        english="The signer's key is too short to be safe.",
        vietnamese="Khóa của người ký quá ngắn, không bảo đảm an toàn.",
        next_step="Obtain a certificate with RSA of 2048 bits or more, or ECDSA P-256 or more.",
        next_step_vietnamese="Xin cấp chứng thư số với khóa RSA từ 2048 bit hoặc ECDSA từ P-256.",
    ),
    Reason.DIGEST_MISMATCH: Sentence(
        english="The document was changed after it was signed.",
        vietnamese="Văn bản đã bị thay đổi sau khi ký.",
        next_step="Do not use it; ask the sender for the original file.",
        next_step_vietnamese="Không sử dụng văn bản; đề nghị bên gửi gửi lại tệp gốc.",
    ),
    Reason.SIGNATURE_INVALID: Sentence(
        english="The signature value is wrong for this certificate.",
        vietnamese="Giá trị chữ ký không đúng với chứng thư số này.",
        next_step="Do not use the document; ask the sender to sign and send it again.",
        next_step_vietnamese="Không sử dụng văn bản; đề nghị bên gửi ký và gửi lại.",
    ),
    Reason.ATTACHMENT_MISSING: Sentence(
        english="An attachment that was signed is missing.",
        vietnamese="Thiếu tệp đính kèm đã được ký.",
        next_step="Ask for the missing attachment, or send all of them.",
        next_step_vietnamese="Đề nghị bổ sung tệp đính kèm còn thiếu, hoặc gửi đủ các tệp.",
    ),
    Reason.ATTACHMENT_MISMATCH: Sentence(
        english="An attachment is not the one that was signed.",
        vietnamese="Tệp đính kèm không phải là tệp đã được ký.",
        next_step="Do not use the attachment; ask the sender for the original file.",
        next_step_vietnamese="Không sử dụng tệp đính kèm; đề nghị bên gửi gửi lại tệp gốc.",
    ),
    Reason.CERTIFICATE_MISSING: Sentence(
        english="The signature does not bring the signer's certificate.",
        vietnamese="Chữ ký không kèm chứng thư số của người ký.",
        next_step="Ask the sender to include the certificate in the signature.",
        next_step_vietnamese="Đề nghị bên gửi đưa chứng thư số vào chữ ký.",
    ),
    Reason.CERTIFICATE_MISMATCH: Sentence(
        english="The certificate is not the one that the signature was made with.",
        vietnamese="Chứng thư số không phải là chứng thư đã dùng để ký.",
        next_step="Do not rely on the document; ask the sender to sign and send it again.",
        next_step_vietnamese="Không sử dụng văn bản; đề nghị bên gửi ký và gửi lại.",
    ),
    Reason.UNTRUSTED_SIGNER: Sentence(
        english="The signer's certificate leads to no trusted authority.",
        vietnamese="Chứng thư số của người ký không thuộc tổ chức chứng thực được tin cậy.",
        next_step=(
            "Check who issued the certificate; the operator can add an authority that is to be trusted."
        ),
        next_step_vietnamese=(
            "Kiểm tra tổ chức cấp chứng thư số; đơn vị vận hành có thể bổ sung tổ chức được tin cậy."
        ),
    ),
    Reason.CERTIFICATE_EXPIRED: Sentence(
        english="A certificate of the signer or above it has expired.",
        vietnamese="Chứng thư số của người ký hoặc của tổ chức cấp đã hết hạn.",
        next_step="Renew the certificate and sign again.",
        next_step_vietnamese="Gia hạn chứng thư số rồi ký lại.",
    ),
    Reason.CERTIFICATE_NOT_YET_VALID: Sentence(
        english="A certificate of the signer or above it does not hold yet.",
        vietnamese="Chứng thư số của người ký hoặc của tổ chức cấp chưa có hiệu lực.",
        next_step="Check the clock, or wait until the certificate holds and sign again.",
        next_step_vietnamese=(
            "Kiểm tra đồng hồ hệ thống, hoặc chờ đến khi chứng thư số có hiệu lực rồi ký lại."
        ),
    ),
    Reason.CERTIFICATE_REVOKED: Sentence(
        english="A certificate of the signer or above it was revoked.",
        vietnamese="Chứng thư số của người ký hoặc của tổ chức cấp đã bị thu hồi.",
        next_step="Do not rely on the document; the signer needs a new certificate.",
        next_step_vietnamese="Không sử dụng văn bản; người ký cần được cấp chứng thư số mới.",
    ),
    Reason.KEY_USAGE_FORBIDDEN: Sentence(
        english="The signer's certificate is not meant for signing.",
        vietnamese="Chứng thư số của người ký không được cấp để ký số.",
        next_step="Sign with a certificate that allows digital signatures.",
        next_step_vietnamese="Ký bằng chứng thư số có mục đích sử dụng là chữ ký số.",
    ),
    Reason.NOT_ENTITLED: Sentence(
        english="The signer is trusted, but not entitled to sign a document of this kind.",
        vietnamese="Người ký được tin cậy nhưng không có thẩm quyền ký loại tài liệu này.",
        next_step=(
            "Do not rely on it. If it is evidence of an axis whose certificate does not say so, give that "
            "very certificate, obtained from the axis's operator, with --trust."
        ),
        next_step_vietnamese=(
            "Không sử dụng tài liệu này. Nếu đây là chứng cứ của trục mà chứng thư số không ghi rõ mục đích, "
            "hãy nêu chính chứng thư số chứng cứ của trục, nhận từ đơn vị vận hành, bằng --trust."
        ),
    ),
    Reason.CHAIN_INVALID: Sentence(
        english="The chain of certificates above the signer breaks a rule.",
        vietnamese="Chuỗi chứng thư số phía trên người ký vi phạm quy tắc chứng thực.",
        next_step="Report it to the authority that issued the certificate.",
        next_step_vietnamese="Báo cho tổ chức đã cấp chứng thư số.",
    ),
    Reason.SIGNED_IN_FUTURE: Sentence(
        english="The signing time lies in the future.",
        vietnamese="Thời điểm ký nằm ở tương lai.",
        next_step="The signer's clock is wrong: set it and sign again.",
        next_step_vietnamese="Đồng hồ của bên ký bị sai: chỉnh lại rồi ký lại.",
    ),
    Reason.SIGNED_OUTSIDE_VALIDITY: Sentence(
        english="The certificate did not hold at the signing time.",
        vietnamese="Chứng thư số không có hiệu lực tại thời điểm ký.",
        next_step="Sign again with a certificate that holds.",
        next_step_vietnamese="Ký lại bằng chứng thư số còn hiệu lực.",
    ),
    Reason.REVOCATION_UNKNOWN: Sentence(
        english="It is not known whether the certificate was revoked.",
        vietnamese="Chưa biết chứng thư số có bị thu hồi hay không.",
        next_step="Try again later, or give the authority's current revocation list (CRL).",
        next_step_vietnamese=(
            "Thử lại sau, hoặc cung cấp danh sách thu hồi (CRL) hiện hành của tổ chức chứng thực."
        ),
    ),
}
"""One for every reason that a seal, its signer or its file gives."""
