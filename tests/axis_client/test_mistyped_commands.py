"""What a clerk mistypes is told in Vietnamese as in English, with what to type instead; `-h` speaks both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from axis_client.cli import axis as command
from tests.axis_client.harness import Act, RunningAxis, axis

ENGLISH = re.compile(r"\b(the|is|are|of|and|not|one|no|invalid|missing|such|got|value)\b", re.IGNORECASE)
"""Words that a Vietnamese sentence has not."""


def commands(of: click.Command, name: str = "axis") -> Iterator[tuple[str, click.Command]]:
    yield name, of
    if isinstance(of, click.Group):
        for below, one in of.commands.items():
            yield from commands(one, f"{name} {below}")


def test_every_command_and_option_is_described_in_vietnamese_then_english() -> None:
    silent = []
    for name, one in commands(command):
        first = re.split(r" / |\n\n", one.help or "")[0]
        silent += [name] if first.isascii() or (ENGLISH.search(first)) else []
        for option in one.params:
            if isinstance(option, click.Option):
                vietnamese, _, english = (option.help or "").partition(" / ")
                if not english or ENGLISH.search(vietnamese):
                    silent.append(f"{name} {option.opts[0]}")
    assert not silent


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("agenceis",), "không có lệnh agenceis"),
        (("status",), "còn thiếu ID"),
        (("refuse", "x" * 26), "còn thiếu --reason"),
        (("stats", "--by", "year"), "--by: chọn một trong: day, month, agency, priority, kind"),
        (("stats", "--from", "01/02/2026"), "'01/02/2026' không phải ngày dạng năm-tháng-ngày"),
        (("watch", "--urgent", "9"), "--urgent: phải là số nguyên từ 0 đến 4"),
        (("watch", "--kind", "Refused"), "--kind: chọn một trong: SubmissionAcceptance"),
        (("attention", "--json", "--done", "x" * 26), "--done: thiếu hoặc thừa giá trị"),
        (("inbox", "--stat", "done"), "không có tùy chọn --stat"),
        (("status", "x" * 26, "y"), "thừa: y; giá trị có dấu cách phải đặt trong dấu ngoặc kép"),
        (("recall", "x" * 26, "--reason", "Sai", "--status"), "--status phải đi cùng --to"),
        (("aside", "--reason", "hỏng"), "phải nêu mã gửi"),
        (("evidence", "--all"), "-o THƯ-MỤC"),
    ],
)
def test_a_mistyped_command_is_explained_in_vietnamese(typed: tuple[str, ...], told: str) -> None:
    ran = axis(*typed, *(() if "--json" in typed else ("--json",)))
    assert (ran.code, ran.error["error"]) == (2, "USAGE")
    assert told in ran.error["message_vi"]
    assert not ENGLISH.search(ran.error["message_vi"])
    assert ran.error["hint_vi"].startswith("Xem ")


def test_whoever_has_no_profile_here_is_told_what_it_is_and_where_to_name_it(tmp_path: Path) -> None:
    ran = axis("inbox", "--json", cwd=tmp_path)
    assert (ran.code, ran.error["error"]) == (2, "FILE_MISSING")
    assert "--profile" in ran.error["hint"]
    assert "AXIS_PROFILE" in ran.error["hint_vi"]


def test_a_command_that_cannot_be_run_stops_the_watch_and_sets_nothing_aside(
    province: Act, sent: str, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    options = ("--once", "--dispatch", sent, "--keep", place, "--tries", "1", "--run")
    ran = province("watch", *options, "axis-no-such-program")
    assert (ran.code, ran.error["error"]) == (2, "COMMAND_NOT_RUN")
    assert sent not in [one["dispatch_id"] for one in province("aside").objects]
    seen = tmp_path / "seen"
    assert province("watch", *options, f"cat >> {seen}; echo >> {seen}").code == 0
    assert '"SubmissionAcceptance"' in seen.read_text(encoding="utf-8").splitlines()[0]


def test_a_place_that_cannot_be_kept_is_noticed_before_anything_is_run(
    province: Act, sent: str, tmp_path: Path
) -> None:
    ran = province(
        "watch", "--once", "--dispatch", sent, "--keep", tmp_path / "no" / "p", "--run", f"touch {tmp_path}/x"
    )
    assert (ran.code, ran.error["error"]) == (2, "FILE_UNWRITABLE")
    assert not (tmp_path / "x").exists()


def test_a_delivery_is_set_aside_and_taken_up_without_naming_ones_own_agency(
    province: Act, sent: str
) -> None:
    assert province("aside", sent, "--reason", "Không đọc được tệp").code == 0
    (aside,) = [one for one in province("aside").objects if one["dispatch_id"] == sent]
    assert (aside["sequence"], aside["recipient_id"]) == (0, "000.00.00.H90")
    assert province("aside", sent, "--undo").code == 0
    assert sent not in [one["dispatch_id"] for one in province("aside").objects]


def test_attention_says_what_can_be_done_about_each_concern(
    running: RunningAxis, province: Act, sent: str
) -> None:
    assert province("aside", sent, "--reason", "Hỏng").code == 0
    shown = axis("attention", "--profile", running.profile("000.00.00.H90"), env={"AXIS_LANG": "vi"})
    assert "hệ thống không xử lý được (văn bản đến): xem axis aside;" in shown.err
    assert "Bộ Mẫu" in shown.out
    assert province("aside", sent, "--undo").code == 0
