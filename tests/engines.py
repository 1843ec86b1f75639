"""Engines that a test checks against: absent ones are skipped by name, and under CI=true a skip is a
failure."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def require(command: str) -> str:
    """Returns the path of `command`, or skips the calling test naming it."""
    path = shutil.which(command)
    if path is None:
        lacking(f"engine not installed: {command} (run tests/install-engines.sh as root)")
    return path


def lacking(sentence: str) -> NoReturn:
    """Skips the calling test; under CI=true fails it."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)
