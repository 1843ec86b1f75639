"""What cannot be done is refused with the step that can: who recalls, by which road, who has it already."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from axis_client import Client, EventFilter, Profile, Side
from tests.axis_client.harness import DEPARTMENT, PROVINCE, Act, Ran, RunningAxis, axis, letter

NARROW = "H97"
"""A province whose systems take new documents alone."""


def once_known(act: Callable[[], Ran]) -> Ran:
    """Runs a command until the axis has looked at its directory again."""
    for _ in range(300):
        ran = act()
        if ran.code == 0:
            return ran
        time.sleep(0.2)
    raise AssertionError(ran.err)


def test_whose_systems_take_no_revoke_package_is_recalled_by_status_13(
    running: RunningAxis, ministry: Act, document_id: str, tmp_path: Path
) -> None:
    folder = tmp_path / "narrow"
    running.server(
        *("agency", "add", NARROW, "--name", "UBND tỉnh Hẹp", "--accepts-kinds", "0", "--issue", folder),
        *("--config", running.config),
    )
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=[PROVINCE, NARROW]))
    sent = once_known(lambda: ministry("send", tmp_path / "letter.edxml")).objects[0]["dispatch_id"]
    refused = ministry("recall", sent, "--reason", "Sai số liệu")
    assert (refused.code, refused.error["error"]) == (1, "RECIPIENT_UNFIT")
    assert f"axis recall {sent} --to {NARROW} --status" in refused.error["hint_vi"]
    assert ministry("recall", sent, "--reason", "Sai số liệu", "--to", NARROW, "--status").code == 0
    assert ministry("recall", sent, "--reason", "Sai số liệu", "--to", PROVINCE).code == 0
    asked = [one["question"]["kind"] for one in ministry("status", sent).objects[0]["deliveries"]]
    assert asked == ["recall", "recall"]
    shown = axis("agency", NARROW, "--profile", folder / "profile.toml", env={"AXIS_LANG": "vi"})
    assert "chỉ nhận gói tin: văn bản mới" in shown.out


def test_who_received_a_document_cannot_recall_change_or_replace_it(
    province: Act, sent: str, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "new.edxml").write_bytes(letter(document_id + "x", sender=PROVINCE))
    for act in (
        ("recall", sent),
        ("recall", sent, "--to", "H91.01", "--status"),
        ("update", sent, "--add", "H91.01"),
        ("send", tmp_path / "new.edxml", "--replaces", sent),
    ):
        ran = province(*act, "--reason", "Sai")
        assert (ran.code, ran.error["error"]) == (2, "NOT_SENDER")
        assert "axis refuse" in ran.error["hint_vi"]


def test_who_has_a_document_is_not_added_again(ministry: Act, sent: str) -> None:
    ran = ministry("update", sent, "--reason", "Thêm nơi nhận", "--add", PROVINCE)
    assert (ran.code, ran.error["error"]) == (2, "NOTHING_TO_UPDATE")


def test_a_status_with_a_command_of_its_own_is_pointed_to_it(province: Act, sent: str) -> None:
    for code, named in (("03", "axis accept"), ("2", "axis refuse"), ("15", "axis agree")):
        ran = province("report", sent, "--status", code)
        assert (ran.code, ran.error["error"]) == (2, "USAGE")
        assert named in ran.error["message_vi"]
    assert province("accept", sent).code == 0
    assert province("report", sent, "--status", "5").objects[0]["state"] == "in_process"


def test_a_warning_names_states_in_the_readers_language(
    running: RunningAxis, ministry: Act, province: Act, sent: str, tmp_path: Path
) -> None:
    assert province("refuse", sent, "--reason", "Thiếu phụ lục").code == 0
    profile = running.profile("000.00.00.G90")
    shown = axis(
        "recall", sent, "--reason", "Sai", "--profile", profile, env={"AXIS_LANG": "vi"}, cwd=tmp_path
    )
    assert shown.code == 0, shown.err
    assert "Lưu ý: [NOT_ASKED] không thể đề nghị những nơi này trả lại" in shown.err
    assert "000.00.00.H90 (từ chối tiếp nhận)" in shown.err


def test_a_command_acts_for_another_agency_only_by_its_delegation(
    running: RunningAxis, province: Act
) -> None:
    refused = province("whoami", "--for", "H91.01")
    assert (refused.code, refused.error["error"]) == (1, "NOT_DELEGATED")
    running.server("agency", "delegate", "H91.01", PROVINCE, "--config", running.config)
    acting = once_known(lambda: province("whoami", "--for", "H91.01"))
    assert acting.objects[0]["agency_id"] == "H91.01"
    running.server("agency", "undelegate", "H91.01", PROVINCE, "--config", running.config)


def test_a_program_follows_what_it_wants_and_sets_aside_what_it_cannot_process(
    running: RunningAxis, sent: str
) -> None:
    wanted = EventFilter(kinds=("ContentConsignment",), dispatch_id=sent, side=Side.RECEIVED)
    with Client(Profile.load(running.profile(PROVINCE))) as client:
        (news,) = client.events(wanted=wanted, follow=False)
        client.set_event_aside(news, "Không đọc được")
        (aside,) = [one for one in client.asides() if one.dispatch_id == sent]
        assert (aside.sequence, aside.reason) == (news.event.sequence, "Không đọc được")
        assert list(client.events(news.cursor, wanted, follow=False)) == []
        client.take_up(sent, sequence=news.event.sequence)
        assert sent not in [one.dispatch_id for one in client.asides()]


def test_a_group_is_shown_by_its_members_names(running: RunningAxis) -> None:
    owned = ("--owner", DEPARTMENT, "--member", PROVINCE, "--config", running.config)
    running.server("group", "add", "THU", "--name", "Nhóm thử", *owned)
    profile = running.profile(DEPARTMENT)
    shown = once_known(lambda: axis("groups", "THU", "--profile", profile))
    assert shown.out == f"{PROVINCE}\tUBND tỉnh Ví Dụ\n"
    assert axis("groups", "THU", "--profile", profile, "--json").objects == [{"agency_id": PROVINCE}]


def test_agencies_are_searched_by_words_without_quotes(running: RunningAxis) -> None:
    found = axis("agencies", "bo", "mau", "--profile", running.profile(PROVINCE), "--json").objects
    assert "000.00.00.G90" in [one["agency_id"] for one in found]
