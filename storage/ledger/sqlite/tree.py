"""The log's tree in SQLite: grown once for each transaction, by all the leaves that it added."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from storage.errors import Unavailable
from storage.ledger.relational.rows import to_json
from storage.ledger.relational.texts import Queries
from storage.ledger.tree import Edge, Node, edge_nodes

_LEAVES_AT_ONCE = 10_000


def grown(connection: sqlite3.Connection, queries: Queries, edge: Edge) -> Edge:
    """Adds the interior nodes that the leaves behind the kept tree complete, in the open transaction, and
    returns its new edge.

    `edge` is what an earlier call returned. Another process, or a transaction that was rolled back, may have
    moved on from it: the size of the kept tree decides. Raises `Unavailable` when the kept tree has lost a
    node: nothing is added to a log that somebody cut.
    """
    (kept,) = connection.execute(queries["tree_size"]).fetchone()
    (leaves,) = connection.execute(queries["log_size"]).fetchone()
    if kept == leaves:
        return edge
    if edge.size != kept:
        edge = Edge(kept, nodes(connection, queries, edge_nodes(kept)))
    while True:
        hashes = connection.execute(queries["leaf_hashes"], (edge.size, _LEAVES_AT_ONCE)).fetchall()
        if not hashes:
            break
        edge, made = edge.append(one for (one,) in hashes)
        connection.executemany(queries["add_node"], [(level, index, one) for (level, index), one in made])
    connection.execute(queries["keep_tree_size"], (edge.size,))
    return edge


def nodes(connection: sqlite3.Connection, queries: Queries, wanted: Sequence[Node]) -> tuple[bytes, ...]:
    """Returns the hashes of nodes, in that order. Raises `Unavailable` for one that is not there."""
    rows = connection.execute(queries["nodes"], (to_json([list(node) for node in wanted]),))
    found = {(level, index): one for level, index, one in rows}
    if missing := set(wanted) - set(found):
        raise Unavailable(f"the log's tree has lost node {min(missing)}")
    return tuple(found[node] for node in wanted)
