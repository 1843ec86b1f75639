"""`axis search` as a clerk or an archivist runs it, on a real axis."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from axis_client import Client, Profile, Query
from tests.axis_client.harness import DEPARTMENT, MINISTRY, PROVINCE, Ran, RunningAxis, axis, letter

Act = Callable[..., Ran]


@pytest.fixture
def sent(running: RunningAxis, document_id: str, tmp_path: Path) -> str:
    """A letter to the province that can be found already; returns its dispatch id."""
    (tmp_path / "letter.edxml").write_bytes(letter(document_id, to=(PROVINCE,)))
    ran = axis("send", tmp_path / "letter.edxml", "--profile", running.profile(MINISTRY), "--json")
    assert ran.code == 0, ran.err
    dispatch_id: str = ran.objects[0]["dispatch_id"]
    deadline = time.monotonic() + 30
    while searched(running, MINISTRY, "--document-id", document_id, "--json").code != 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return dispatch_id


def searched(running: RunningAxis, agency: str, *arguments: str) -> Ran:
    return axis("search", *arguments, "--profile", running.profile(agency))


def test_a_document_is_found_by_each_of_its_fields(running: RunningAxis, sent: str, document_id: str) -> None:
    (shown,) = searched(running, MINISTRY, "--document-id", document_id, "--json").objects
    dispatch = shown["dispatch"]
    number, _, notation = dispatch["number"].partition("/")
    first_words = " ".join(dispatch["subject"].split()[:3])
    accepted = dispatch["accepted_at"][:10]
    by = [
        (first_words,),
        ("--number", number),
        ("--notation", notation),
        ("--from", MINISTRY, "--to", PROVINCE),
        ("--accepted-from", accepted, "--accepted-to", accepted),
        ("--promulgated-from", dispatch["promulgation_date"]),
        ("--kind", str(dispatch["kind"]), "--priority", str(dispatch["priority"])),
        ("--state", "consigned"),
    ]
    for flags in by:
        ran = searched(running, PROVINCE, *flags, "-n", "1000", "--json")
        assert sent in [one["dispatch_id"] for one in ran.objects], flags
    sha256 = axis("status", sent, "--profile", running.profile(MINISTRY), "--json").objects[0]["dispatch"][
        "parts"
    ][0]["sha256"]
    (found,) = searched(running, PROVINCE, "--sha256", sha256.upper(), "--json").objects
    assert (found["dispatch_id"], found["sent"]) == (sent, False)


def test_who_is_no_party_finds_nothing_and_is_told_by_the_exit_code(
    running: RunningAxis, sent: str, document_id: str
) -> None:
    ran = searched(running, DEPARTMENT, "--document-id", document_id, "--json")
    assert (ran.code, ran.out) == (1, "")


def test_people_read_a_table_and_facets(running: RunningAxis, sent: str, document_id: str) -> None:
    ran = searched(running, MINISTRY, "--document-id", document_id, "--facets", "--lang", "vi")
    assert ran.code == 0
    assert sent in ran.out
    assert "Tổng số: 1" in ran.out
    assert "Đã tìm trong văn bản đến" in ran.err


def test_csv_has_a_heading_and_one_row_each(running: RunningAxis, sent: str, document_id: str) -> None:
    ran = searched(running, MINISTRY, "--document-id", document_id, "--csv")
    (row,) = csv.DictReader(io.StringIO(ran.out))
    assert (row["dispatch_id"], row["document_id"], row["sent"]) == (sent, document_id, "True")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--accepted-from", "yesterday"), 2),
        (("--state", "lost"), 2),
        (("***",), 1),
        (("-n", "0"), 2),
    ],
)
def test_what_cannot_be_looked_for_is_said(
    running: RunningAxis, arguments: tuple[str, ...], code: int
) -> None:
    ran = searched(running, MINISTRY, *arguments)
    assert ran.code == code
    assert ran.err


def test_the_sdk_goes_through_all_pages(running: RunningAxis, sent: str) -> None:
    with Client(Profile.load(running.profile(MINISTRY))) as client:
        found = [one.dispatch.dispatch_id for one in client.search(Query(states=()))]
        page = client.search_page(Query(), size=1, facets=True)
    assert sent in found
    assert len(found) == len(set(found))
    assert page.facets is not None
    assert page.facets.total == len(found)
