"""What the reasons about the transparency log say."""

from __future__ import annotations

from collections.abc import Mapping

from signing.reasons.codes import Reason, Sentence

LOG: Mapping[Reason, Sentence] = {
    Reason.LOG_PROOF_MALFORMED: Sentence(
        english="The log proof is not built as its format (C2SP tlog-proof) requires.",
        vietnamese="Tệp chứng minh của nhật ký không đúng cấu trúc của định dạng C2SP tlog-proof.",
        next_step="Fetch the proof again; the file was cut off or changed on the way.",
        next_step_vietnamese="Tải lại tệp chứng minh; tệp đã bị cắt hoặc thay đổi trên đường truyền.",
    ),
    Reason.LOG_CHECKPOINT_MALFORMED: Sentence(
        english="The log's checkpoint is not built as its format (C2SP tlog-checkpoint) requires.",
        vietnamese="Điểm kiểm tra của nhật ký không đúng cấu trúc của định dạng C2SP tlog-checkpoint.",
        next_step="Fetch the checkpoint again; if it comes the same again, report it to the axis's operator.",
        next_step_vietnamese=(
            "Tải lại điểm kiểm tra; nếu kết quả vẫn như vậy, báo cho đơn vị vận hành trục."
        ),
    ),
    Reason.LOG_WRONG_ORIGIN: Sentence(
        english="The checkpoint is of another log than the one asked for.",
        vietnamese="Điểm kiểm tra thuộc về một nhật ký khác với nhật ký cần kiểm tra.",
        next_step="Check which axis the evidence is of, and verify it against that axis's log.",
        next_step_vietnamese="Xác định chứng cứ thuộc trục nào và kiểm tra với nhật ký của trục đó.",
    ),
    Reason.LOG_WRONG_KEY: Sentence(
        english="The checkpoint is not signed by any key that is known to be this log's.",
        vietnamese="Điểm kiểm tra không được ký bằng khóa nào đã biết của nhật ký này.",
        next_step=(
            "The axis may have begun to use a new key. Obtain the log's public keys, old ones included, from "
            "its operator by a road you trust, and name all of them (`log` in the profile, `--log` offline)."
        ),
        next_step_vietnamese=(
            "Có thể trục đã đổi khóa. Nhận các khóa công khai của nhật ký, kể cả khóa cũ, từ đơn vị vận hành "
            "trục qua kênh tin cậy, rồi khai báo đủ các khóa (`log` trong hồ sơ kết nối, hoặc `--log`)."
        ),
    ),
    Reason.LOG_SIGNATURE_INVALID: Sentence(
        english="A signature on the checkpoint is wrong for the key that it names.",
        vietnamese="Một chữ ký trên điểm kiểm tra không đúng với khóa được nêu.",
        next_step="Do not rely on the checkpoint; fetch it again, and report it if it comes the same again.",
        next_step_vietnamese=(
            "Không sử dụng điểm kiểm tra này; tải lại và báo cho đơn vị vận hành trục nếu vẫn như vậy."
        ),
    ),
    Reason.LOG_TOO_FEW_WITNESSES: Sentence(
        english="Fewer known witnesses than required have cosigned the checkpoint.",
        vietnamese="Số bên làm chứng đã biết cùng ký điểm kiểm tra ít hơn mức yêu cầu.",
        next_step="Fetch the proof again later; witnesses may not have cosigned yet.",
        next_step_vietnamese="Tải lại tệp chứng minh sau; các bên làm chứng có thể chưa cùng ký.",
    ),
    Reason.LOG_WRONG_SIZE: Sentence(
        english="The proof or the index does not belong to a log of the checkpoint's size.",
        vietnamese="Chứng minh hoặc vị trí không thuộc nhật ký có kích thước ghi ở điểm kiểm tra.",
        next_step="Fetch the proof again, with the checkpoint that it was made for.",
        next_step_vietnamese="Tải lại chứng minh cùng với đúng điểm kiểm tra của chứng minh đó.",
    ),
    Reason.LOG_NOT_INCLUDED: Sentence(
        english="The proof does not show these bytes in the log: it is for others, or one was altered.",
        vietnamese=(
            "Chứng minh không cho thấy dữ liệu này có trong nhật ký: chứng minh là của dữ liệu khác, "
            "hoặc một trong hai đã bị sửa."
        ),
        next_step="Do not rely on it as logged; fetch the evidence and its proof again from the axis.",
        next_step_vietnamese="Không coi là đã ghi nhật ký; tải lại chứng cứ và chứng minh từ trục.",
    ),
    Reason.LOG_TILE_MALFORMED: Sentence(
        english="A piece of the log has another length than it must have.",
        vietnamese="Một mảnh của nhật ký có độ dài khác với độ dài bắt buộc.",
        next_step="Fetch the piece again; it was cut off, or is not the log's.",
        next_step_vietnamese="Tải lại mảnh này; mảnh đã bị cắt hoặc không phải của nhật ký.",
    ),
    Reason.LOG_TILE_ALTERED: Sentence(
        english="A piece of the log does not lead to the root that the log signed.",
        vietnamese="Một mảnh của nhật ký không dẫn đến mã băm gốc mà nhật ký đã ký.",
        next_step="Fetch the piece again; if it comes the same again, keep it and report it as an alarm.",
        next_step_vietnamese="Tải lại mảnh này; nếu vẫn như vậy, lưu lại và báo động.",
    ),
    Reason.LOG_ROLLBACK: Sentence(
        english="The log has become smaller than it was: entries that it had signed for are gone.",
        vietnamese="Nhật ký nhỏ hơn trước: các mục mà nhật ký đã ký xác nhận không còn nữa.",
        next_step="Keep both checkpoints and report them: together they prove what the log did.",
        next_step_vietnamese=(
            "Lưu cả hai điểm kiểm tra và báo động: cả hai cùng nhau chứng minh việc nhật ký đã làm."
        ),
    ),
    Reason.LOG_SPLIT_VIEW: Sentence(
        english="The log does not show that its new state contains the old one: it may tell two histories.",
        vietnamese=(
            "Nhật ký không chứng minh được trạng thái mới chứa trạng thái cũ: "
            "nhật ký có thể đưa ra hai lịch sử khác nhau."
        ),
        next_step="Keep both checkpoints, ask for the proof once more, and report them if it fails again.",
        next_step_vietnamese=(
            "Lưu cả hai điểm kiểm tra, yêu cầu lại chứng minh một lần, và báo động nếu vẫn không đạt."
        ),
    ),
    Reason.LOG_SIZE_CONFLICT: Sentence(
        english="The witness has cosigned another size of the log than the request starts from.",
        vietnamese="Bên làm chứng đã cùng ký một kích thước nhật ký khác với kích thước nêu trong yêu cầu.",
        next_step="Ask again, starting from the size that the witness answers with.",
        next_step_vietnamese="Gửi lại yêu cầu, bắt đầu từ kích thước mà bên làm chứng trả lời.",
    ),
    Reason.LOG_SUCCESSION_MALFORMED: Sentence(
        english="The statement that one key of the log follows another is not built as it must be.",
        vietnamese="Bản xác nhận khóa kế nhiệm của nhật ký không đúng cấu trúc.",
        next_step="Ask for it again; if it comes the same again, report it to the axis's operator.",
        next_step_vietnamese="Yêu cầu lại; nếu kết quả vẫn như vậy, báo cho đơn vị vận hành trục.",
    ),
    Reason.LOG_TWO_SUCCESSORS: Sentence(
        english="A key of the log has named two different keys as its successor: it may be stolen.",
        vietnamese="Một khóa của nhật ký đã nêu hai khóa kế nhiệm khác nhau: khóa có thể đã bị đánh cắp.",
        next_step=(
            "Keep both statements and report them. Rely on the log again once its operator has told you by a "
            "road you trust which key is right, and name that one in the profile (`log_follow_keys = false`)."
        ),
        next_step_vietnamese=(
            "Lưu cả hai bản xác nhận và báo động. Chỉ tin nhật ký trở lại khi đơn vị vận hành trục cho biết "
            "khóa đúng qua kênh tin cậy, và khai báo khóa đó trong hồ sơ kết nối (`log_follow_keys = false`)."
        ),
    ),
    Reason.LOG_KEY_GIVEN_UP: Sentence(
        english="The checkpoint is new, and signed only by a key that the log had given up before.",
        vietnamese="Điểm kiểm tra là mới nhưng chỉ được ký bằng khóa mà nhật ký đã ngừng dùng từ trước.",
        next_step="Do not rely on it: the old key may be stolen. Report it to the axis's operator.",
        next_step_vietnamese="Không sử dụng: khóa cũ có thể đã bị đánh cắp. Báo cho đơn vị vận hành trục.",
    ),
}
