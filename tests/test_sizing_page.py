"""docs/sizing.md: no number on it that was not measured, assumed in sight, or computed as it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.sizing.engines import lacking
from docs.generate import HERE
from docs.reckoning.arithmetic import shown, worth
from docs.reckoning.examples import EXAMPLES, worked
from docs.reckoning.measured import KEPT, MODES, ROWS, Result, base
from docs.reckoning.page import TEXT, sizing_page
from tests.engines import lacking as skip

ROOT = Path(__file__).parent.parent
PAGE = (HERE / "sizing.md").read_text(encoding="utf-8")
FIGURES: dict[str, dict[str, float]] = json.loads(KEPT.read_text(encoding="utf-8"))["figures"]
CONSTANTS = {1.0, 2.0, 8.0, 12.0}
"""Of the arithmetic: one less, both copies, bits of a byte, months of a year."""
NUMBER = re.compile(r"(?<![\w.,])−?\d[\d,]*(?:\.\d+)?(?: ?(?:%|ms|s|min|h|[KMGTP]i?B|B|Mbit/s)(?![\w/]))?")


def alike(one: float, other: float, within: float = 0.006) -> bool:
    """Equal, to the three digits that are shown."""
    return abs(one - other) <= within * max(abs(one), abs(other), 1e-12)


def rows(columns: int) -> list[list[str]]:
    found = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line[:1] == "|"
    ]
    return [row for row in found if len(row) == columns]


def test_the_page_is_what_its_text_and_the_committed_figures_say() -> None:
    assert sizing_page() == PAGE, "run `make docs`"


def test_every_measured_number_is_the_figure_that_its_row_names() -> None:
    seen = 0
    for _, *values, name in (row for row in rows(4) if row[3].startswith("`")):
        figure = name.strip("`")
        for mode, value in zip(MODES, values, strict=True):
            if value != "–":
                assert alike(worth(value), base(figure, FIGURES[mode][figure])[0]), (mode, figure, value)
                seen += 1
    assert seen > len(FIGURES) * 20


def test_the_growth_of_the_ledger_is_the_figures() -> None:
    found = [row for row in rows(6) if row[0] in MODES]
    assert found
    for mode, *values, names in found:
        for value, name in zip(values, ("entries", "commit_ms", "inbox_ms", "status_ms"), strict=True):
            figure = names.strip("`") + name
            assert alike(worth(value), base(figure, FIGURES[mode][figure])[0]), (mode, figure, value)


def test_every_step_of_the_examples_holds_and_uses_only_what_is_shown() -> None:
    measured = {mode: {worth(text) for text in Result.read().texts(mode).values()} for mode in MODES}
    for example in EXAMPLES:
        if example.mode not in FIGURES:
            continue
        (section,) = re.findall(rf"^### {example.name}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
        lines = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line
        ]
        known = {worth(row[1]) for row in lines if len(row) == 2 and NUMBER.fullmatch(row[1])}
        steps = [row for row in lines if len(row) == 3 and row[2].startswith("**")]
        assert len(steps) == len(worked(example, Result.read()))
        for label, expression, result in steps:
            for number in NUMBER.findall(expression):
                assert worth(number) in known | measured[example.mode] | CONSTANTS, (label, number)
            value = worth(result.strip("*"))
            assert alike(worth(expression), value), (label, expression, result)
            known.add(value)


def test_the_text_has_no_number_of_its_own() -> None:
    text = re.sub(r"`[^`]*`|\([^)]*\.(?:md|json)[^)]*\)|\{[^}]*\}|ECDSA P-256", "", TEXT.read_text("utf-8"))
    assert set(NUMBER.findall(text)) <= {"0"}  # what a gauge shows


def test_a_number_that_the_figures_do_not_hold_is_found() -> None:
    run = json.loads(KEPT.read_text(encoding="utf-8"))
    mode = next(iter(run["figures"]))
    run["figures"][mode]["accept_ledger_on_disk"] *= 2
    assert sizing_page(Result(run)) != PAGE


def test_every_figure_of_the_tables_was_measured_in_some_mode() -> None:
    names = {figure for table in ROWS.values() for _, figure in table}
    assert names <= {name for of in FIGURES.values() for name in of}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("300,000 × (13.7 KB + 4 × 1.37 KB)", 5_754_000_000.0),
        ("8 − 2 − 1", 5.0),
        ("⌈ 16 ÷ 5 ⌉ + 1", 5.0),
        ("50 % × 2 ms", 0.001),
        ("1 MiB ÷ 2 ÷ 2", 262_144.0),
    ],
)
def test_arithmetic_is_what_a_reader_would_compute(expression: str, value: float) -> None:
    assert worth(expression) == pytest.approx(value)


@pytest.mark.parametrize("nonsense", ["", "2 +", "(1", "1 furlong", "2 2", "__import__('os')"])
def test_what_is_no_arithmetic_is_refused(nonsense: str) -> None:
    with pytest.raises(ValueError):
        worth(nonsense)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (5.754e9, "B", "5.75 GB"),
        (0.0123, "s", "12.3 ms"),
        (0, "B", "0 B"),
        (1234, "", "1,234"),
        (-0.5, "", "−0.5"),
    ],
)
def test_what_is_shown_has_three_digits_or_all_before_the_point(value: float, unit: str, text: str) -> None:
    assert shown(value, unit) == text


def test_an_example_of_a_mode_that_was_not_measured_says_so() -> None:
    run = json.loads(KEPT.read_text(encoding="utf-8"))
    run["figures"] = {mode: of for mode, of in run["figures"].items() if mode != EXAMPLES[-1].mode}
    assert f"the mode `{EXAMPLES[-1].mode}` was not measured" in sizing_page(Result(run))
    assert replace(EXAMPLES[-1], mode="none") != EXAMPLES[-1]


@pytest.mark.xdist_group("axis process")
def test_a_short_run_measures_every_figure_of_the_embedded_default(tmp_path: Path) -> None:
    if missing := lacking("embedded"):
        skip(f"engine not installed: {', '.join(missing)}")
    into = tmp_path / "sizing.json"
    command = [
        sys.executable,
        "-m",
        "benchmarks.sizing",
        "--short",
        "--mode",
        "embedded",
        "--into",
        str(into),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    run = json.loads(into.read_text())
    measured, kept = (
        {one for one in of if not one.startswith("at_")}
        for of in (run["figures"]["embedded"], FIGURES["embedded"])
    )
    assert measured == kept
    assert run["figures"]["embedded"]["at_2_commit_ms"] > 0
    assert run["machine"]["cores"]
    assert "accept_axis_cpu_ms" in done.stdout
