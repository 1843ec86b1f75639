"""What is written for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

_FORMULA = frozenset("=+-@\t\r")
"""By which a spreadsheet knows a formula."""


def spreadsheet(rows: Sequence[Mapping[str, object]]) -> str:
    """Writes rows of the same columns as CSV, a heading first; nothing for none.

    What begins like a formula is kept from being one, since subjects and names are other people's.
    """
    written = io.StringIO()
    if rows:
        writer = csv.DictWriter(written, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(_unformulaic, rows))
    return written.getvalue()


def _unformulaic(row: Mapping[str, object]) -> dict[str, object]:
    return {name: f"'{value}" if str(value)[:1] in _FORMULA else value for name, value in row.items()}
