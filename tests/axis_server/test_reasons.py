"""Every code that a caller can meet has its answer."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from axis_server.reasons import ANSWERS, STATUSES, Code, answer
from axis_server.sentences import SENTENCES
from signing.verdict import Reason

ROOT = Path(__file__).parent.parent.parent


def reasons_of_edxml() -> set[str]:
    """The codes that the reader raises, read from its source."""
    return {
        call.args[0].value
        for path in (ROOT / "edxml").glob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "NotEdxml"
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


@pytest.mark.parametrize("code", sorted({*Code, *Reason} - {Reason.SOUND}))
def test_every_code_has_a_sentence_and_a_next_step_in_both_languages(code: str) -> None:
    said = answer(code)
    assert all((said.english, said.vietnamese, said.next_step, said.next_step_vietnamese))


def test_every_reason_of_the_reader_has_an_answer() -> None:
    found = reasons_of_edxml()
    assert len(found) > 5
    assert found <= set(ANSWERS)


def test_no_sentence_is_without_its_code() -> None:
    assert set(SENTENCES) == set(Code)


def test_a_code_has_one_status() -> None:
    codes = [code for of_status in STATUSES.values() for code in of_status]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("code", "status", "retryable"),
    [
        ("STORE_UNAVAILABLE", "UNAVAILABLE", True),
        ("REVOCATION_UNKNOWN", "UNAVAILABLE", True),
        ("STREAM_TRUNCATED", "ABORTED", True),
        ("TOO_MANY_REFUSALS", "RESOURCE_EXHAUSTED", True),
        ("UPLOAD_QUOTA", "FAILED_PRECONDITION", False),
        ("TOO_MANY_CALLS", "RESOURCE_EXHAUSTED", True),
        ("TOO_MANY_WATCHES", "RESOURCE_EXHAUSTED", True),
        ("INTERNAL", "INTERNAL", True),
        ("UNKNOWN_RECIPIENT", "FAILED_PRECONDITION", False),
        ("CERTIFICATE_EXPIRED", "FAILED_PRECONDITION", False),
        ("XML_MALFORMED", "INVALID_ARGUMENT", False),
        ("DOCUMENT_ID_TAKEN", "ALREADY_EXISTS", False),
        ("NOT_FOUND", "NOT_FOUND", False),
        ("CORRUPT", "DATA_LOSS", False),
        ("STRANGER", "UNAUTHENTICATED", False),
    ],
)
def test_a_status_says_what_a_client_may_do(code: str, status: str, retryable: bool) -> None:
    assert (answer(code).status, answer(code).retryable) == (status, retryable)
