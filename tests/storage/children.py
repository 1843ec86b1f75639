"""Other processes at the same ledger."""

from __future__ import annotations

import subprocess
import sys

from tests.storage.places import Place, named


def committing(place: Place, first: int, count: int) -> subprocess.Popen[str]:
    """Commits and moves `count` dispatches, from number `first` on, and prints each once it is kept."""
    return _child("committing_child", place, first, count)


def enduring(place: Place, first: int) -> subprocess.Popen[str]:
    """Commits and moves dispatches, from number `first` on, until its standard input ends, through whatever
    happens to the store, and prints each once it is kept."""
    return _child("enduring_child", place, first)


def racing(place: Place, name: str, count: int) -> subprocess.Popen[str]:
    """Acts on the first `count` dispatches once it reads a line, and prints how each attempt ended."""
    return _child("racing_child", place, name, count)


def holding(place: Place, count: int) -> subprocess.Popen[str]:
    """Holds the first `count` dispatches, each when it reads a line, and prints whether it came in time."""
    return _child("holding_child", place, count)


def taking(place: Place, mailbox_id: str, name: str) -> subprocess.Popen[str]:
    """Takes from a queue until it is empty, and prints what it took."""
    return _child("taking_child", place, mailbox_id, name)


def _child(module: str, place: Place, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"tests.storage.{module}", named(place), *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
