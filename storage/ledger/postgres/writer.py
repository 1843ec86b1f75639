"""Group commit over many nodes: many waiting callers, one transaction, one flush.

One thread owns the writing connection. It takes what waits, up to a bound, and walks this road:

    1. BEGIN, lock the heads   until 5 no other node writes anything
    2. each caller's work      what one meets is rolled back and told to it alone
    3. the log's tree          the nodes that the new leaves complete
    4. the heads, the hint     which other nodes hear when 5 is done
    5. COMMIT                  one flush for all. A crash before it leaves nothing, after it everything
    6. answer                  every caller's future, with one call into its event loop

A standby that the server is told to wait for has it too before 5 ends, and until then nobody sees it, however
long that takes. What this process has committed stays: a ledger that lacks it, since it was restored, or
another server took over without it, is written no further.

When the store itself fails, at any step, the connection is given up and every caller is told so; the server
rolls back what was not committed. At 5 nobody can tell which: whoever asks again finds out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from storage.errors import Unavailable
from storage.ledger.postgres import hints
from storage.ledger.postgres.arrays import columns
from storage.ledger.postgres.connecting import Connection, Fence, Target, connect, database_errors
from storage.ledger.postgres.queries import Queries
from storage.ledger.postgres.transaction import Transaction
from storage.ledger.relational.grouping import GroupWriter, Work
from storage.ledger.relational.rows import to_json
from storage.ledger.tree import Edge, Node, edge_nodes

_PATIENTLY = "SET LOCAL statement_timeout = 0"
"""A server that is told to stop waiting for its standby has committed all the same, and shows to all what
would be gone if the standby took over."""


class PostgresWriter(GroupWriter):
    """The writing thread. Connects when there is something to write, and again when the connection is
    gone."""

    def __init__(self, target: Target, queries: Queries, *, node: str, fence: Fence) -> None:
        """`node` names this process in the hints that it gives."""
        self._target = target
        self._queries = queries
        self._node = node
        self._fence = fence
        self._reached: tuple[int, ...] = ()
        """The heads of the last transaction that this process knows to be committed."""
        self._warnings: list[str] = []
        self._connection: Connection | None = None
        self._edge = Edge()
        super().__init__(closing=self._give_up)

    def _commit(self, works: Sequence[Work]) -> list[Any]:
        try:
            with database_errors():
                connection, heads = self._begun()  # 1
                transaction = Transaction(connection, self._queries, heads)
                outcomes = transaction.together(works)  # 2
                edge, nodes = self._grown(connection, heads[3] + 1, transaction.hashes)  # 3
                with connection.pipeline():
                    if nodes:
                        rows = [(level, index, one) for (level, index), one in nodes]
                        connection.execute(self._queries["add_node"].text, columns(rows), prepare=False)
                    if transaction.heads != heads:
                        connection.execute(
                            self._queries["keep_heads"].text, transaction.heads, prepare=False
                        )  # 4
                    for hint in hints.written(self._node, transaction.told):
                        connection.execute(
                            self._queries["tell"].text, (self._target.schema, hint), prepare=False
                        )
                    connection.execute(_PATIENTLY, prepare=False)
                    ended = connection.execute("COMMIT")  # 5
                if ended.statusmessage != "COMMIT":
                    raise Unavailable("the ledger answers that nothing was committed")
                if self._warnings:
                    raise Unavailable(f"the ledger committed with a warning: {self._warnings[0]}")
        except BaseException:
            self._give_up()
            raise
        self._edge = edge
        self._reached = transaction.heads
        return outcomes

    def _begun(self) -> tuple[Connection, tuple[int, ...]]:
        """Opens a transaction that is alone in writing, and returns the highest numbers given so far. A
        connection that turns out to be gone before anything was done is replaced."""
        if self._connection is not None:
            try:
                return self._connection, self._locked(self._connection)
            except psycopg.OperationalError:
                if not self._connection.closed:
                    raise
        self._warnings.clear()
        self._connection = connect(self._target, fence=self._fence)
        self._connection.add_notice_handler(self._noticed)
        return self._connection, self._locked(self._connection)

    def _noticed(self, notice: psycopg.errors.Diagnostic) -> None:
        """Keeps what the server warns of: that it stopped waiting for its standby, above all."""
        if notice.severity_nonlocalized == "WARNING":
            self._warnings.append(notice.message_primary or "")

    def _locked(self, connection: Connection) -> tuple[int, ...]:
        with connection.pipeline():
            connection.execute("BEGIN")
            heads = connection.execute(self._queries["heads"].text, prepare=False)
        row = heads.fetchone()
        assert row is not None
        if any(now < before for now, before in zip(row, self._reached, strict=False)):
            raise Unavailable(
                f"the ledger went back: it has {row[3] + 1} leaves, and {self._reached[3] + 1} were committed"
            )
        return row

    def _grown(
        self, connection: Connection, size: int, hashes: Sequence[bytes]
    ) -> tuple[Edge, list[tuple[Node, bytes]]]:
        """Returns the edge of the tree behind new leaves, and the interior nodes that they complete.

        `size` is that of the kept tree, from which another node, or a transaction that was rolled back, may
        have moved on since this one looked.
        """
        if self._edge.size != size:
            self._edge = Edge(size, self._nodes(connection, edge_nodes(size)))
        return self._edge.append(hashes)

    def _nodes(self, connection: Connection, wanted: Iterable[Node]) -> tuple[bytes, ...]:
        wanted = list(wanted)
        text = self._queries["nodes"].text
        rows = connection.execute(text, (to_json([list(node) for node in wanted]),)).fetchall()
        found = {(level, index): one for level, index, one in rows}
        return tuple(found[node] for node in wanted)

    def _give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
