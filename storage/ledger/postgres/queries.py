"""Named queries with their values: `$1` by place, or `:name` by name, of which PostgreSQL knows the first
alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.ledger.relational import texts
from storage.ledger.relational.engine import Values

_NAME = re.compile(r"(?<![:\w]):(\w+)")


@dataclass(frozen=True, slots=True)
class Query:
    """A statement that PostgreSQL can prepare."""

    text: str
    names: tuple[str, ...]
    """Of its values, in their order; empty when they come in that order."""

    def places(self, values: Values) -> Sequence[object]:
        """Returns values in the order of their places."""
        return [values[name] for name in self.names] if isinstance(values, Mapping) else values


Queries = Mapping[str, Query]


def load_queries() -> Queries:
    """Reads `sql/*.sql`."""
    return {name: query(text) for name, text in texts.load_queries(__package__).items()}


def query(text: str) -> Query:
    """Makes a query of its text: each `:name` becomes the place where it is first named."""
    names = tuple(dict.fromkeys(_NAME.findall(text)))
    return Query(_NAME.sub(lambda one: f"${names.index(one[1]) + 1}", text), names)
