"""The code lists say what the standard says, in two languages."""

from __future__ import annotations

import pytest

from edxml import codes


@pytest.mark.parametrize(
    ("code_list", "expected"),
    [
        (codes.KIND, "0 1 2 3"),
        (codes.PRIORITY, "0 1 2 3 4"),
        (codes.STEERING, "0 1 2 3"),
        (codes.RECEIVER, "0 1"),
        (codes.STATUS, "01 02 03 04 05 06 13 15 16"),
        (codes.NORMATIVE_TYPE, "1 2 3 4 5 6 7 8 9 10 11 12 13"),
        (codes.ADMINISTRATIVE_TYPE, "1 2 3 4 5 6 7 8 9 18 19 20 21 22 23 24 25 26"),
    ],
)
def test_each_list_is_whole_and_labelled_in_two_languages(code_list: codes.CodeList, expected: str) -> None:
    assert " ".join(code_list) == expected
    labels = [text for label in code_list.values() for text in (label.vietnamese, label.english)]
    assert all(labels)
    assert len({label.vietnamese for label in code_list.values()}) == len(code_list)


def test_labels_are_those_that_clerks_know() -> None:
    assert codes.PRIORITY["3"] == codes.Label("hỏa tốc", "express")
    assert codes.STATUS[codes.REFUSED].vietnamese == "từ chối tiếp nhận"
    assert codes.ADMINISTRATIVE_TYPE["18"].vietnamese == "Công văn"
    assert codes.KIND[str(codes.Kind.REVOKE)].vietnamese == "thu hồi"


def test_only_the_sender_takes_back_and_only_receivers_report_the_rest() -> None:
    assert {"13"} == codes.SENDER_STATUSES
    assert {"01", "02", "03", "04", "05", "06", "15", "16"} == codes.RECEIVER_STATUSES
    assert {"02", "13", "16"} == codes.STATUSES_WITH_REASON
    assert {1, 3} == codes.KINDS_WITH_REASON


def test_the_lists_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        codes.KIND["9"] = codes.Label("x", "x")  # type: ignore[index]
