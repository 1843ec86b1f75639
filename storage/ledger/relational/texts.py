"""The SQL of an engine, as it stands in the engine's folder: named queries, and migrations in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

Queries = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """How far a store's schema has come."""

    found: int
    """0: there is none yet."""
    known: int
    """To which the next opening for writing would bring it."""


def load_queries(package: str) -> Queries:
    """Reads `sql/*.sql` of a package: each query follows a line `-- name: …`."""
    queries: dict[str, str] = {}
    for file in sorted((resources.files(package) / "sql").iterdir(), key=lambda file: file.name):
        _, *named = re.split(r"^-- name: (\w+)\n", file.read_text("utf-8"), flags=re.MULTILINE)
        for name, text in zip(named[::2], named[1::2], strict=True):
            if name in queries:
                raise ValueError(f"two queries are named {name}")
            queries[name] = text.strip()
    return queries


def load_migrations(package: str) -> list[str]:
    """Reads `migrations/*.sql` of a package in order; the number of a file is the schema version it leads
    to."""
    files = sorted((resources.files(package) / "migrations").iterdir(), key=lambda file: file.name)
    return [file.read_text("utf-8") for file in files]
