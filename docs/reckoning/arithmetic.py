"""Arithmetic as it stands on a page: it is computed from the very text that a reader sees.

    worth("300,000 × (13.7 KB + 4 × 1.37 KB)")      5_754_000_000.0
    shown(5_754_000_000.0, "B")                     "5.75 GB"

Numbers may have a unit, also one of `UNITS` behind a space; the operators are + − × ÷ and brackets;
⌈ ⌉ rounds up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType

UNITS: Mapping[str, float] = MappingProxyType(
    {
        "B": 1,
        "KB": 1e3,
        "MB": 1e6,
        "GB": 1e9,
        "TB": 1e12,
        "PB": 1e15,
        "KiB": 1024,
        "MiB": 1024**2,
        "GiB": 1024**3,
        "ms": 1e-3,
        "s": 1,
        "min": 60,
        "h": 3600,
        "%": 0.01,
        "Mbit/s": 1e6,
    }
)
_SCALES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"B": ("B", "KB", "MB", "GB", "TB", "PB"), "s": ("ms", "s", "min", "h")}
)
"""Units that are chosen by the size of what is shown."""
_TOKEN = re.compile(r"\s*(?:(−?\d[\d,]*(?:\.\d+)?)(?: ?(%|[A-Za-z][A-Za-z/]*))?|([+−×÷()⌈⌉]))")
_BRACKETS = {"(": ")", "⌈": "⌉"}
DIGITS = 3
"""Significant ones behind which there is no fraction: a measurement on a shared machine has no more."""


def shown(value: float, unit: str) -> str:
    """Writes a value that is given in base units (bytes, seconds) in a unit; `B` and `s` are scaled."""
    if unit in _SCALES and value:
        fitting = [one for one in _SCALES[unit] if abs(value) >= UNITS[one]]
        unit = fitting[-1] if fitting else _SCALES[unit][0]
    number = _number(value / UNITS.get(unit, 1))
    return f"{number} {unit}" if unit else number


def _number(value: float) -> str:
    if value == 0:
        return "0"
    places = max(0, DIGITS - 1 - math.floor(math.log10(abs(value))))
    text = f"{round(value, places):,.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def worth(expression: str) -> float:
    """Computes an expression, in base units. Raises `ValueError` for what is none."""
    tokens, place = [], 0
    text = expression.strip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ValueError(f"not arithmetic: {text[place:]}")
        number, unit, operator = found.groups()
        if number:
            if unit and unit not in UNITS:
                raise ValueError(f"no unit: {unit}")
            value = float(number.replace(",", "").replace("−", "-"))
            tokens.append(str(value * UNITS.get(unit or "", 1)))
        else:
            tokens.append(operator)
        place = found.end()
    value = _sum(tokens)
    if tokens:
        raise ValueError(f"not arithmetic: {expression}")
    return value


def _sum(tokens: list[str]) -> float:
    value = _product(tokens)
    while tokens and tokens[0] in "+−":
        value = value + _product(tokens) if tokens.pop(0) == "+" else value - _product(tokens)
    return value


def _product(tokens: list[str]) -> float:
    value = _factor(tokens)
    while tokens and tokens[0] in "×÷":
        value = value * _factor(tokens) if tokens.pop(0) == "×" else value / _factor(tokens)
    return value


def _factor(tokens: list[str]) -> float:
    if not tokens:
        raise ValueError("arithmetic that breaks off")
    first = tokens.pop(0)
    if first not in _BRACKETS:
        return float(first)
    value = _sum(tokens)
    if not tokens or tokens.pop(0) != _BRACKETS[first]:
        raise ValueError("a bracket is open")
    return float(math.ceil(value)) if first == "⌈" else value
