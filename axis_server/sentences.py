"""What the axis's own codes say to people: a sentence and a next step, in English and in Vietnamese.

Keyed by the names of `reasons.Code`, which has one for each. The verdicts of `signing` bring their own
sentences; where both have a code, the one here speaks for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from signing.verdict import Sentence


def says(english: str, vietnamese: str, next_step: str, next_step_vietnamese: str) -> Sentence:
    """Says something in both languages, with a next step in both."""
    return Sentence(
        english=english,
        vietnamese=vietnamese,
        next_step=next_step,
        next_step_vietnamese=next_step_vietnamese,
    )


SENTENCES: Mapping[str, Sentence] = MappingProxyType(
    {
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
        "SENDER_MISMATCH": says(
            "The package names another agency as its sender.",
            "Gói tin ghi cơ quan gửi là một cơ quan khác.",
            "Send it from the agency in From, or correct From/OrganId and seal again.",
            "Gửi từ đúng cơ quan ghi tại From, hoặc sửa From/OrganId rồi ký lại.",
        ),
        "SIGNER_MISMATCH": says(
            "The signer's certificate is not registered to seal for your agency.",
            "Chứng thư số của người ký chưa được đăng ký để ký thay mặt cơ quan của quý vị.",
            "Seal with your agency's certificate, or ask the axis's operator to register this one.",
            "Ký bằng chứng thư số của cơ quan, hoặc đề nghị đơn vị vận hành trục đăng ký chứng thư này.",
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
        "BASE64_MALFORMED": says(
            "The content of an attachment is not base64.",
            "Nội dung tệp đính kèm không phải là base64 hợp lệ.",
            "Encode the attachment again, and seal again.",
            "Mã hóa lại tệp đính kèm rồi ký lại.",
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
        "ATTACHMENT_UNNAMED": says(
            "An attachment has no name by which it could be told from the others.",
            "Có tệp đính kèm không có tên hoặc mã để phân biệt.",
            "Give every attachment a ContentId and a name, and seal again.",
            "Đặt ContentId và tên cho mọi tệp đính kèm rồi ký lại.",
        ),
        "DUPLICATE_CONTENT_ID": says(
            "Two attachments carry the same ContentId.",
            "Có hai tệp đính kèm trùng ContentId.",
            "Give every attachment a ContentId of its own, and seal again.",
            "Đặt ContentId riêng cho từng tệp đính kèm rồi ký lại.",
        ),
        "ATTACHMENT_MISSING": says(
            "An attachment that the document names is not here.",
            "Thiếu tệp đính kèm mà văn bản có nêu.",
            "Upload the attachment that the detail names, then send the same package again.",
            "Tải lên tệp đính kèm nêu trong chi tiết rồi gửi lại đúng gói tin này.",
        ),
        "ATTACHMENT_NOT_SEALED": says(
            "An attachment outside the package is not covered by the seal.",
            "Tệp đính kèm nằm ngoài gói tin không được chữ ký bảo vệ.",
            "Put its digest in the seal as a cid: reference, or its content in the package, and seal again.",
            "Đưa mã băm của tệp vào chữ ký bằng tham chiếu cid:, hoặc đưa nội dung vào gói, rồi ký lại.",
        ),
        "ATTACHMENT_TOO_LARGE": says(
            "The file is larger than the axis takes.",
            "Tệp vượt quá dung lượng mà trục tiếp nhận.",
            "Split the file, or agree on another way with the recipient.",
            "Chia nhỏ tệp, hoặc thống nhất cách gửi khác với nơi nhận.",
        ),
        "TOO_MANY_ATTACHMENTS": says(
            "The package has more attachments than the axis takes.",
            "Gói tin có quá nhiều tệp đính kèm.",
            "Gather the attachments in fewer files, and seal again.",
            "Gộp các tệp đính kèm lại rồi ký lại.",
        ),
        "ZIP_BOMB": says(
            "An attachment unpacks to far more than it may.",
            "Tệp đính kèm giải nén ra dung lượng lớn bất thường.",
            "Send the file itself, not packed so.",
            "Gửi chính tệp đó, không nén theo cách này.",
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
        "NO_RECIPIENT": says(
            "The package names no recipient.",
            "Gói tin không có nơi nhận.",
            "Name at least one recipient in To, and seal again.",
            "Ghi ít nhất một nơi nhận tại To rồi ký lại.",
        ),
        "UNKNOWN_RECIPIENT": says(
            "A recipient is not in the directory; nothing was sent to anyone.",
            "Có nơi nhận không có trong danh bạ; văn bản chưa được gửi tới nơi nào.",
            "Correct the identifiers that the detail names and seal again, or have them registered.",
            "Sửa các mã định danh nêu trong chi tiết rồi ký lại, hoặc đề nghị đơn vị vận hành đăng ký.",
        ),
        "SUSPENDED_RECIPIENT": says(
            "A recipient is suspended on the axis; nothing was sent to anyone.",
            "Có nơi nhận đang bị tạm dừng trên trục; văn bản chưa được gửi tới nơi nào.",
            "Leave it out and seal again, or wait until it is resumed.",
            "Bỏ nơi nhận đó rồi ký lại, hoặc chờ đến khi nơi nhận được mở lại.",
        ),
        "TOO_MANY_RECIPIENTS": says(
            "The package names more recipients than the axis takes at once.",
            "Gói tin có quá nhiều nơi nhận cho một lần gửi.",
            "Send the document in several packages.",
            "Gửi văn bản thành nhiều gói tin.",
        ),
        "RECIPIENT_UNFIT": says(
            "A recipient's systems do not take this package; nothing was sent to anyone.",
            "Hệ thống của nơi nhận không nhận được gói tin này; văn bản chưa được gửi tới nơi nào.",
            "Send what the recipient takes, or ask it to tell the axis's operator what it takes now.",
            "Gửi đúng loại mà nơi nhận tiếp nhận được, hoặc đề nghị nơi nhận cập nhật khả năng tiếp nhận.",
        ),
        "RECIPIENT_ENDED": says(
            "An agency that the update adds was a recipient before, and refused, gave back or missed it.",
            "Cơ quan được bổ sung từng là nơi nhận và đã từ chối, trả lại hoặc để quá hạn văn bản.",
            "Send the document to it anew, as a new document.",
            "Gửi lại cho cơ quan đó thành một văn bản mới.",
        ),
        "NOT_A_RECIPIENT": says(
            "The document was not sent to an agency that is to give it back.",
            "Văn bản chưa từng được gửi tới cơ quan được yêu cầu thu hồi, loại bỏ hoặc thay thế.",
            "Name recipients of the document alone, and seal again.",
            "Chỉ nêu những nơi đã nhận văn bản rồi ký lại.",
        ),
        "DIGEST_MISMATCH": says(
            "The bytes do not match the digest given for them.",
            "Dữ liệu không khớp với mã băm đã khai báo hoặc đã ký.",
            "Send the bytes that the digest was made of; a document changed after sealing is sealed again.",
            "Gửi đúng dữ liệu đã tính mã băm; nếu văn bản bị sửa sau khi ký thì phải ký lại.",
        ),
        "OFFSET_MISMATCH": says(
            "The transfer was continued at the wrong place.",
            "Việc truyền tệp được nối tiếp sai vị trí.",
            "Go on at the offset that the answer names.",
            "Tiếp tục từ vị trí nêu trong phản hồi.",
        ),
        "STREAM_TRUNCATED": says(
            "The upload ended early; what arrived is kept.",
            "Việc tải lên bị ngắt giữa chừng; phần đã nhận được giữ lại.",
            "Go on at the offset that the answer names.",
            "Tiếp tục từ vị trí nêu trong phản hồi.",
        ),
        "NOT_FOUND": says(
            "There is no such thing for your agency.",
            "Không tìm thấy đối với cơ quan của quý vị.",
            "Check the identifier.",
            "Kiểm tra lại mã định danh.",
        ),
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
            "The archive's authority has the order and the evidence of destruction.",
            "Cơ quan quản lý lưu trữ có quyết định hủy và chứng nhận hủy.",
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
        "UPLOAD_QUOTA": says(
            "Too many uploads of your agency are unfinished.",
            "Cơ quan của quý vị có quá nhiều tệp tải lên chưa hoàn tất.",
            "Finish the uploads that were begun; what nobody goes on with is dropped after some days.",
            "Hoàn tất các tệp đang tải dở; tệp bị bỏ dở sẽ tự bị xóa sau một số ngày.",
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
)

SENTENCES_OF_THE_CALLER: Mapping[str, Sentence] = MappingProxyType(
    {
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
)
