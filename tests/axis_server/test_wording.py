"""What a clerk who reads Vietnamese is told of a refusal: a Vietnamese sentence with the facts of the case in
it, and no English."""

from __future__ import annotations

import ast
import re
from collections.abc import Awaitable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from google.rpc import error_details_pb2, status_pb2

from axis_server.addressing.directory import DirectoryView
from axis_server.boundary.checks import refusal
from axis_server.boundary.errors import failure_of
from axis_server.errors import MOST_TEXT, Declined, Detail
from axis_server.lifecycle import QuestionKind, State
from axis_server.reasons import Code
from axis_server.wording import (
    QUESTIONS,
    STATES,
    another_document,
    another_term,
    archivists_alone,
    authority_alone,
    classes,
    disposed_by,
    due_on,
    ended_within,
    held_by,
    lifted_already,
    most_in,
    most_open,
    named,
    no_hold,
    of_dispatch,
)
from tests.axis_server.houses import receiving
from tests.axis_server.packages import document, revoke, update
from tests.axis_server.recalling import answered, spoken, take_back, taking_back
from tests.axis_server.world import LIMITS, World

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"
ENGLISH = re.compile(r"\b(the|is|are|of|and|more|than|bytes|most|cannot|recipients?|delivery|status|asked)\b")
"""Words that a Vietnamese sentence has not."""


async def told(act: Awaitable[object]) -> dict[str, str]:
    """The sentences that go out for a refused act, by language."""
    with pytest.raises(Declined) as declined:
        await act
    status = status_pb2.Status.FromString(failure_of(declined.value, "1").details)
    sentences = {}
    for packed in status.details:
        message = error_details_pb2.LocalizedMessage()
        if packed.Unpack(message):
            sentences[message.locale] = message.message
    return sentences


async def vietnamese(act: Awaitable[object]) -> str:
    said = (await told(act))["vi"]
    assert not ENGLISH.search(said), said
    return said


PROGRAMS_ALONE = frozenset({"uploads.py", "quota.py", "preflight.py", "inbox.py"})
"""Where only programs meet a refusal: pieces of uploads and downloads."""


def test_no_refusal_that_a_clerk_can_meet_says_its_case_in_english_alone() -> None:
    plain = []
    for room in ("sending", "delivering", "addressing", "knowing", "documents", "archiving"):
        for module in sorted((PAGE.parents[1] / "axis_server" / room).glob("*.py")):
            tree = ast.parse(module.read_text(encoding="utf-8"))
            raised = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
            for call in raised:
                if isinstance(call.func, ast.Name) and call.func.id == "Declined" and len(call.args) > 1:
                    said = ast.unparse(call.args[1])
                    if isinstance(call.args[1], ast.Constant | ast.JoinedStr) and ENGLISH.search(said):
                        plain += [f"{module.name}: {said}"] if module.name not in PROGRAMS_ALONE else []
    assert not plain


# Recipients.


async def test_an_unknown_recipient_is_named(world: World) -> None:
    assert "(X9)" in await vietnamese(spoken(world, document(to=["H90", "X9"])))


async def test_a_suspended_recipient_is_named(world: World) -> None:
    world.suspend(world.province)
    assert "(H90)" in await vietnamese(spoken(world, document(to=["H90"])))


async def test_too_many_recipients_are_told_with_the_limit(world: World) -> None:
    names = [f"L{number}" for number in range(4)]
    world.view = DirectoryView.of([*(one.agency for one in world.houses), *map(receiving, names)])
    few = world.intake_within(replace(LIMITS, recipients=3))
    sealed = world.sealed(world.ministry, document(to=names))
    assert "nhiều hơn 3 nơi nhận" in await vietnamese(few.submit(world.ministry.caller(), sealed))


async def test_what_a_recipients_systems_do_not_take_is_told_with_its_kind(world: World) -> None:
    await world.sent(world.province)
    can = replace(world.province.agency.capabilities, kinds=frozenset({0}))
    world.register(replace(world.province, agency=replace(world.province.agency, capabilities=can)))
    said = await vietnamese(spoken(world, revoke("H90")))
    assert "H90 không nhận gói tin loại 1" in said


# The life of a delivery.


async def test_what_cannot_follow_is_told_with_the_code_and_the_state(world: World) -> None:
    entry = await world.sent(world.province)
    said = await vietnamese(world.report(world.province, entry, "06"))
    assert "trạng thái 06 không thể báo khi văn bản đang ở bước: chờ nhận" in said


async def test_an_answer_to_nothing_is_told_with_the_state(world: World) -> None:
    entry = await world.sent(world.province)
    assert "văn bản đang ở bước: chờ nhận" in await vietnamese(world.report(world.province, entry, "15"))
    assert "the delivery is consigned" in (await told(world.report(world.province, entry, "15")))["en"]


async def test_a_sender_that_is_another_agency_is_told_by_its_identifier(world: World) -> None:
    own = world.sealed(world.province, document(to=["H91.01"]))
    said = await vietnamese(world.intake.submit(world.province.caller(), own))
    assert "From/OrganId không phải H90" in said
    foreign = world.sealed(world.ministry, document(to=["H91.01"]))
    said = await vietnamese(world.intake.submit(world.province.caller(), foreign))
    assert "không được đăng ký để ký cho H90" in said


async def test_who_was_never_sent_a_document_is_told_as_such(world: World) -> None:
    await world.sent(world.province)
    said = await vietnamese(spoken(world, update("H90", removed=("H91.01",))))
    assert "chưa từng được gửi tới H91.01" in said


async def test_an_open_question_is_told_with_what_it_asks(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    await take_back(world, entry)
    said = await vietnamese(world.report(world.province, entry, "01"))
    assert "đang có đề nghị thu hồi; phải trả lời trước khi báo trạng thái 01" in said


async def test_an_open_removal_is_told_as_one(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    await spoken(world, update("H91.01", "H90", removed=("H90",)))
    said = await vietnamese(world.report(world.province, entry, "01"))
    assert "đang có đề nghị bỏ khỏi nơi nhận" in said


async def test_a_question_that_comes_too_soon_is_told_with_the_time_of_viet_nam(world: World) -> None:
    entry = await world.sent(world.province)
    await take_back(world, entry)
    await answered(world, entry, "16")
    again = taking_back(world, entry, timestamp="2026/03/02 12:00:00")
    said = await vietnamese(world.exchange.report(world.ministry.caller(), entry.dispatch_id, again))
    assert re.search(r"có thể đề nghị lại từ \d\d:\d\d ngày \d\d/\d\d/\d{4}", said)


async def test_whose_status_it_is_is_told(world: World) -> None:
    entry = await world.sent(world.province)
    said = await vietnamese(world.report(world.province, entry, "13"))
    assert "trạng thái 13 do bên gửi báo" in said
    package = await spoken(world, revoke("H90"))
    await world.report(world.province, package, "01")
    said = await vietnamese(world.report(world.province, package, "03"))
    assert "trả lời bằng 15 hoặc 16" in said


async def test_a_hand_over_that_lacks_parts_is_told_with_their_numbers(world: World) -> None:
    entry = await world.sent(world.province)
    some = world.arrived(world.province, entry, [entry.parts[0].sha256])
    act = world.exchange.report(world.province.caller(), entry.dispatch_id, some)
    missing = ", ".join(str(part.number) for part in entry.parts[1:])
    assert f"1/{len(entry.parts)} phần; còn thiếu: {missing}" in await vietnamese(act)


# Sizes.


async def test_a_package_that_is_too_large_is_told_with_both_numbers(world: World) -> None:
    small = world.intake_within(replace(LIMITS, package_bytes=100))
    sealed = world.sealed(world.ministry, document())
    said = await vietnamese(small.submit(world.ministry.caller(), sealed))
    assert f"{len(sealed)} byte; tối đa 100 byte" in said


async def test_a_field_that_is_too_long_is_told_by_its_name(world: World) -> None:
    entry = await world.sent(world.province)
    said = await vietnamese(world.report(world.province, entry, "02", "ệ" * 5000))
    assert "Description: 15000 byte; tối đa 12000 byte" in said


# The words themselves.


def test_the_states_are_called_as_the_page_calls_them() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| ([^|]+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert dict(STATES) == {str(state): rows[state] for state in State}
    assert set(QUESTIONS) == set(QuestionKind)


def test_a_check_says_the_same_in_both_languages() -> None:
    finding = refusal(Declined(Code.UNKNOWN_RECIPIENT, named(["X1", "X2", "X3"], 2)))
    assert (finding.detail, finding.detail_vietnamese) == ("X1, X2 and 1 more", "X1, X2 và 1 mã khác")
    assert named([""], 2).vietnamese == "(để trống)"


def test_what_is_said_to_programs_alone_is_english_for_all() -> None:
    assert Declined(Code.NOT_FOUND, "no such part").detail_vietnamese == "no such part"


def test_neither_language_is_longer_than_a_trailer_holds() -> None:
    declined = Declined(Code.NOT_FOUND, Detail("a" * 999, "ệ" * 999))
    assert max(len(one.encode()) for one in (declined.detail, declined.detail_vietnamese)) <= MOST_TEXT


def test_what_archivists_are_told_has_no_english() -> None:
    day = date(2029, 1, 1)
    details = (
        disposed_by("o1"),
        classes(["permanent", "20"]),
        ended_within(2026, 2029),
        no_hold(),
        lifted_already(),
        archivists_alone("system"),
        authority_alone(),
        of_dispatch("d1"),
        due_on("d1", "2", day),
        due_on("d1", "permanent", None),
        another_document("d1"),
        another_term("d1", "2", day),
        held_by("d1"),
        most_in(60, "minute"),
        most_open(3),
    )
    for detail in details:
        assert detail.english != detail.vietnamese
        assert not ENGLISH.search(detail.vietnamese), detail.vietnamese
    assert due_on("d1", "2", day).vietnamese == "mã gửi d1: thời hạn 2, được hủy từ: 01/01/2029"
    assert most_in(60, "minute").vietnamese == "60 mỗi phút"
