"""docs/errors.md tells every code that anybody can meet."""

from __future__ import annotations

import re
from pathlib import Path

from axis_client.sentences import SENTENCES
from axis_server.reasons import ANSWERS
from docs.generate import HERE, errors_page

ROOT = Path(__file__).parents[2]
PAGE = (HERE / "errors.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_tables_say() -> None:
    assert errors_page() == PAGE, "run `make docs`"


def test_every_code_has_its_place() -> None:
    headings = set(re.findall(r"^### (\S+)", PAGE, re.MULTILINE))
    assert headings == set(ANSWERS) | set(SENTENCES)


def test_every_reason_that_the_reader_gives_is_a_code_of_the_axis() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "edxml").glob("*.py"))
    reasons = set(re.findall(r'NotEdxml\(\s*"([A-Z0-9_]+)"', source))
    assert reasons
    assert reasons <= set(ANSWERS)


def test_every_warning_that_the_reader_gives_is_told() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "edxml").glob("*.py"))
    warnings = set(re.findall(r'(?:warn|note)\(\s*"([A-Z0-9_]+)"', source)) | set(
        re.findall(r'Warn\(code="([A-Z0-9_]+)"', source)
    )
    assert warnings
    assert warnings <= set(re.findall(r"^\| ([A-Z0-9_]+) \|", PAGE, re.MULTILINE))
