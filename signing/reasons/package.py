"""What the reasons about an evidence package say."""

from __future__ import annotations

from collections.abc import Mapping

from signing.reasons.codes import Reason, Sentence

PACKAGE: Mapping[Reason, Sentence] = {
    Reason.PACKAGE_UNREADABLE: Sentence(
        english="The file is no evidence package, or it was cut off.",
        vietnamese="Tệp không phải là gói chứng cứ hoặc đã bị cắt mất một phần.",
        next_step="Take the package from its source again.",
        next_step_vietnamese="Lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_NOT_PLAIN: Sentence(
        english="The container differs from the one form that an evidence package has.",
        vietnamese="Tệp chứa khác với khuôn dạng duy nhất của gói chứng cứ.",
        next_step="Take the package from its source again; do not repack it with another program.",
        next_step_vietnamese="Lấy lại gói chứng cứ từ nguồn; không đóng gói lại bằng chương trình khác.",
    ),
    Reason.PACKAGE_TRAILING_BYTES: Sentence(
        english="Bytes stand behind the package that do not belong to it.",
        vietnamese="Phía sau gói chứng cứ có dữ liệu không thuộc về nó.",
        next_step="Do not rely on this copy; take the package from its source again.",
        next_step_vietnamese="Không sử dụng bản này; lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_COMMENT: Sentence(
        english="The container bears a comment, where words could hide that nobody signed.",
        vietnamese="Tệp chứa có phần ghi chú, nơi có thể giấu nội dung không ai ký.",
        next_step="Do not rely on this copy; take the package from its source again.",
        next_step_vietnamese="Không sử dụng bản này; lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_TOO_LARGE: Sentence(
        english="The package has more files, or a larger one, than an evidence package may have.",
        vietnamese="Gói có nhiều tệp hơn hoặc có tệp lớn hơn mức cho phép của gói chứng cứ.",
        next_step="Do not open it; ask its source for the package again.",
        next_step_vietnamese="Không mở tệp; yêu cầu nguồn cung cấp lại gói chứng cứ.",
    ),
    Reason.PACKAGE_ENCRYPTED: Sentence(
        english="A file in the package is encrypted.",
        vietnamese="Một tệp trong gói bị mã hóa.",
        next_step="Ask its source for the package as it was made, without a password.",
        next_step_vietnamese="Yêu cầu nguồn cung cấp gói nguyên bản, không đặt mật khẩu.",
    ),
    Reason.PACKAGE_COMPRESSED: Sentence(
        english="A file in the package is compressed, which none of an evidence package is.",
        vietnamese="Một tệp trong gói bị nén, trong khi gói chứng cứ không nén tệp nào.",
        next_step="The package was repacked: ask its source for it as it was made.",
        next_step_vietnamese="Gói đã bị đóng gói lại: yêu cầu nguồn cung cấp gói nguyên bản.",
    ),
    Reason.PACKAGE_NAME_TWICE: Sentence(
        english="Two files in the package bear the same name.",
        vietnamese="Hai tệp trong gói mang cùng một tên.",
        next_step="Do not rely on it: programs differ in which of the two they show.",
        next_step_vietnamese="Không sử dụng: mỗi chương trình có thể mở một tệp khác trong hai tệp đó.",
    ),
    Reason.PACKAGE_NAME_FORBIDDEN: Sentence(
        english="A file in the package has a name that could lead outside it, or that no package has.",
        vietnamese="Một tệp trong gói có tên có thể dẫn ra ngoài gói hoặc không đúng quy cách.",
        next_step="Do not unpack it; report it to its source.",
        next_step_vietnamese="Không giải nén; báo cho nguồn cung cấp.",
    ),
    Reason.PACKAGE_LINK: Sentence(
        english="The package holds a link to another file instead of a file.",
        vietnamese="Gói chứa liên kết đến tệp khác thay vì chứa tệp.",
        next_step="Do not unpack it; report it to its source.",
        next_step_vietnamese="Không giải nén; báo cho nguồn cung cấp.",
    ),
    Reason.PACKAGE_OVERLAP: Sentence(
        english="Files in the package overlap, or lie where the package says something else.",
        vietnamese="Các tệp trong gói chồng lên nhau hoặc nằm sai vị trí đã khai.",
        next_step="Do not unpack it; report it to its source.",
        next_step_vietnamese="Không giải nén; báo cho nguồn cung cấp.",
    ),
    Reason.PACKAGE_MANIFEST_MALFORMED: Sentence(
        english="The list of files in the package is not built as it must be.",
        vietnamese="Danh mục tệp của gói không đúng cấu trúc.",
        next_step="Take the package from its source again.",
        next_step_vietnamese="Lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_MANIFEST_ALTERED: Sentence(
        english="The list of files in the package was changed after the package was sealed.",
        vietnamese="Danh mục tệp của gói đã bị thay đổi sau khi gói được ký.",
        next_step="Do not rely on it; take the package from its source again.",
        next_step_vietnamese="Không sử dụng; lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_SEAL_MALFORMED: Sentence(
        english="The package's own seal is not built as it must be.",
        vietnamese="Chữ ký của gói không đúng cấu trúc.",
        next_step="Take the package from its source again.",
        next_step_vietnamese="Lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_SEAL_INVALID: Sentence(
        english="The package's own seal is wrong.",
        vietnamese="Chữ ký của gói không đúng.",
        next_step="Do not rely on it; take the package from its source again.",
        next_step_vietnamese="Không sử dụng; lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_FILE_ALTERED: Sentence(
        english="A file in the package was changed after the package was sealed.",
        vietnamese="Một tệp trong gói đã bị thay đổi sau khi gói được ký.",
        next_step="Do not rely on it; take the package from its source again.",
        next_step_vietnamese="Không sử dụng; lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_FILE_MISSING: Sentence(
        english="A file is missing from the package.",
        vietnamese="Gói thiếu một tệp.",
        next_step="Take the whole package from its source again.",
        next_step_vietnamese="Lấy lại toàn bộ gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_FILE_ADDED: Sentence(
        english="A file was put into the package that its seal does not cover.",
        vietnamese="Gói bị thêm một tệp không được chữ ký của gói bảo vệ.",
        next_step="Do not rely on that file; take the package from its source again.",
        next_step_vietnamese="Không sử dụng tệp đó; lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_FILE_RENAMED: Sentence(
        english="A file in the package bears another name than when the package was sealed.",
        vietnamese="Một tệp trong gói mang tên khác với khi gói được ký.",
        next_step="Do not rely on it; take the package from its source again.",
        next_step_vietnamese="Không sử dụng; lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_FILE_NOT_ATTESTED: Sentence(
        english="No evidence in the package names this file, or a seal in it does not.",
        vietnamese="Không có chứng cứ hoặc chữ ký nào trong gói nói về tệp này.",
        next_step="Rely on the files that evidence names; ask whoever made the package about this one.",
        next_step_vietnamese="Chỉ sử dụng các tệp được chứng cứ nêu; hỏi bên lập gói về tệp này.",
    ),
    Reason.PACKAGE_FILE_MALFORMED: Sentence(
        english="A file in the package cannot be read as what it is meant to be.",
        vietnamese="Không đọc được một tệp trong gói theo đúng loại của nó.",
        next_step="Take the package from its source again.",
        next_step_vietnamese="Lấy lại gói chứng cứ từ nguồn.",
    ),
    Reason.PACKAGE_EVIDENCE_MISSING: Sentence(
        english="No evidence in the package says that the axis took this document in.",
        vietnamese="Trong gói không có chứng cứ nào cho biết trục đã tiếp nhận văn bản này.",
        next_step="Ask whoever made the package for one with the axis's evidence.",
        next_step_vietnamese="Yêu cầu bên lập gói cung cấp gói có chứng cứ của trục.",
    ),
    Reason.PACKAGE_EVIDENCE_ELSEWHERE: Sentence(
        english="An evidence in the package is about another document.",
        vietnamese="Một chứng cứ trong gói nói về văn bản khác.",
        next_step="Do not rely on it for this document; ask whoever made the package.",
        next_step_vietnamese="Không sử dụng cho văn bản này; hỏi bên lập gói.",
    ),
    Reason.PACKAGE_STATEMENT_ELSEWHERE: Sentence(
        english="A statement in the package is about another document.",
        vietnamese="Một thông báo trong gói nói về văn bản khác.",
        next_step="Do not rely on it for this document; ask whoever made the package.",
        next_step_vietnamese="Không sử dụng cho văn bản này; hỏi bên lập gói.",
    ),
    Reason.PACKAGE_PROOF_ELSEWHERE: Sentence(
        english="A log proof or time-stamp in the package belongs to nothing else in it.",
        vietnamese="Một chứng minh nhật ký hoặc dấu thời gian trong gói không thuộc về nội dung nào của gói.",
        next_step="Ask whoever made the package for a whole one.",
        next_step_vietnamese="Yêu cầu bên lập gói cung cấp gói đầy đủ.",
    ),
    Reason.DOCUMENT_DESTROYED: Sentence(
        english="The document itself was lawfully destroyed, by the order named; all else holds.",
        vietnamese="Bản thân văn bản đã được hủy hợp pháp theo quyết định nêu tên; mọi phần khác hợp lệ.",
        next_step="Nothing: what it said is gone; that it was sent, received and destroyed is proven.",
        next_step_vietnamese=(
            "Không cần làm gì: nội dung không còn; việc gửi, nhận và hủy đều đã được chứng minh."
        ),
    ),
    Reason.DESTRUCTION_UNPROVEN: Sentence(
        english="The document is not there, and what is there does not prove that it was lawfully destroyed.",
        vietnamese="Văn bản không có trong gói, và gói không chứng minh được rằng nó đã được hủy hợp pháp.",
        next_step="Do not rely on it; ask the archive's authority for order and evidence of destruction.",
        next_step_vietnamese=(
            "Không sử dụng; đề nghị cơ quan quản lý lưu trữ cung cấp quyết định hủy và chứng nhận hủy."
        ),
    ),
}
"""One for every reason that a package's container, seal and files give; what is in them has its own."""
