"""What becomes of a document after it was sent, as clerks run it on a real axis."""

from __future__ import annotations

import time
from pathlib import Path

from tests.axis_client.harness import DEPARTMENT, MINISTRY, PROVINCE, Act, RunningAxis, axis, letter


def states(ran_by: Act, dispatch_id: str) -> dict[str, str]:
    (status,) = ran_by("status", dispatch_id).objects
    return {one["recipient_id"]: one["state"] for one in status["deliveries"]}


def test_a_recall_withholds_what_was_not_fetched_and_asks_who_has_it(
    ministry: Act, province: Act, department: Act, sent: str, tmp_path: Path
) -> None:
    assert department("accept", sent, "-o", tmp_path / "in").code == 0
    recalled = ministry("recall", sent, "--reason", "Sai nội dung")
    assert recalled.code == 0, recalled.err
    asking = recalled.objects[0]["dispatch_id"]
    withheld = province("fetch", sent, "-o", tmp_path / "late")
    assert (withheld.code, withheld.error["error"]) == (1, "WITHHELD")
    assert province("agree", sent).objects[0]["state"] == "taken_back"
    declined = department("decline", asking, "--reason", "Đã thi hành")
    assert declined.objects[0]["state"] == "refused"
    assert states(ministry, sent) == {PROVINCE: "taken_back", DEPARTMENT: "accepted"}
    assert states(ministry, asking) == {PROVINCE: "accepted", DEPARTMENT: "refused"}
    (status,) = ministry("status", sent).objects
    assert status["links"] == [{"dispatch_id": asking, "kind": 1, "later": True}]
    events = [one["event"] for one in ministry("evidence", sent).objects if "event" in one]
    assert events.count("ConsignmentRejection") == 1
    assert events.count("ConsignmentAcceptance") == 1


def test_a_recall_of_one_recipient_by_status_leaves_the_others_alone(
    ministry: Act, province: Act, sent: str
) -> None:
    asked = ministry("recall", sent, "--reason", "Gửi nhầm", "--to", "H90", "--status")
    assert asked.code == 0, asked.err
    assert asked.objects[0]["delivery"]["question"]["reason"] == "Gửi nhầm"
    assert states(ministry, sent) == {PROVINCE: "consigned", DEPARTMENT: "consigned"}
    assert province("agree", sent).code == 0
    assert states(ministry, sent) == {PROVINCE: "taken_back", DEPARTMENT: "consigned"}
    alone = ministry("recall", sent, "--reason", "Gửi nhầm", "--status")
    assert (alone.code, alone.error["error"]) == (2, "USAGE")


def test_an_open_question_is_answered_first(ministry: Act, province: Act, sent: str, tmp_path: Path) -> None:
    assert province("report", sent, "--status", "01", "-o", tmp_path / "in").code == 0
    assert ministry("recall", sent, "--reason", "Sai").code == 0
    refused = province("accept", sent)
    assert (refused.code, refused.error["error"]) == (1, "QUESTION_OPEN")
    assert province("decline", sent, "--reason", "Cần giữ").code == 0
    assert province("accept", sent).objects[0]["state"] == "accepted"


def test_an_update_adds_a_recipient_whom_a_recall_reaches_too(
    ministry: Act, department: Act, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=[PROVINCE]))
    sent = ministry("send", tmp_path / "letter.edxml").objects[0]["dispatch_id"]
    assert ministry("update", sent, "--reason", "Thêm", "--add", DEPARTMENT).code == 0
    assert states(ministry, sent) == {PROVINCE: "consigned", DEPARTMENT: "consigned"}
    assert sent in [one["dispatch_id"] for one in department("inbox").objects]
    nothing = ministry("update", sent, "--reason", "Không đổi")
    assert (nothing.code, nothing.error["error"]) == (2, "NOTHING_TO_UPDATE")
    assert ministry("recall", sent, "--reason", "Sai").code == 0
    (status,) = ministry("status", sent).objects
    assert all(one["question"]["kind"] == "recall" for one in status["deliveries"])


def test_accepting_the_replacement_gives_the_old_one_back(
    ministry: Act, province: Act, sent: str, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "new.edxml").write_bytes(letter(f"{document_id}-2", to=[PROVINCE]))
    replacing = ministry("send", tmp_path / "new.edxml", "--replaces", sent, "--reason", "Sai số liệu")
    assert replacing.code == 0, replacing.err
    new = replacing.objects[0]["dispatch_id"]
    assert province("accept", new, "-o", tmp_path / "in").objects[0]["state"] == "accepted"
    assert states(ministry, sent)[PROVINCE] == "taken_back"
    assert ministry("status", new).objects[0]["links"] == [{"dispatch_id": sent, "kind": 0, "later": False}]


def test_check_says_what_send_would_be_told_and_sends_nothing(
    ministry: Act, document_id: str, tmp_path: Path
) -> None:
    before = ministry("outbox").out
    good, bad = tmp_path / "good.edxml", tmp_path / "bad.edxml"
    good.write_bytes(letter(document_id))
    bad.write_bytes(letter(f"{document_id}-2", to=["Z99"]))
    ran = ministry("check", good, bad)
    accepted, refused = ran.objects
    assert (ran.code, accepted["accepted"], refused["accepted"]) == (1, True, False)
    assert set(accepted["recipients"]) == {PROVINCE, DEPARTMENT}
    assert accepted["handover_by"] < accepted["answer_by"]
    assert refused["refusal"]["code"] == ministry("send", bad).error["error"] == "UNKNOWN_RECIPIENT"
    assert ministry("outbox").out == before
    beside = tmp_path / "map.bin"
    beside.write_bytes(b"map" * 1000)
    assert ministry("check", good, "--attach", beside).objects[0]["accepted"]


def test_agencies_are_found_without_diacritics_and_groups_are_addressed(
    running: RunningAxis, ministry: Act, document_id: str, tmp_path: Path
) -> None:
    assert [one["agency_id"] for one in ministry("agencies", "so noi vu").objects] == [DEPARTMENT]
    assert ministry("agencies", "không có ai").code == 1
    running.server(
        "group", "add", "NHOM.MAU", "--name", "Nhóm mẫu", "--member", PROVINCE, "--member", DEPARTMENT,
        "--config", running.config,
    )  # fmt: skip
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=[PROVINCE]))
    for _ in range(300):  # until the axis has looked at its directory again
        ran = axis("groups", "--profile", running.profile(PROVINCE), "--json")
        if ran.objects:
            break
        time.sleep(0.1)
    assert [one["group_id"] for one in ran.objects] == ["NHOM.MAU"]
    assert [one["agency_id"] for one in ministry("groups", "NHOM.MAU").objects] == [PROVINCE, DEPARTMENT]
    found = ministry("send", tmp_path / "letter.edxml", "--to", "NHOM.MAU")
    assert found.code == 0, found.err
    assert found.objects[0]["recipients"] == [PROVINCE, DEPARTMENT]


def test_of_several_units_the_one_that_is_spoken_for_is_named(
    running: RunningAxis, ministry: Act, province: Act, document_id: str, tmp_path: Path
) -> None:
    units = ("H90.01", "H90.02")
    for unit in units:
        running.server(
            "agency", "add", unit, "--name", unit, "--parent", PROVINCE, "--config", running.config
        )
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=list(units)))
    ran = ministry("send", tmp_path / "letter.edxml")
    for _ in range(50):
        if ran.code == 0:
            break
        ran = ministry("send", tmp_path / "letter.edxml")
    sent = ran.objects[0]["dispatch_id"]
    for words in (("refuse", sent, "--reason", "Sai nơi nhận"), ("accept", sent, "-o", tmp_path / "no")):
        unnamed = province(*words)
        assert (unnamed.code, unnamed.error["error"]) == (2, "RECIPIENT_NEEDED")
        assert all(unit in unnamed.error["message_vi"] for unit in units)
    assert province("refuse", sent, "--reason", "Sai nơi nhận", "--recipient", units[1]).code == 0
    assert states(ministry, sent) == {units[0]: "consigned", units[1]: "refused"}


def test_an_update_adds_the_members_of_a_group(
    running: RunningAxis, ministry: Act, document_id: str, tmp_path: Path
) -> None:
    running.server(
        "group", "add", "NHOM.HAI", "--name", "Nhóm", "--member", DEPARTMENT, "--config", running.config
    )
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=[PROVINCE]))
    sent = ministry("send", tmp_path / "letter.edxml").objects[0]["dispatch_id"]
    for _ in range(50):
        updated = ministry("update", sent, "--reason", "Thêm", "--add", "NHOM.HAI")
        if updated.code == 0:
            break
    assert states(ministry, sent) == {PROVINCE: "consigned", DEPARTMENT: "consigned"}


def test_people_are_told_what_a_warning_means_whom_it_names_and_what_is_asked(
    running: RunningAxis, ministry: Act, sent: str
) -> None:
    sender, receiver = running.profile(MINISTRY), running.profile(PROVINCE)
    vietnamese = ("--lang", "vi", "--profile")
    part = axis("recall", sent, "--reason", "Gửi nhầm", "--to", PROVINCE, *vietnamese, sender)
    assert "[STILL_HELD] những nơi này vẫn giữ văn bản" in part.err
    assert part.err.endswith(f": {DEPARTMENT}\n")
    (line,) = [one for one in axis("inbox", *vietnamese, receiver).out.splitlines() if one.startswith(sent)]
    assert "đề nghị thu hồi (trước " in line
    assert line.endswith(": Gửi nhầm")
    assert axis("decline", sent, "--reason", "Đã thi hành", *vietnamese, receiver).code == 0
    told = axis("evidence", sent, *vietnamese, sender).out
    assert "16 từ chối thu hồi hoặc cập nhật (" in told
    assert f"({PROVINCE})" in told
