"""The reading side: a bounded pool of threads, a connection each. In threads a query costs half of what it
costs in the event loop, where each wait for the server is a trip through the loop."""

from __future__ import annotations

import psycopg

from storage.errors import Unavailable
from storage.ledger.postgres.connecting import Connection, Fence, Target, connect, database_errors
from storage.ledger.postgres.queries import Queries
from storage.ledger.relational.engine import Values
from storage.ledger.relational.reading import ThreadedReaders
from storage.ledger.relational.rows import Row


class PostgresReaders(ThreadedReaders[Connection]):
    """`Readers` over PostgreSQL."""

    def __init__(
        self, target: Target, queries: Queries, *, connections: int, fence: Fence | None = None
    ) -> None:
        super().__init__(threads=connections)
        self._target = target
        self._fence = fence or Fence()
        self._queries = queries

    def _connect(self) -> Connection:
        return connect(self._target, read_only=True, fence=self._fence)

    def _gone(self, connection: Connection) -> bool:
        return connection.closed

    def _query(self, name: str, values: Values) -> list[Row]:
        """Text that no store can keep is found nowhere; a number that there cannot be is a `ValueError`.

        Asks once more, over a new connection, when the one at hand turns out to be gone.
        """
        query = self._queries[name]
        text, places = query.text, query.places(values)
        try:
            with database_errors():
                connection = self._connection()
                try:
                    return connection.execute(text, places).fetchall()
                except psycopg.OperationalError:
                    if not connection.closed:
                        raise
                    return self._connection().execute(text, places).fetchall()
        except UnicodeEncodeError:
            return []
        except Unavailable as exc:
            if not isinstance(cause := exc.__cause__, psycopg.DataError):
                raise
            if cause.sqlstate in (None, psycopg.errors.UntranslatableCharacter.sqlstate):
                return []
            raise ValueError(f"the ledger cannot look for this: {cause}") from cause
