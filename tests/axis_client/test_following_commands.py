"""Following along on a real axis: events, what needs attention, what is set aside, how many there are."""

from __future__ import annotations

import asyncio
import csv
import io
from pathlib import Path

from axis_client import AsyncClient, Profile, Refused
from axis_client.model.oversight import EventFilter, Side
from tests.axis_client.harness import DEPARTMENT, MINISTRY, PROVINCE, Act, RunningAxis, axis, letter


def test_watch_goes_on_where_it_was_and_shows_each_event_once(
    ministry: Act, province: Act, sent: str, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    first = province("watch", "--once", "--keep", place).objects
    assert [one["kind"] for one in first if one["dispatch_id"] == sent] == [
        "SubmissionAcceptance",
        "ContentConsignment",
    ]
    assert province("watch", "--once", "--keep", place).objects == []
    assert province("refuse", sent, "--reason", "Thiếu phụ lục").code == 0
    (news,) = province("watch", "--once", "--keep", place).objects
    assert (news["kind"], news["reason"], news["sequence"]) == ("ConsignmentRejection", "Thiếu phụ lục", 3)
    mine = ministry("watch", "--once", "--dispatch", sent, "--kind", "ConsignmentRejection", "--side", "sent")
    assert [one["recipient_id"] for one in mine.objects] == [PROVINCE]


def test_an_event_that_cannot_be_processed_is_set_aside_and_the_next_one_is(
    running: RunningAxis, province: Act, sent: str, tmp_path: Path
) -> None:
    done, place = tmp_path / "done", tmp_path / "place"
    command = f"grep -q ContentConsignment && exit 0; echo 'hệ thống hỏng' >&2; touch {done}; exit 7"
    options = ("--once", "--keep", place, "--dispatch", sent, "--tries", "1")
    assert province("watch", *options, "--run", command).code == 0
    assert done.exists()
    (aside,) = [one for one in province("aside").objects if one["dispatch_id"] == sent]
    assert (aside["sequence"], aside["reason"]) == (1, "exit code 7: hệ thống hỏng")
    assert province("watch", *options).objects == []
    shown = province("attention").objects[0]["concerns"]
    assert "set_aside" in [one["why"] for one in shown if one["dispatch_id"] == sent]
    assert province("aside", sent, "--sequence", "1", "--undo").code == 0
    assert sent not in [one["dispatch_id"] for one in province("aside").objects]


def test_whatever_a_failing_command_says_its_event_is_set_aside(province: Act, sent: str) -> None:
    for number, says in enumerate(
        ("{ yes 'hỏng' | head -c 100000; echo 'không đọc được'; }", r"printf 'a\0\377b'"), start=1
    ):
        command = f"{says} >&2; exit 7"
        kinds = ("SubmissionAcceptance", "ContentConsignment")[number - 1 : number]
        options = ("--once", "--tries", "1", "--dispatch", sent, "--kind", *kinds)
        assert province("watch", *options, "--run", command).code == 0
    asides = [one for one in province("aside").objects if one["dispatch_id"] == sent]
    long, odd = (str(one["reason"]) for one in asides)
    assert long.endswith("không đọc được")
    assert 800 < len(long.encode()) <= 1000
    assert odd == "exit code 7: a\ufffd\ufffdb"


def test_an_ending_needs_attention_until_it_was_seen(
    running: RunningAxis, ministry: Act, province: Act, sent: str
) -> None:
    assert province("refuse", sent, "--reason", "Thiếu phụ lục").code == 0

    def whys(act: Act) -> list[str]:
        (found,) = act("attention", "--most", "1000").objects
        return [one["why"] for one in found["concerns"] if one["dispatch_id"] == sent]

    assert "refused" in whys(ministry)
    assert ministry("attention", "--done", sent, PROVINCE).code == 0
    assert "refused" not in whys(ministry)
    people = axis("attention", "--profile", running.profile(MINISTRY), "--lang", "vi")
    assert people.code == 0


def test_statistics_count_and_are_written_as_csv(running: RunningAxis, ministry: Act, sent: str) -> None:
    (before,) = ministry("stats", "--by", "kind", "--side", "sent").objects[:1]
    assert before["kind"] == 0
    assert before["deliveries"] >= 2
    plain = axis("stats", "--csv", "--by", "agency", "--profile", running.profile(MINISTRY)).out
    rows = list(csv.DictReader(io.StringIO(plain)))
    assert {PROVINCE, DEPARTMENT} <= {row["agency_id"] for row in rows}
    assert sum(int(row["deliveries"]) for row in rows) >= before["deliveries"]


async def test_a_program_follows_live_from_now_on(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    async with (
        AsyncClient(Profile.load(running.profile(MINISTRY))) as ministry,
        AsyncClient(Profile.load(running.profile(PROVINCE))) as province,
    ):
        wanted = EventFilter(side=Side.RECEIVED)
        past = [event async for event in province.events(wanted=wanted, follow=False)]
        after = past[-1].cursor if past else ""
        coming = province.events(after, wanted)
        first = asyncio.ensure_future(anext(coming))
        sent = await ministry.send(letter(document_id, to=[PROVINCE]))
        event = await asyncio.wait_for(first, 30)
        assert event.event.dispatch_id == sent.dispatch.dispatch_id
        assert event.about.document_id == document_id
        await coming.aclose()


async def test_two_systems_of_an_agency_share_an_inbox(running: RunningAxis, document_id: str) -> None:
    async with (
        AsyncClient(Profile.load(running.profile(MINISTRY))) as ministry,
        AsyncClient(Profile.load(running.profile(DEPARTMENT))) as one,
        AsyncClient(Profile.load(running.profile(DEPARTMENT))) as two,
    ):
        sent = (await ministry.send(letter(document_id, to=[DEPARTMENT]))).dispatch.dispatch_id
        taken = {item.item.dispatch.dispatch_id: item for item in await one.take(100)}
        assert sent in taken
        assert sent not in {item.item.dispatch.dispatch_id for item in await two.take(100)}
        await one.extend(taken[sent], 60)
        await one.release(taken[sent])
        again = {item.item.dispatch.dispatch_id: item for item in await two.take(100)}
        assert again[sent].attempts == 2
        try:
            await one.extend(taken[sent], 60)
        except Refused as refused:
            assert refused.reason == "LEASE_LOST"
        else:
            raise AssertionError("a lease that another system took was extended")
        await two.set_taken_aside(again[sent], "Không đọc được")
        assert sent not in {item.item.dispatch.dispatch_id for item in await one.take(100)}
        await two.take_up(sent, recipient=DEPARTMENT)
        assert sent in {item.item.dispatch.dispatch_id for item in await one.take(100)}
