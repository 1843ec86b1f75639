"""`axis-server agency` and `group`: units, delegations, bulk import, groups."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.axis_server.test_cli import agencies, config, run

__all__ = ["config"]


def ok(*arguments: str | Path, at: Path) -> str:
    result = run(*arguments, "--config", at)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str | Path, at: Path) -> str:
    result = run(*arguments, "--config", at)
    assert result.exit_code == 1, result.output
    return result.stderr


def groups(at: Path) -> dict[str, dict]:
    lines = ok("group", "list", "--json", at=at).splitlines()
    return {group["group_id"]: group for group in map(json.loads, lines)}


@pytest.fixture
def axis(config: Path) -> Path:
    """An axis with a province, its department, and a provider."""
    ok(
        "agency",
        "add",
        "H05",
        "--name",
        "UBND tỉnh",
        "--alias",
        "000.00.00.H05",
        "--category",
        "Province",
        at=config,
    )
    ok("agency", "add", "H05.01", "--name", "Sở", "--parent", "000.00.00.h05", at=config)
    ok("agency", "add", "P1", "--name", "Nhà cung cấp", at=config)
    return config


@pytest.mark.parametrize(
    "command",
    [
        ("agency", "update"),
        ("agency", "delegate"),
        ("agency", "undelegate"),
        ("agency", "import"),
        ("group",),
        *(("group", name) for name in ("add", "update", "show", "list", "remove", "restore")),
    ],
)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_an_agency_is_registered_with_its_particulars_and_they_change(axis: Path) -> None:
    line = (
        "--accepts-up-to",
        "50MB",
        "--accepts-kinds",
        "0,3",
        "--since",
        "2026-03-01",
        "--until",
        "2027-03-01",
    )
    ok("agency", "add", "H05.02", "--name", "Sở", "--parent", "H05", *line, at=axis)
    kept = agencies(axis)["H05.02"]
    assert (kept["parent_id"], kept["accepts_up_to"], kept["accepts_kinds"]) == ("H05", 50_000_000, [0, 3])
    assert (kept["since"], kept["until"]) == ("2026-02-28T17:00:00+00:00", "2027-02-28T17:00:00+00:00")
    line = ("--name", "Sở mới", "--parent", "", "--until", "", "--add-alias", "x.1", "--accepts-up-to", "0")
    ok("agency", "update", "H05.02", *line, at=axis)
    kept = agencies(axis)["H05.02"]
    assert (kept["name"], kept["parent_id"], kept["until"], kept["aliases"]) == ("Sở mới", "", None, ["X.1"])
    assert kept["accepts_kinds"] == [0, 3]
    ok("agency", "update", "x.1", "--remove-alias", "X.1", at=axis)
    assert agencies(axis)["H05.02"]["aliases"] == []


def test_who_ended_in_the_past_is_warned_about(axis: Path) -> None:
    result = run("agency", "update", "H05.01", "--until", "2020-01-01", "--config", axis)
    assert result.exit_code == 0
    assert "Warning: H05.01 ended on 2020-01-01" in result.stderr
    result = run("agency", "add", "H05.09", "--name", "Sở", "--until", "2020-01-01", "--config", axis)
    assert "Warning: H05.09 ended on 2020-01-01" in result.stderr
    assert run("agency", "update", "H05.01", "--until", "", "--config", axis).stderr == ""
    assert run("agency", "update", "H05.01", "--until", "9998-01-01", "--config", axis).stderr == ""


def test_a_unit_without_a_certificate_is_told_whose_mailbox_takes_its_letters(axis: Path) -> None:
    nobody = ok("agency", "add", "H05.02", "--name", "Sở", "--parent", "H05", at=axis)
    assert "without a certificate" in nobody
    assert "nobody above it has a system either" in nobody
    ok("agency", "certificate", "add", "H05", "--issue", axis.parent / "h05", at=axis)
    told = ok("agency", "add", "H05.03", "--name", "Sở", "--parent", "H05", at=axis)
    assert "H05 (UBND tỉnh) takes its letters in its own mailbox" in told
    root = ok("agency", "add", "K1", "--name", "Cơ quan", at=axis)
    assert "without a certificate: it can neither connect nor seal." in root


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("update", "H05", "--parent", "H05.01"), "H05 would stand below itself"),
        (("update", "H05.01", "--parent", "X9"), "X9, above H05.01, is no registered agency"),
        (("update", "X9", "--name", "a"), "X9 is not registered"),
        (("update", "H05", "--add-alias", "P1"), "belongs to P1"),
        (("update", "H05", "--remove-alias", "P1"), "H05 has no alias P1"),
        (("update", "H05", "--since", "soon"), '"soon" is no time'),
        (("update", "H05", "--since", "2026-02-01", "--until", "2026-01-01"), "does not come after"),
        (("update", "H05", "--accepts-up-to", "much"), '"much" is no size'),
        (("update", "H05", "--accepts-kinds", "9"), '"9" does not name kinds'),
        (("add", "X9", "--name", "a", "--parent", "X8"), "X8, above X9, is no registered agency"),
        (("delegate", "H05", "X9"), "X9 is not registered"),
        (("delegate", "X9", "H05"), "X9 is not registered"),
        (("delegate", "H05", "000.00.00.H05"), "H05 acts for itself already"),
        (("undelegate", "H05", "P1"), "P1 has no leave to act for H05"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_and_changes_nothing(
    axis: Path, line: tuple[str, ...], told: str
) -> None:
    before = agencies(axis)
    assert told in refused("agency", *line, at=axis)
    assert agencies(axis) == before


@pytest.mark.parametrize(
    "line",
    [
        ("agency", "update", "H05"),
        ("agency", "delegate", "H05", "P1", "--send-only", "--receive-only"),
        ("agency", "delegate", "H05", "P1", "--until", "2020-01-01"),
        ("agency", "delegate", "H05", "P1", "--since", "soon"),
        ("group", "update", "X"),
        ("group", "add", "X"),
    ],
)
def test_wrong_usage_ends_with_2(axis: Path, line: tuple[str, ...]) -> None:
    assert run(*line, "--config", axis).exit_code == 2


def test_leave_is_given_replaced_and_taken_back(axis: Path) -> None:
    said = ok("agency", "delegate", "h05", "p1", "--send-only", "--until", "2099-01-01", at=axis)
    assert said.startswith("P1 may send for H05 (UBND tỉnh), from ")
    ok("agency", "delegate", "H05", "P1", "--receive-only", "--since", "2026-01-01", at=axis)
    (leave,) = agencies(axis)["H05"]["delegations"]
    assert leave == {
        "agency_id": "P1",
        "may_send": False,
        "may_receive": True,
        "since": "2025-12-31T17:00:00+00:00",
        "until": None,
    }
    assert "P1 receives for it, from 2026-01-01 00:00+07:00" in ok("agency", "list", at=axis)
    ok("agency", "undelegate", "H05", "P1", at=axis)
    assert agencies(axis)["H05"]["delegations"] == []


def test_a_file_of_agencies_is_imported_whole_and_again_without_change(axis: Path, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    rows = [f"H06.{number:03},Đơn vị {number},H06," for number in range(300)]
    file.write_text(
        "\n".join(["id,name,parent,category", *rows, "H06,Tỉnh,,province", "H05,UBND,,province"]), "utf-8"
    )
    assert "301 would be new, 1 would be changed" in ok("agency", "import", file, "--check", at=axis)
    assert len(agencies(axis)) == 3
    assert "301 new, 1 changed, 0 as they were." in ok("agency", "import", file, at=axis)
    kept = agencies(axis)
    assert (len(kept), kept["H06.299"]["parent_id"], kept["H05"]["aliases"]) == (
        304,
        "H06",
        ["000.00.00.H05"],
    )
    assert "0 new, 0 changed, 302 as they were." in ok("agency", "import", file, at=axis)


def test_a_file_with_a_mistake_registers_nothing_and_names_the_lines(axis: Path, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    wrong = [f"X{number},Đơn vị,NOBODY" for number in range(30)]
    file.write_text("\n".join(["id,name,parent", "H06,Tỉnh,", *wrong]), "utf-8")
    told = refused("agency", "import", file, at=axis)
    assert "line 3: NOBODY, above it, is neither registered nor in the file." in told
    assert "and 10 more." in told
    assert told.endswith("Nothing was registered.\n")
    assert len(agencies(axis)) == 3


def test_a_file_in_another_encoding_is_refused(axis: Path, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_bytes("id,name\nH06,Tỉnh".encode("utf-16"))
    assert "is not in UTF-8" in refused("agency", "import", file, at=axis)


def test_a_group_is_registered_shown_changed_removed_and_restored(axis: Path) -> None:
    ok("group", "add", "tinh", "--name", "Các tỉnh", "--category", " PROVINCE", "--member", "h05.01", at=axis)
    assert groups(axis)["TINH"] == {
        "group_id": "TINH",
        "name": "Các tỉnh",
        "owner_id": "",
        "members": ["H05.01"],
        "categories": ["province"],
        "active": True,
    }
    ok(
        "group",
        "add",
        "RIENG",
        "--name",
        "Riêng",
        "--owner",
        "h05",
        "--member",
        "TINH",
        "--member",
        "P1",
        at=axis,
    )
    ok("group", "update", "RIENG", "--remove-member", "p1", "--name", "Của tỉnh", at=axis)
    assert groups(axis)["RIENG"]["members"] == ["TINH"]
    assert "for H05 alone" in ok("group", "show", "RIENG", at=axis)
    assert "RIENG (Của tỉnh) is removed." in ok("group", "remove", "RIENG", at=axis)
    assert groups(axis)["RIENG"]["active"] is False
    assert "REMOVED" in ok("group", "list", at=axis)
    ok("group", "restore", "RIENG", at=axis)
    assert groups(axis)["RIENG"]["active"] is True


def test_a_group_shows_whom_it_reaches_now(axis: Path, tmp_path: Path) -> None:
    ok("agency", "certificate", "add", "H05", "--issue", tmp_path / "h05", at=axis)
    ok(
        "group",
        "add",
        "TINH",
        "--name",
        "T",
        "--category",
        "province",
        "--member",
        "H05.01",
        "--member",
        "P1",
        at=axis,
    )
    shown = ok("group", "show", "TINH", at=axis)
    assert "Reaches 2 now:\n    H05.01  Sở\n    H05  UBND tỉnh\n" in shown, "P1 has no system"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("add", "H05", "--name", "a"), "H05 is registered already"),
        (("add", "ALL", "--name", "a"), "ALL is registered already"),
        (("add", "X", "--name", "a", "--member", "NONE"), "NONE is neither a registered agency nor a group"),
        (("add", "X", "--name", "a", "--owner", "NONE"), "NONE is no registered agency"),
        (("add", "X", "--name", "a", "--category", " "), "a category is not empty"),
        (("add", "X", "--name", "a", "--member", "MINE"), "MINE is for H05 alone"),
        (("add", "X", "--name", "a", "--owner", "P1", "--member", "MINE"), "MINE is for H05 alone"),
        (("update", "ALL", "--add-member", "all"), "ALL would hold itself"),
        (("update", "ALL", "--add-member", "OUTER"), "ALL would hold itself, by way of OUTER"),
        (("update", "ALL", "--remove-member", "P1"), "P1 is not in ALL"),
        (("show", "H05"), "H05 is no group"),
        (("remove", "NONE"), "NONE is no group"),
    ],
)
def test_a_group_that_cannot_be_is_refused_with_a_sentence(
    axis: Path, line: tuple[str, ...], told: str
) -> None:
    ok("group", "add", "ALL", "--name", "Tất cả", at=axis)
    ok("group", "add", "OUTER", "--name", "Ngoài", "--member", "ALL", at=axis)
    ok("group", "add", "MINE", "--name", "Riêng", "--owner", "H05", at=axis)
    before = groups(axis)
    assert told in refused("group", *line, at=axis)
    assert groups(axis) == before


def test_an_agency_cannot_take_a_groups_identifier(axis: Path) -> None:
    ok("group", "add", "ALL", "--name", "Tất cả", at=axis)
    assert "ALL is a group" in refused("agency", "add", "all", "--name", "a", at=axis)
