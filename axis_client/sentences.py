"""What this package's own reasons mean, in both languages. The axis brings its own sentences along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    english: str
    vietnamese: str
    hint: str = ""
    hint_vietnamese: str = ""


_TELL = "Keep all files and tell the axis's operator and your security officer."
_TELL_VI = "Giữ nguyên mọi tệp và báo cho đơn vị vận hành trục và cán bộ an toàn thông tin."
_AGAIN = "Run the same command again later; nothing will be sent twice."
_AGAIN_VI = "Chạy lại đúng lệnh này sau; văn bản không bị gửi hai lần."

SENTENCES: Mapping[str, Sentence] = {
    # files and arguments here
    "FILE_MISSING": Sentence(
        "There is no such file:",
        "Không có tệp này:",
        "Check the name and the folder.",
        "Kiểm tra tên tệp và thư mục.",
    ),
    "FILE_UNREADABLE": Sentence(
        "The file cannot be read:",
        "Không đọc được tệp:",
        "Give a file (not a folder) that you may read.",
        "Chọn một tệp (không phải thư mục) mà bạn có quyền đọc.",
    ),
    "FILE_UNWRITABLE": Sentence(
        "The file cannot be written:",
        "Không ghi được tệp:",
        "Check the folder, its permissions and the free space.",
        "Kiểm tra thư mục, quyền ghi và dung lượng trống.",
    ),
    "NOT_EXAMINED": Sentence(
        "The file could not be examined; this is a defect of this program:",
        "Không kiểm tra được tệp do lỗi của phần mềm:",
        "Do not rely on the file; report it to the makers of this program.",
        "Không sử dụng tệp này; báo lỗi cho đơn vị phát triển phần mềm.",
    ),
    "OUTPUT_EXISTS": Sentence(
        "Nothing was written, for this file is already there:",
        "Không ghi gì vì tệp này đã có:",
        "Choose another name, or --force to replace it.",
        "Chọn tên khác, hoặc dùng --force để ghi đè.",
    ),
    "USAGE": Sentence("The command is wrong:", "Lệnh không đúng:", "See --help.", "Xem --help."),
    "COMMAND_NOT_RUN": Sentence(
        "The command of --run cannot be run:",
        "Không chạy được lệnh nêu ở --run:",
        "Check how it is written and that it may be run. Nothing was set aside; the event comes again.",
        "Kiểm tra tên lệnh và quyền chạy. Không có việc nào bị gác lại; việc này sẽ được đưa ra lại.",
    ),
    "PROFILE_INVALID": Sentence(
        "The profile cannot be used:",
        "Không dùng được hồ sơ kết nối:",
        "Correct the field that is named; docs/integrator.md describes each.",
        "Sửa trường đã nêu; xem mô tả từng trường trong docs/integrator.md.",
    ),
    "KEY_UNUSABLE": Sentence(
        "The key or certificate cannot be used:",
        "Không dùng được khóa hoặc chứng thư số:",
        "Check that both belong together, and the password.",
        "Kiểm tra khóa và chứng thư có khớp nhau không, và mật khẩu.",
    ),
    "TRUST_UNREADABLE": Sentence(
        "A trust file cannot be read:",
        "Không đọc được tệp chứng thư tin cậy:",
        "Give PEM or DER certificates (or CRLs).",
        "Chọn tệp chứng thư (hoặc CRL) dạng PEM hay DER.",
    ),
    "NO_SEAL_KEY": Sentence(
        "There is no key to seal with.",
        "Không có khóa để ký số.",
        "Give --key and --cert, or --p12, or a profile that has them.",
        "Thêm --key và --cert, hoặc --p12, hoặc hồ sơ kết nối có khóa.",
    ),
    # the log's keeping here
    "NO_LOG": Sentence(
        "The profile names no log.",
        "Hồ sơ kết nối chưa nêu nhật ký của trục.",
        "Ask the axis's operator for the log's public key, by a road that you trust, and give it as `log`.",
        "Xin khóa công khai của nhật ký từ đơn vị vận hành trục qua kênh tin cậy và khai báo ở `log`.",
    ),
    "LOG_STATE_UNUSABLE": Sentence(
        "The file that keeps the log's last checkpoint cannot be used:",
        "Không dùng được tệp lưu điểm kiểm tra cuối cùng của nhật ký:",
        "Restore it from a backup. Without it, what the log showed before cannot be compared; move it away "
        "only if you know why it broke.",
        "Khôi phục tệp từ bản sao lưu. Thiếu tệp này thì không so được với những gì nhật ký đã công bố; chỉ "
        "chuyển tệp đi khi biết rõ vì sao tệp hỏng.",
    ),
    "WITNESS_STATE_IN_USE": Sentence(
        "Another witness keeps its state in this folder:",
        "Một tiến trình làm chứng khác đang dùng thư mục này:",
        "Stop that one, or give each witness a folder and a key of its own.",
        "Dừng tiến trình đó, hoặc dùng thư mục và khóa riêng cho mỗi bên làm chứng.",
    ),
    "LISTEN_FAILED": Sentence(
        "Nobody can be served at this address:",
        "Không mở được cổng phục vụ tại địa chỉ này:",
        "Choose another address or port.",
        "Chọn địa chỉ hoặc cổng khác.",
    ),
    # documents here
    "SEND_UNFINISHED": Sentence(
        "An earlier version of this document was being sent, and it is not known whether it arrived:",
        "Một bản trước của văn bản này đang gửi dở, chưa rõ đã đến trục hay chưa:",
        "Look for it with axis outbox; send that file to finish, or --force to send this version instead.",
        "Tìm bằng axis outbox; gửi chính tệp đó để hoàn tất, hoặc dùng --force để gửi bản này thay.",
    ),
    "DIRECTORY_REQUIRED": Sentence(
        "The files are not here yet, and accepting states that they are:",
        "Chưa tải các tệp về, mà tiếp nhận là xác nhận đã có đủ tệp:",
        "Say in which folder they are to be kept, or fetch and hand over first.",
        "Nêu thư mục lưu tệp, hoặc tải về và xác nhận đã đến trước.",
    ),
    "NOT_A_DOCUMENT": Sentence(
        "The file is a status, not a document.",
        "Tệp là gói tin trạng thái, không phải văn bản.",
        "Answer with axis accept, refuse or report.",
        "Trả lời bằng axis accept, refuse hoặc report.",
    ),
    "EDXML_UNWRITABLE": Sentence("No edXML can carry this:", "Không ghi được thành edXML:"),
    "SEAL_IMPOSSIBLE": Sentence("The file cannot be sealed as it is:", "Không ký số được tệp này:"),
    "RECIPIENTS_SEALED": Sentence(
        "The package is sealed and names other recipients:",
        "Gói tin đã ký số và ghi nơi nhận khác:",
        "Send it without --to, or seal a new package for these recipients.",
        "Gửi không kèm --to, hoặc lập và ký gói tin mới cho các nơi nhận này.",
    ),
    "ATTACHMENT_NOT_SEALED": Sentence(
        "The sealed package does not name this file (by its digest):",
        "Gói tin đã ký số không có tệp này (theo mã băm):",
        "The file was changed, or belongs to another package.",
        "Tệp đã bị thay đổi hoặc thuộc gói tin khác.",
    ),
    "ATTACHMENT_TOO_LARGE": Sentence(
        "The axis takes no attachment this large:", "Trục không nhận tệp đính kèm lớn như vậy:"
    ),
    "ATTACHMENT_AMBIGUOUS": Sentence(
        "Two entries of the package have this attachment's name:",
        "Gói tin có hai mục trùng tên tệp đính kèm này:",
        "Rename one of them in the package.",
        "Đổi tên một trong hai mục trong gói tin.",
    ),
    "STATUS_UNKNOWN": Sentence(
        "This status cannot be reported here:",
        "Không báo được trạng thái này:",
        "Use 04 (assigned), 05 (processing) or 06 (done); handing over says 01 (arrived).",
        "Dùng 04 (phân công), 05 (đang xử lý) hoặc 06 (hoàn thành); 01 (đã đến) là bước xác nhận.",
    ),
    "STATE_UNKNOWN": Sentence(
        "This state cannot be asked for:",
        "Không tìm được theo trạng thái này:",
        "Ask for a state that the axis names, or for all.",
        "Tìm theo trạng thái mà trục có, hoặc tìm tất cả.",
    ),
    "REASON_REQUIRED": Sentence(
        "This needs a reason.", "Việc này phải nêu lý do.", "Add --reason.", "Thêm --reason."
    ),
    "SEALED_ALREADY": Sentence(
        "The package is sealed, and cannot be changed any more.",
        "Gói tin đã ký số nên không sửa được nữa.",
        "Give the unsealed package.",
        "Dùng gói tin chưa ký.",
    ),
    "NOTHING_TO_UPDATE": Sentence(
        "Nothing would change.",
        "Không có thay đổi nào.",
        "Name with --add who does not have it yet, or with --remove who does.",
        "Nêu nơi chưa có văn bản bằng --add, hoặc nơi đang có bằng --remove.",
    ),
    "ORDER_NOT_SHOWN": Sentence(
        "The axis does not show this agency the order that disposed of the document:",
        "Trục không cho cơ quan này xem quyết định đã hủy văn bản:",
        "It is shown to archivists of an agency that is party to all its documents. Else ask the archive's "
        "authority for the files, and give them: --order FILE --destruction FILE.",
        "Chỉ cán bộ lưu trữ của cơ quan là một bên của mọi văn bản trong quyết định được xem. Nếu không, xin "
        "cơ quan quản lý lưu trữ các tệp rồi nêu: --order TỆP --destruction TỆP.",
    ),
    "NOT_DESTROYED_YET": Sentence(
        "The files of this order are not all gone yet:",
        "Tệp theo quyết định này chưa hủy hết:",
        "Ask again later; the axis goes on by itself.",
        "Hỏi lại sau; trục tự tiếp tục thực hiện.",
    ),
    "NOT_AN_ORDER": Sentence(
        "This is no sealed order of disposal of this agency, to this axis:",
        "Tệp này không phải quyết định hủy đã ký số của cơ quan, gửi cho trục này:",
        "Ask for the very file that `axis disposal order` made; `axis verify FILE` says what it is.",
        "Xin lại đúng tệp do `axis disposal order` lập; `axis verify TỆP` cho biết đó là gì.",
    ),
    "NOTHING_DUE": Sentence(
        "There is nothing to dispose of: it is not due, it is held, or it was disposed of before.",
        "Không có văn bản nào để hủy: chưa hết thời hạn lưu trữ, đang bị phong tỏa, hoặc đã hủy.",
        "`axis disposal list` shows what is due, `axis hold list` what is held; name documents that are due.",
        "Xem `axis disposal list` (hết thời hạn), `axis hold list` (bị phong tỏa); "
        "chỉ nêu văn bản hết thời hạn.",
    ),
    "UNKNOWN_RECIPIENT": Sentence(
        "The directory knows no such agency:",
        "Danh bạ không có cơ quan này:",
        "Check the recipient's identifier.",
        "Kiểm tra mã định danh nơi nhận.",
    ),
    "NOT_SENDER": Sentence(
        "Only its sender takes a document back, changes or replaces it:",
        "Chỉ cơ quan gửi được thu hồi, cập nhật, thay thế văn bản:",
        "What you received is refused with axis refuse; in another agency's name: --for.",
        "Văn bản nhận được thì từ chối bằng axis refuse; nếu thay mặt cơ quan gửi, thêm --for.",
    ),
    "NOT_RECIPIENT": Sentence(
        "This agency is not a recipient of the dispatch:",
        "Cơ quan này không phải nơi nhận của văn bản:",
        "See axis inbox for what it received, axis status for who did; a unit is named with --recipient.",
        "Xem axis inbox (văn bản đến), axis status (ai nhận); nhận thay đơn vị thì nêu --recipient.",
    ),
    "RECIPIENT_NEEDED": Sentence(
        "Several units received it through this agency; nothing was said for any of them:",
        "Văn bản gửi tới nhiều đơn vị qua cơ quan này; chưa báo gì thay đơn vị nào:",
        "Name the one that is spoken for, with --recipient; repeat it for each of the others.",
        "Nêu đơn vị bằng --recipient; làm lần lượt cho từng đơn vị.",
    ),
    "AGENCY_MISMATCH": Sentence(
        "The axis knows this certificate as another agency than the profile says:",
        "Trục nhận ra chứng thư này thuộc cơ quan khác với hồ sơ kết nối:",
        "Use the certificate of the agency in the profile, or correct `agency`.",
        "Dùng đúng chứng thư của cơ quan trong hồ sơ, hoặc sửa `agency`.",
    ),
    # the way there
    "UNREACHABLE": Sentence(
        "The axis cannot be reached:",
        "Không kết nối được với trục:",
        f"Check the network and `axis` in the profile. {_AGAIN} If it stays so, the axis may not accept your "
        "certificate: ask its operator.",
        f"Kiểm tra mạng và `axis` trong hồ sơ kết nối. {_AGAIN_VI} Nếu vẫn vậy, có thể trục không chấp nhận "
        "chứng thư số của bạn: hãy hỏi đơn vị vận hành.",
    ),
    "CERTIFICATE_EXPIRED": Sentence(
        "Your certificate, which connects to the axis, has expired:",
        "Chứng thư số dùng để kết nối với trục đã hết hạn:",
        "Have it renewed, and name the new one in the profile.",
        "Xin gia hạn, rồi khai báo chứng thư mới trong hồ sơ kết nối.",
    ),
    "CERTIFICATE_NOT_YET_VALID": Sentence(
        "Your certificate, which connects to the axis, does not hold yet:",
        "Chứng thư số dùng để kết nối với trục chưa có hiệu lực:",
        "Check the clock of this machine.",
        "Kiểm tra đồng hồ của máy này.",
    ),
    "TLS_FAILED": Sentence(
        "The axis does not prove who it is, or the link could not be secured:",
        "Không xác thực được máy chủ trục, hoặc không lập được kênh an toàn:",
        "Check `ca`, `certificate` and `tls_name` in the profile.",
        "Kiểm tra `ca`, `certificate` và `tls_name` trong hồ sơ kết nối.",
    ),
    "NO_ANSWER_IN_TIME": Sentence(
        "The axis did not answer in time.", "Trục không trả lời kịp.", _AGAIN, _AGAIN_VI
    ),
    "BUSY": Sentence("The axis is busy.", "Trục đang quá tải.", _AGAIN, _AGAIN_VI),
    "AXIS_FAILED": Sentence(
        "The axis failed to serve the call:", "Trục gặp lỗi khi xử lý yêu cầu:", _AGAIN, _AGAIN_VI
    ),
    "AXIS_DECLINED": Sentence("The axis declines the call:", "Trục từ chối yêu cầu:"),
    # what came back
    "SEAL_NOT_SOUND": Sentence(
        "The sender's seal does not hold:",
        "Chữ ký số của bên gửi không hợp lệ:",
        "Do not use the document; refuse it, or ask the sender.",
        "Không sử dụng văn bản; từ chối hoặc hỏi lại bên gửi.",
    ),
    "SEAL_UNDECIDED": Sentence(
        "The sender's seal cannot be judged yet:",
        "Chưa kết luận được về chữ ký số của bên gửi:",
        "Give the missing revocation list (crls in the profile) and try again.",
        "Bổ sung danh sách thu hồi (crls trong hồ sơ kết nối) rồi thử lại.",
    ),
    "CONTENT_MISMATCH": Sentence(
        "What was received is not what was sent:", "Nội dung nhận được khác nội dung đã gửi:", _TELL, _TELL_VI
    ),
    "EVIDENCE_MISSING": Sentence(
        "The axis's answer lacks the evidence that it must have:",
        "Trục không trả chứng cứ cần có:",
        _TELL,
        _TELL_VI,
    ),
    "EVIDENCE_NOT_SOUND": Sentence(
        "The seal on the axis's evidence does not hold:",
        "Chữ ký số trên chứng cứ của trục không hợp lệ:",
        _TELL,
        _TELL_VI,
    ),
    "EVIDENCE_UNDECIDED": Sentence(
        "The seal on the axis's evidence cannot be judged:",
        "Chưa kết luận được về chữ ký số trên chứng cứ của trục:",
        "Give the missing revocation list (crls in the profile) and run the same command again.",
        "Bổ sung danh sách thu hồi (crls trong hồ sơ kết nối) rồi chạy lại đúng lệnh này.",
    ),
    "EVIDENCE_ISSUER": Sentence(
        "The evidence was not issued by this axis:", "Chứng cứ không do trục này cấp:", _TELL, _TELL_VI
    ),
    "EVIDENCE_MISMATCH": Sentence(
        "The axis's evidence says something else than what happened:",
        "Chứng cứ của trục không khớp với việc đã diễn ra:",
        _TELL,
        _TELL_VI,
    ),
}

SAID_IN_ENGLISH = frozenset(
    {
        "AXIS_DECLINED",
        "AXIS_FAILED",
        "BUSY",
        "CONTENT_MISMATCH",
        "EDXML_UNWRITABLE",
        "EVIDENCE_ISSUER",
        "EVIDENCE_MISMATCH",
        "EVIDENCE_NOT_SOUND",
        "EVIDENCE_UNDECIDED",
        "FILE_UNREADABLE",
        "FILE_UNWRITABLE",
        "KEY_UNUSABLE",
        "LISTEN_FAILED",
        "LOG_STATE_UNUSABLE",
        "NOT_EXAMINED",
        "PROFILE_INVALID",
        "SEAL_IMPOSSIBLE",
        "SEAL_NOT_SOUND",
        "SEAL_UNDECIDED",
        "TLS_FAILED",
        "TRUST_UNREADABLE",
        "UNREACHABLE",
        "USAGE",
    }
)
"""Reasons whose detail is an English sentence, or another program's words."""

_MAKER = "Ask whoever made the file for one that follows the standard."
_MAKER_VI = "Đề nghị nơi tạo tệp gửi lại tệp đúng tiêu chuẩn."

READER_SENTENCES: Mapping[str, Sentence] = {
    "NOT_EDXML": Sentence(
        "The file is no edXML package.",
        "Tệp không phải gói tin edXML.",
        "Choose an edXML file (QCVN 102:2016).",
        "Chọn tệp edXML (QCVN 102:2016).",
    ),
    "EDXML_INCOMPLETE": Sentence(
        "The package lacks what every package must say.",
        "Gói tin thiếu thông tin bắt buộc.",
        _MAKER,
        _MAKER_VI,
    ),
    "EDXML_AMBIGUOUS": Sentence(
        "The package can be read in two ways.",
        "Gói tin có nội dung mâu thuẫn, hiểu được theo hai cách.",
        _MAKER,
        _MAKER_VI,
    ),
    "EXTENSIONS_UNFIT": Sentence(
        "The package holds unknown elements that cannot be kept.",
        "Gói tin có thành phần lạ không lưu được.",
        _MAKER,
        _MAKER_VI,
    ),
    "BASE64_MALFORMED": Sentence(
        "The content of an attachment is broken (no base64).",
        "Nội dung tệp đính kèm trong gói tin bị hỏng (không phải base64).",
        _MAKER,
        _MAKER_VI,
    ),
    "KIND_UNKNOWN": Sentence(
        "The kind of document (BussinessDocType) is unknown.",
        "Loại nghiệp vụ văn bản (BussinessDocType) không có trong danh mục.",
        _MAKER,
        _MAKER_VI,
    ),
    "STATUS_UNKNOWN": Sentence(
        "The status code is not one of the standard's.",
        "Mã trạng thái không có trong tiêu chuẩn.",
        _MAKER,
        _MAKER_VI,
    ),
    "ATTACHMENT_UNNAMED": Sentence(
        "An attachment has no identifier (ContentId).",
        "Có tệp đính kèm không có định danh (ContentId).",
        _MAKER,
        _MAKER_VI,
    ),
    "DUPLICATE_CONTENT_ID": Sentence(
        "Two attachments have the same identifier (ContentId).",
        "Hai tệp đính kèm có cùng định danh (ContentId).",
        _MAKER,
        _MAKER_VI,
    ),
}
"""Why edXML cannot be understood: the codes of `edxml.model.NotEdxml`, the same as the axis's."""
