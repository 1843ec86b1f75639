"""What a command writes, where, and in which language."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from axis_client import model
from axis_client.client import unseen
from axis_client.errors import AxisError, LocalError, TryLater
from axis_client.sending import Report

EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_LATER = 0, 1, 2, 3


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

    def text(self, vietnamese: str, english: str) -> str:
        """Chooses by language."""
        return vietnamese if self.language == "vi" else english

    def object(self, value: Mapping[str, object]) -> None:
        """Writes one JSON object on one line. A file name's bytes that are not UTF-8 come out as the lone
        surrogates that JSON readers give back as the same name."""
        _write(sys.stdout, json.dumps(value, ensure_ascii=False))

    def say(self, text: str) -> None:
        """Writes a line for people to standard output."""
        _write(sys.stdout, _visible(text))

    def note(self, text: str) -> None:
        """Writes a line for people to standard error; nothing with `--json`."""
        if not self.as_json:
            _write(sys.stderr, _visible(text))

    def warn(self, warnings: Sequence[str]) -> None:
        for warning in warnings:
            self.note(f"{self.text('Lưu ý', 'Note')}: {warning}")

    def fail(self, error: AxisError) -> None:
        """Writes an error, in both languages, the chosen one first."""
        if self.as_json:
            _write(sys.stderr, json.dumps(_shape(error), ensure_ascii=False))
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
            _write(sys.stderr, f"  {_visible(message)}")
            if hint:
                _write(sys.stderr, f"    {what}: {_visible(hint)}")

    def table(self, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
        """Writes a table with headings (Vietnamese, English); into a pipe, one line a row and tabs between
        cells."""
        if not sys.stdout.isatty():
            for row in rows:
                self.say("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
            return
        table = Table(header_style="bold")
        for place, heading in enumerate(columns):
            table.add_column(Text(self.text(*heading)), no_wrap=place == 0)
        for row in rows:
            table.add_row(*(Text(_visible(cell)) for cell in row))
        Console().print(table)

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
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            tasks: dict[str, TaskID] = {}

            def report(progress: model.Progress) -> None:
                if progress.name not in tasks:
                    tasks[progress.name] = bars.add_task(Text(_visible(progress.name)).plain)
                bars.update(tasks[progress.name], completed=progress.done, total=progress.total)

            yield report


def _shape(error: AxisError) -> dict[str, object]:
    return {
        "error": error.reason,
        "message": error.message,
        "message_vi": error.message_vi,
        "hint": error.hint,
        "hint_vi": error.hint_vi,
        "retryable": error.retryable,
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


def _visible(text: str) -> str:
    """Takes out what would steer the terminal: other people's names and subjects come to it too."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
