"""The online commands as a clerk or a script runs them, on a real axis."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import pty
import re
import signal
import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from axis_client import AsyncClient, LocalError, Profile, Surroundings
from edxml.model import HEADER_PLACE, Attachment, Package
from edxml.reader import read
from edxml.writer import write
from signing.dispatch import dispatch_id
from signing.keys import load_pem
from signing.parser import parse
from signing.seal import seal
from tests.axis_client.harness import (
    BIN,
    DEPARTMENT,
    MINISTRY,
    PROVINCE,
    SAMPLES,
    Act,
    Ran,
    RunningAxis,
    axis,
    axis_process,
    letter,
)
from tests.axis_client.proxy import Mischief, between
from tests.pki import authority


def test_the_whole_road_from_the_command_line(
    running: RunningAxis, ministry: Act, province: Act, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "letter.edxml").write_bytes(letter(document_id))
    (tmp_path / "map.bin").write_bytes(b"map" * 1000)
    kept = tmp_path / "kept.edxml"
    ran = ministry("send", tmp_path / "letter.edxml", "--attach", tmp_path / "map.bin", "--keep", kept)
    (found,) = ran.objects
    dispatch_id = found["dispatch_id"]
    assert ran.code == 0
    assert [proof["event"] for proof in found["evidence"]] == ["SubmissionAcceptance", "ContentConsignment"]
    again = ministry("send", kept, "--attach", tmp_path / "map.bin")
    assert again.objects == ran.objects

    assert dispatch_id in [item["dispatch_id"] for item in province("inbox").objects]
    fetched = province("fetch", dispatch_id, "-o", tmp_path / "in", "--hand-over")
    assert (tmp_path / "in" / "map.bin").read_bytes() == b"map" * 1000
    assert fetched.objects[0]["handed_over"]["state"] == "handed_over"
    assert province("accept", dispatch_id).objects[0]["state"] == "accepted"
    assert province("report", dispatch_id, "--status", "05").objects[0]["state"] == "in_process"
    assert province("inbox", "--state", "consigned").code == 0

    status = ministry("status", dispatch_id).objects[0]
    assert {d["recipient_id"]: d["state"] for d in status["deliveries"]} == {
        PROVINCE: "in_process",
        DEPARTMENT: "consigned",
    }
    assert status["counts"] == {"consigned": 1, "in_process": 1}
    assert dispatch_id in [item["dispatch_id"] for item in ministry("outbox").objects]

    listed = ministry("evidence", dispatch_id, "-o", tmp_path / "proof")
    files = [Path(entry["file"]) for entry in listed.objects]
    proofs = [file.with_name(f"{file.name}.tlog-proof") for file in files]
    assert sorted([*files, *proofs]) == sorted((tmp_path / "proof").iterdir())
    ca = running.base / MINISTRY / "ca.pem"
    assert axis("verify", *files, "--trust", ca).code == 0
    assert files == sorted(files), "they sort as it all happened"
    assert files[0].name == "00001-SubmissionAcceptance.xml"
    assert files[2].name == f"00003-ContentAccessTracking-{PROVINCE}.xml"
    assert files[3].name == f"00004-01-{PROVINCE}.edxml"
    assert ministry("evidence", dispatch_id, "-o", tmp_path / "proof").code == 0

    assert ministry("retrieve", dispatch_id, "-o", tmp_path / "original").code == 0
    assert (tmp_path / "original" / "package.edxml").read_bytes() == kept.read_bytes()


def test_every_online_command_also_speaks_to_people(running: RunningAxis, sent: str, tmp_path: Path) -> None:
    profile = ("--profile", running.profile(PROVINCE), "--lang", "vi")
    for command, shown in (
        (("whoami",), "UBND tỉnh Ví Dụ"),
        (("inbox",), sent),
        (("fetch", sent, "-o", tmp_path / "in"), "package.edxml"),
        (("accept", sent, "-o", tmp_path / "in"), "đã tiếp nhận"),
        (("report", sent, "--status", "04"), "đang xử lý"),
        (("status", sent), "V/v chuẩn bị số liệu"),
        (("evidence", sent, "-o", tmp_path / "proof"), "Bên nhận đã tiếp nhận"),
        (("retrieve", sent, "-o", tmp_path / "original"), "package.edxml"),
        (("agency", "G90"), "Bộ Mẫu"),
        (("outbox",), ""),
    ):
        ran = axis(*command, *profile)
        assert ran.code == 0, (command, ran.err)
        assert shown in ran.out, command


def test_accepting_and_reporting_arrival_keep_what_they_say_is_here(
    running: RunningAxis, province: Act, sent: str, tmp_path: Path
) -> None:
    department = ("--profile", running.profile(DEPARTMENT), "--json")
    (arrived,) = axis("report", sent, "--status", "01", *department, cwd=tmp_path).objects
    assert arrived["state"] == "handed_over"
    assert {Path(file["path"]) for file in arrived["files"]} == {
        path.relative_to(tmp_path) for path in (tmp_path / sent).iterdir()
    }
    (again,) = axis("report", sent, "--status", "01", "-o", tmp_path / "b", *department).objects
    assert [proof["sha256"] for proof in again["evidence"]] == [p["sha256"] for p in arrived["evidence"]]
    accepted = axis("accept", sent, "--profile", running.profile(PROVINCE), cwd=tmp_path)
    assert accepted.code == 0
    assert f"{sent}/package.edxml" in accepted.out


def test_names_that_this_system_cannot_spell_release_nothing(
    running: RunningAxis, sent: str, tmp_path: Path
) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    fetching = ("fetch", sent, "-o", tmp_path / "in", "--profile", running.profile(PROVINCE), "--json")
    ran = axis_process(*fetching, env=ascii_only)
    assert (ran.code, ran.error["error"]) == (2, "FILE_UNWRITABLE")
    assert not [path for path in (tmp_path / "in").iterdir() if not path.name.startswith(".")]
    assert axis_process(*fetching).code == 0, "and the next run, where they can be spelt, goes on"


def test_a_send_that_was_cut_is_the_same_dispatch_when_it_is_run_again(
    running: RunningAxis, ministry: Act, document_id: str, tmp_path: Path
) -> None:
    file, waiting = tmp_path / "letter.edxml", tmp_path / "letter.sending.edxml"
    file.write_bytes(letter(document_id))
    profile = running.base / MINISTRY / "leading.toml"

    async def sent_into_nothing() -> Ran:
        mischief = Mischief(lose_reply=["Submit"] * 9)
        async with between(running, MINISTRY, mischief) as leading:
            told = running.profile(MINISTRY).read_text()
            profile.write_text(re.sub("axis = .*", f'axis = "{leading.axis}"', told, count=1))
            return await asyncio.to_thread(axis_process, "send", file, "--profile", profile, "--json")

    cut = asyncio.run(sent_into_nothing())
    assert (cut.code, cut.error["retryable"]) == (3, True)
    sealed = waiting.read_bytes()

    file.write_bytes(letter(document_id, to=[PROVINCE]))
    changed = ministry("send", file)
    assert (changed.code, changed.error["error"]) == (2, "SEND_UNFINISHED")
    assert waiting.read_bytes() == sealed

    file.write_bytes(letter(document_id))
    ran = ministry("send", file)
    assert ran.code == 0, ran.err
    sender_id = ran.objects[0]["dispatch"]["sender_id"]
    assert ran.objects[0]["dispatch_id"] == dispatch_id(sender_id, hashlib.sha256(sealed).hexdigest())
    assert not waiting.exists()

    again = ministry("send", file)
    assert (again.code, again.error["error"]) == (1, "DOCUMENT_ID_TAKEN")
    assert f"axis status {ran.objects[0]['dispatch_id']}" in again.error["hint"]
    assert not waiting.exists()


def test_a_second_refusal_says_that_the_first_reason_stands(running: RunningAxis, sent: str) -> None:
    department = ("--profile", running.profile(DEPARTMENT), "--lang", "en")
    assert "reason stands" not in axis("refuse", sent, "--reason", "Nhầm nơi nhận", *department).err
    again = axis("refuse", sent, "--reason", "Thiếu phụ lục", *department)
    assert again.code == 0
    assert "that reason stands: Nhầm nơi nhận" in again.err


def test_an_empty_recipient_is_wrong_usage(ministry: Act, tmp_path: Path) -> None:
    (tmp_path / "letter.edxml").write_bytes(letter("X"))
    ran = ministry("send", tmp_path / "letter.edxml", "--to", " ")
    assert (ran.code, ran.error["error"]) == (2, "USAGE")


def test_a_revocation_does_not_look_like_a_letter(
    running: RunningAxis, ministry: Act, sent: str, document_id: str, tmp_path: Path
) -> None:
    package = read(parse(letter(document_id)))
    assert isinstance(package, Package)
    assert package.bussiness is not None
    revoking = replace(package.bussiness, doc_type="1", reason="Ban hành nhầm")
    (tmp_path / "revoke.edxml").write_bytes(write(replace(package, bussiness=revoking, attachments=())))
    revocation = ministry("send", tmp_path / "revoke.edxml").objects[0]["dispatch_id"]
    for command, agency_id in (("inbox", PROVINCE), ("outbox", MINISTRY)):
        shown = axis(command, "--profile", running.profile(agency_id), "--lang", "vi").out
        kinds = {line.split("\t")[0]: line.split("\t")[1] for line in shown.splitlines()}
        assert (kinds[sent], kinds[revocation]) == ("văn bản mới", "thu hồi")


def test_a_file_name_is_no_markup_on_a_terminal(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    """On a pseudo-terminal, where bars are drawn: both ways, and in the tables."""
    beside = tmp_path / "[" / "x] báo cáo.pdf"
    beside.parent.mkdir()
    beside.write_bytes(b"map" * 1000)
    digest = hashlib.sha256(beside.read_bytes()).hexdigest()
    package = read(parse(letter(document_id)))
    assert isinstance(package, Package)
    entry = Attachment(content_id="r", name="[/x] báo cáo.pdf")
    home = running.base / MINISTRY
    sealed = seal(
        write(replace(package, attachments=(*package.attachments, entry))),
        signer=load_pem(home / "system.key", home / "system.pem"),
        at=datetime.now(UTC),
        place=HEADER_PLACE,
        detached={"cid:r": digest},
    )
    (tmp_path / "sealed.edxml").write_bytes(sealed)
    profile = ("--profile", running.profile(MINISTRY))
    sending = on_a_terminal("send", tmp_path / "sealed.edxml", "--attach", beside, *profile)
    assert sending[0] == 0, sending
    (found,) = [
        item["dispatch_id"]
        for item in axis("outbox", "--json", *profile).objects
        if item["dispatch"]["document_id"] == document_id
    ]
    profile = ("--profile", running.profile(PROVINCE))
    code, shown = on_a_terminal("fetch", found, "-o", tmp_path / "in", *profile)
    assert code == 0, shown
    assert "x] báo cáo.pdf" in shown


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_nothing_is_cut_short_on_a_terminal_however_narrow(
    running: RunningAxis, sent: str, columns: int
) -> None:
    profile = ("--lang", "vi", "--profile", running.profile(PROVINCE))
    code, shown = on_a_terminal("inbox", *profile, columns=columns)
    assert (code, "…" in shown) == (0, False)
    (delivery,) = [one for one in axis("inbox", *profile, "--json").objects if one["dispatch_id"] == sent]
    assert delivery["delivery"]["handover_by"][:19] in shown


def on_a_terminal(*arguments: str | Path, columns: int = 200) -> tuple[int, str]:
    """Runs a command with a terminal for input, output and errors; returns its exit code and what it
    showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [os.fspath(BIN / "axis"), *(os.fspath(argument) for argument in arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "LANG": "C.UTF-8"},
    )
    os.close(theirs)
    shown = bytearray()
    with suppress(OSError):  # how a terminal says that nobody is left
        while data := os.read(ours, 4096):
            shown += data
    os.close(ours)
    return process.wait(60), shown.decode()


def test_refusing_needs_a_reason_and_is_final(running: RunningAxis, sent: str) -> None:
    department = ("--profile", running.profile(DEPARTMENT), "--json")
    assert axis("refuse", sent, *department).code == 2
    assert axis("refuse", sent, "--reason", " ", *department).error["error"] == "REASON_REQUIRED"
    assert axis("refuse", sent, "--reason", "Nhầm nơi nhận", *department).objects[0]["state"] == "refused"
    ran = axis("accept", sent, *department)
    assert (ran.code, ran.error["error"], ran.error["retryable"]) == (1, "WRONG_STATE", False)


def test_a_refused_letter_is_one_and_leaves_nothing(
    ministry: Act, province: Act, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=[PROVINCE, "Z99"]))
    ran = ministry("send", tmp_path / "letter.edxml")
    assert (ran.code, ran.out, ran.error["error"]) == (1, "", "UNKNOWN_RECIPIENT")
    assert document_id not in province("inbox").out
    assert document_id not in ministry("outbox").out


def test_a_changed_byte_is_refused_at_the_door(
    running: RunningAxis, ministry: Act, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "letter.edxml").write_bytes(letter(document_id))
    out = tmp_path / "sealed.edxml"
    assert (
        axis("seal", tmp_path / "letter.edxml", "-o", out, "--profile", running.profile(MINISTRY)).code == 0
    )
    out.write_bytes(out.read_bytes().replace("quý I năm".encode(), "quý V năm".encode()))
    ran = ministry("send", out)
    assert (ran.code, ran.error["error"]) == (1, "DIGEST_MISMATCH")


def test_to_names_other_recipients_only_before_the_seal(
    running: RunningAxis, ministry: Act, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=[PROVINCE]))
    out = tmp_path / "sealed.edxml"
    assert (
        axis("seal", tmp_path / "letter.edxml", "-o", out, "--profile", running.profile(MINISTRY)).code == 0
    )
    ran = ministry("send", out, "--to", DEPARTMENT)
    assert (ran.code, ran.error["error"]) == (2, "RECIPIENTS_SEALED")
    ran = ministry("send", tmp_path / "letter.edxml", "--to", "Z99")
    assert (ran.code, ran.error["error"]) == (1, "UNKNOWN_RECIPIENT")
    assert ministry("send", tmp_path / "letter.edxml", "--to", DEPARTMENT).objects[0]["recipients"] == [
        DEPARTMENT
    ]


def test_an_attachment_that_the_seal_does_not_name_is_not_sent(
    running: RunningAxis, ministry: Act, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "letter.edxml").write_bytes(letter(document_id))
    (tmp_path / "other.bin").write_bytes(b"other")
    out = tmp_path / "sealed.edxml"
    axis("seal", tmp_path / "letter.edxml", "-o", out, "--profile", running.profile(MINISTRY))
    ran = ministry("send", out, "--attach", tmp_path / "other.bin")
    assert (ran.code, ran.error["error"]) == (2, "ATTACHMENT_NOT_SEALED")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("send", "none.edxml"), "FILE_MISSING"),
        (("send", "."), "FILE_UNREADABLE"),
        (("send", "letter.edxml", "--attach", "none"), "FILE_MISSING"),
        (("send", "letter.edxml", "--attach", "."), "FILE_UNREADABLE"),
        (("report", "x" * 26, "--status", "03"), "USAGE"),
        (("fetch", "x" * 26), "USAGE"),
    ],
)
def test_a_mistake_is_two_with_its_reason(
    running: RunningAxis, arguments: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    (tmp_path / "letter.edxml").write_bytes(letter("never sent"))
    ran = axis(*arguments, "--json", "--profile", running.profile(MINISTRY), cwd=tmp_path)
    assert (ran.code, ran.error["error"]) == (2, reason)


def test_an_output_that_is_a_file_is_a_mistake_and_not_a_traceback(
    province: Act, sent: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    for command in ("fetch", "retrieve", "evidence"):
        ran = province(command, sent, "-o", tmp_path / "file")
        assert (ran.code, ran.error["error"]) == (2, "FILE_UNWRITABLE")


def test_what_is_not_ours_is_not_found(
    province: Act, ministry: Act, document_id: str, tmp_path: Path
) -> None:
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=[DEPARTMENT]))
    dispatch_id = ministry("send", tmp_path / "letter.edxml").objects[0]["dispatch_id"]
    for arguments in (
        ("status", dispatch_id),
        ("evidence", dispatch_id),
        ("accept", dispatch_id),
        ("fetch", dispatch_id, "-o", tmp_path / "in"),
        ("retrieve", dispatch_id, "-o", tmp_path / "in"),
    ):
        ran = province(*arguments)
        assert (ran.code, ran.error["error"]) == (1, "NOT_FOUND"), arguments
    assert not (tmp_path / "in").exists()


def test_an_axis_that_is_away_is_try_later(running: RunningAxis, tmp_path: Path) -> None:
    home = running.profile(MINISTRY).parent
    text = running.profile(MINISTRY).read_text().replace(f":{running.port}", ":1")
    away = home / "away.toml"
    away.write_text(text)
    ran = axis_process("whoami", "--profile", away, "--json")
    assert (ran.code, ran.error["error"], ran.error["retryable"]) == (3, "UNREACHABLE", True)


def test_an_axis_that_another_authority_vouches_for_is_not_spoken_to(running: RunningAxis) -> None:
    home = running.profile(MINISTRY).parent
    (home / "another.pem").write_bytes(authority("Another").certificate_pem)
    profile = home / "wary.toml"
    profile.write_text(running.profile(MINISTRY).read_text().replace('ca = "ca.pem"', 'ca = "another.pem"'))
    ran = axis_process("whoami", "--profile", profile, "--json")
    assert (ran.code, ran.error["error"]) == (2, "TLS_FAILED")


def test_a_certificate_of_another_agency_is_noticed_at_once(running: RunningAxis) -> None:
    home = running.profile(MINISTRY).parent
    profile = home / "mistaken.toml"
    profile.write_text(running.profile(MINISTRY).read_text().replace(MINISTRY, PROVINCE))
    ran = axis("whoami", "--profile", profile, "--json")
    assert (ran.code, ran.error["error"]) == (2, "AGENCY_MISMATCH")


def test_the_profile_comes_from_the_environment_or_the_folder(running: RunningAxis, tmp_path: Path) -> None:
    profile = running.profile(MINISTRY)
    assert axis("whoami", env={"AXIS_PROFILE": str(profile)}).code == 0
    assert axis("whoami", cwd=profile.parent).code == 0
    ran = axis("whoami", "--json", cwd=tmp_path)
    assert (ran.code, ran.error["error"]) == (2, "FILE_MISSING")


def test_a_watching_clerk_sees_each_new_document_and_leaves_with_ctrl_c(
    running: RunningAxis, ministry: Act, sent: str, document_id: str, tmp_path: Path
) -> None:
    command = [BIN / "axis", "inbox", "--watch", "--json", "--profile", running.profile(PROVINCE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None

        def until(dispatch_id: str) -> None:
            while json.loads(watching.stdout.readline())["dispatch_id"] != dispatch_id:  # type: ignore[union-attr]
                pass

        until(sent)
        (tmp_path / "next.edxml").write_bytes(letter(document_id + "-next"))
        until(ministry("send", tmp_path / "next.edxml").objects[0]["dispatch_id"])
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=20) == 130
        assert watching.stderr.read().strip() == ""


def test_a_reader_that_goes_away_early_gets_no_traceback_and_no_verdict() -> None:
    command = f"{BIN}/axis inspect {SAMPLES}/*.edxml --json | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("year", "reason"), [(2020, "CERTIFICATE_NOT_YET_VALID"), (2099, "CERTIFICATE_EXPIRED")]
)
async def test_a_certificate_that_does_not_hold_is_noticed_before_the_axis_is_asked(
    running: RunningAxis, year: int, reason: str
) -> None:
    profile = Profile.load(running.profile(MINISTRY))
    around = Surroundings(clock=lambda: datetime(year, 1, 1, tzinfo=UTC))
    with pytest.raises(LocalError) as caught:
        async with AsyncClient(profile, around):
            pass
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<a", "XML_MALFORMED"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "XML_FORBIDDEN"),
        (b"<a>" * 10_000, "XML_TOO_LARGE"),
        (b"<note/>", "NOT_EDXML"),
        (
            letter("X").replace(b"<edXML:ContentTransferEncoded>", b"<edXML:ContentTransferEncoded>!"),
            "BASE64_MALFORMED",
        ),
    ],
)
def test_one_problem_has_one_code_and_a_next_step_in_every_command(
    ministry: Act, tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "letter.edxml"
    file.write_bytes(content)
    for command in ("send", "inspect"):
        ran = ministry(command, file) if command == "send" else axis(command, file, "--json")
        told = ran.error if command == "send" else ran.objects[0]
        assert (ran.code, told["error"]) == (2, reason)
        assert told["hint"] and told["hint_vi"]
