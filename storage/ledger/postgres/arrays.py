"""Many rows as few values: a column at a time, as PostgreSQL writes arrays.

One statement over `unnest` takes any number of rows and is prepared once. Written here because the driver's
own arrays cost seven times the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def columns(rows: Sequence[Sequence[object]]) -> list[str]:
    """Returns an array literal for each column of some rows of text, numbers, truth values, bytes and
    None."""
    return [array(column) for column in zip(*rows, strict=True)]


def array(values: Iterable[object]) -> str:
    """Returns an array literal."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    return str(value)
