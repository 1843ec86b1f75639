"""docs/sizing.md from its text and the figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docs.reckoning.arithmetic import shown
from docs.reckoning.examples import EXAMPLES, written
from docs.reckoning.measured import ROWS, Result, growth, table

TEXT = Path(__file__).with_name("page.md")


def sizing_page(result: Result | None = None) -> str:
    """The page for buyers. Without `result`, from the run that is committed."""
    known = result or Result.read()
    text = TEXT.read_text(encoding="utf-8")
    for name, value in _places(known).items():
        text = text.replace("{" + name + "}", value)
    return text


def _places(result: Result) -> dict[str, str]:
    run: Any = result.run
    share = run["share_of_the_whole"]
    short = (
        f", by a run of {shown(share, '%')} of the whole: take it as a first impression" if share < 1 else ""
    )
    absent = "".join(
        f" `{mode}` was not measured: without {', '.join(missing)}."
        for mode, missing in run["absent"].items()
    )
    return {
        **{f"machine.{name}": str(value) for name, value in run["machine"].items()},
        "measured_at": run["measured_at"].replace("T", " ").replace("+00:00", " UTC"),
        "share": short + ("." + absent if absent else ""),
        **{f"table.{name}": table(result, name) for name in ROWS},
        "growth": growth(result),
        "examples": "\n\n".join(written(one, result) for one in EXAMPLES),
    }
