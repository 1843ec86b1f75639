"""The catalogue of a PostgreSQL ledger: a table beside it, written behind its commits."""

from __future__ import annotations

from storage.ledger.catalogue import Followed
from storage.ledger.postgres.arrays import columns
from storage.ledger.postgres.connecting import Connection, Target, connect, database_errors
from storage.ledger.postgres.indexing import FORM, expression, vector
from storage.ledger.postgres.queries import Queries, load_queries
from storage.ledger.postgres.reads import PostgresReaders
from storage.ledger.postgres.replica import Replica, ReplicaReaders
from storage.ledger.relational.finding import RelationalFinding
from storage.ledger.relational.rows import Row, entry_from, microseconds, moment, to_json
from storage.ledger.wellformed import check_page
from storage.threads import Threads

READS = 2
"""Searches at once: each may look at thousands of dispatches."""


class PostgresCatalogue(RelationalFinding):
    """`Catalogue` beside a PostgreSQL ledger. Open it with `open`, close it with `aclose`."""

    def __init__(self, target: Target, queries: Queries, *, replica: Replica | None = None) -> None:
        self._primary = PostgresReaders(target, queries, connections=READS)
        super().__init__(
            self._primary
            if replica is None
            else ReplicaReaders(replica, queries, self._primary, connections=READS),
            expression,
        )
        self._target = target
        self._queries = queries
        self._connection: Connection | None = None
        self._thread = Threads(1, name="catalogue")

    @classmethod
    async def open(cls, target: Target, *, replica: Replica | None = None) -> PostgresCatalogue:
        """Opens the catalogue of a ledger that was opened. It takes three connections, each when it is first
        needed, and two of a `replica`, where searches are answered if there is one."""
        return cls(target, load_queries(), replica=replica)

    async def aclose(self) -> None:
        """Ends what is under way and closes the connections."""
        await self._thread.aclose()
        self._give_up()
        if self._readers is not self._primary:
            await self._readers.aclose()
        await self._primary.aclose()

    async def follow(self, *, limit: int) -> Followed:
        check_page(0, limit)
        return await self._thread.run(self._follow, limit)

    async def reached(self) -> Followed:
        """How far that has come which searches look at, held against the primary."""
        latest = await self._primary.all("latest_delivery", ())
        ((form, place, accepted_at),) = await self._readers.all("catalogued", ())
        if form != FORM:
            place, accepted_at = 0, None
        return _followed(accepted_at, taken=0, behind=latest[0][0] > place)

    def _follow(self, limit: int) -> Followed:
        """In one transaction, alone among all nodes; what a power cut takes of it is taken in again."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._target)
        try:
            with database_errors(), self._connection.transaction():
                self._connection.execute("SET LOCAL synchronous_commit = off")
                return self._taken_in(limit)
        except BaseException:
            self._give_up()
            raise

    def _taken_in(self, limit: int) -> Followed:
        ((form, place, accepted_at),) = self._all("lock_catalogued")
        if form != FORM:
            self._run("empty_catalogue")
            place, accepted_at = 0, None
        rows = self._all("deliveries_after", place, limit + 1)
        positions = sorted({position for _, position in rows[:limit]})
        asked = to_json(positions)
        entries = {row[0]: entry_from(row) for row in self._all("entries_at", asked)}
        parties: dict[int, list[tuple[str, str]]] = {position: [] for position in positions}
        for position, recipient_id, mailbox_id in self._all("parties_at", asked):
            parties[position].append((recipient_id, mailbox_id))
        if entries:
            words = [(position, vector(entry, parties[position])) for position, entry in entries.items()]
            self._run("catalogue", *columns(words))
            place = rows[:limit][-1][0]
            newest = max(microseconds(entry.accepted_at) for entry in entries.values())
            accepted_at = max(newest, accepted_at or newest)
        if entries or form != FORM:
            self._run("keep_catalogued", FORM, place, accepted_at)
        return _followed(accepted_at, taken=len(entries), behind=len(rows) > limit)

    def _all(self, name: str, *values: object) -> list[Row]:
        assert self._connection is not None
        return self._connection.execute(self._queries[name].text, values).fetchall()

    def _run(self, name: str, *values: object) -> None:
        assert self._connection is not None
        self._connection.execute(self._queries[name].text, values)

    def _give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _followed(accepted_at: int | None, *, taken: int, behind: bool) -> Followed:
    last = None if accepted_at is None else moment(accepted_at)
    return Followed(taken=taken, behind=behind, last=last)
