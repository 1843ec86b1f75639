"""Other processes at the same ledger."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def committing(path: Path, first: int, count: int) -> subprocess.Popen[str]:
    """Commits and moves `count` dispatches, from number `first` on, and prints each once it is kept."""
    return _child("committing_child", path, first, count)


def racing(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    """Acts on the first `count` dispatches once it reads a line, and prints how each attempt ended."""
    return _child("racing_child", path, name, count)


def _child(module: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"tests.storage.{module}", *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
