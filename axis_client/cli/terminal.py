"""What a command writes, where, and in which language."""

from __future__ import annotations

import json
import math
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

import click
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from axis_client import model
from axis_client.connection import unseen
from axis_client.errors import AxisError, LocalError, TryLater
from axis_client.sending import Report

_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of what moves the cursor, breaks the line or turns the writing round."""
READABLE = 12
"""Columns of a terminal in which a longer text can still be read."""
EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_LATER, EXIT_DESTROYED = 0, 1, 2, 3, 4


class ReaderGone(Exception):
    """Nobody reads what is written any more."""


def exit_code(error: AxisError) -> int:
    if isinstance(error, LocalError):
        return EXIT_USAGE
    return EXIT_LATER if isinstance(error, TryLater) else EXIT_REFUSED


@dataclass(slots=True, kw_only=True)
class Terminal:
    """Standard output and standard error, as the command line's options set them."""

    language: str
    """`vi` or `en`."""
    as_json: bool = False
    acting_for: str = ""
    """The agency in whose name the command acts; empty for what the profile says."""

    def text(self, vietnamese: str, english: str) -> str:
        """Chooses by language."""
        return vietnamese if self.language == "vi" else english

    def object(self, value: Mapping[str, object]) -> None:
        """Writes one JSON object on one line. A file name's bytes that are not UTF-8 come out as the lone
        surrogates that JSON readers give back as the same name."""
        _write(sys.stdout, _json(value))

    def say(self, text: str) -> None:
        """Writes one line for people to standard output, whatever the text holds."""
        _write(sys.stdout, visible(text))

    def note(self, text: str) -> None:
        """Writes one line for people to standard error; nothing with `--json`."""
        if not self.as_json:
            _write(sys.stderr, visible(text))

    def warn(self, warnings: Sequence[str]) -> None:
        for warning in warnings:
            self.note(f"{self.text('Lưu ý', 'Note')}: {warning}")

    def fail(self, error: AxisError) -> None:
        """Writes an error, in both languages, the chosen one first."""
        if self.as_json:
            _write(sys.stderr, _json(_shape(error)))
            return
        spoken = [
            (error.message_vi, error.hint_vi, "Việc cần làm"),
            (error.message, error.hint, "What to do"),
        ]
        if self.language != "vi":
            spoken.reverse()
        if error.message == error.message_vi:
            spoken.pop()
        _write(sys.stderr, f"[{error.reason}]")
        for message, hint, what in spoken:
            _write(sys.stderr, f"  {visible(message)}")
            if hint:
                _write(sys.stderr, f"    {what}: {visible(hint)}")
            if when := _again(error, what):
                _write(sys.stderr, f"    {when}")

    def table(self, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
        """Writes a table with headings (Vietnamese, English), or a paragraph a row where the terminal is too
        narrow for it; into a pipe, one line a row and tabs between cells. Nothing is cut short."""
        shown = [[visible(cell) for cell in row] for row in rows]
        if not sys.stdout.isatty():
            for row in shown:
                _write(sys.stdout, "\t".join(row))
            return
        headings = [self.text(*heading) for heading in columns]
        widths = [_least(column) for column in zip(headings, *shown, strict=True)]
        console = Console()
        if sum(widths) + 3 * len(widths) + 1 > console.width:
            for row in shown:
                named = [
                    f"{name}: {cell}" if name else cell
                    for name, cell in zip(headings, row, strict=True)
                    if cell
                ]
                console.print(Text(row[0], style="bold"))
                console.print(Padding(Text(" · ".join(named[1:])), (0, 0, 0, 2)))
            return
        table = Table(header_style="bold")
        for heading, width in zip(headings, widths, strict=True):
            table.add_column(Text(heading), min_width=width)
        for row in shown:
            table.add_row(*map(Text, row))
        console.print(table)

    def ask_password(self, name: str) -> bytes | None:
        """Asks whoever sits at the terminal; None when nobody does."""
        if not sys.stdin.isatty():
            return None
        question = self.text(f"Mật khẩu của {name}", f"Password of {name}")
        return str(click.prompt(question, hide_input=True, err=True)).encode()

    @contextmanager
    def progress(self) -> Iterator[Report]:
        """Shows transfers as bars on standard error, when a person looks at it."""
        if self.as_json or not sys.stderr.isatty():
            yield unseen
            return
        name = TextColumn("{task.description}", markup=False)
        columns = (name, BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            tasks: dict[str, TaskID] = {}

            def report(progress: model.Progress) -> None:
                if progress.name not in tasks:
                    tasks[progress.name] = bars.add_task(visible(progress.name))
                bars.update(tasks[progress.name], completed=progress.done, total=progress.total)

            yield report


TOLD_WHEN = 10.0
"""Seconds from which on it is worth saying when to try again: less is over before it is read."""


def _again(error: AxisError, what: str) -> str:
    """Says in the language of `what` how long to wait before the same is tried again, where the axis said."""
    seconds = error.retry_after if isinstance(error, TryLater) else None
    if seconds is None or seconds < TOLD_WHEN:
        return ""
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    if what == "What to do":
        return f"Try again in: {f'{hours} h ' * bool(hours)}{minutes} min"
    return f"Thử lại sau: {f'{hours} giờ ' * bool(hours)}{minutes} phút"


def _shape(error: AxisError) -> dict[str, object]:
    return {
        "error": error.reason,
        "message": error.message,
        "message_vi": error.message_vi,
        "hint": error.hint,
        "hint_vi": error.hint_vi,
        "retryable": error.retryable,
        "retry_after": error.retry_after if isinstance(error, TryLater) else None,
        "facts": error.facts,
    }


def _write(stream: TextIO, line: str) -> None:
    """Writes UTF-8 whatever the locale says. A lone surrogate becomes its JSON escape, which a reader turns
    back."""
    try:
        stream.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
        stream.buffer.flush()
    except BrokenPipeError as exc:
        raise ReaderGone from exc


def _least(cells: Sequence[str]) -> int:
    """The width in which a column can be read: no word is broken, and a few stand beside each other."""
    word = max(cell_len(word) for cell in cells for word in (cell.split() or [""]))
    return max(word, min(READABLE, max(map(cell_len, cells))))


def visible(text: str) -> str:
    """Returns one line that steers no terminal: other people's names and subjects come to it too. Line ends,
    tabs, control and bidirectional characters are shown as in Python's literals, `\\n` and `\\u202e`."""
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    if unicodedata.category(char) == "Zs":
        return " "
    return char.encode("unicode_escape").decode()


def _json(value: Mapping[str, object]) -> str:
    """Writes letters as they are, and what would steer a terminal as JSON's escapes."""
    return re.sub(r"[^ -~]", _escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    return json.dumps(char)[1:-1] if unicodedata.category(char) in _STEERING else char
