"""The ledger of many nodes: one schema of a PostgreSQL database, group-committed by each.

    ledger = await PostgresLedger.open(Target(dsn="host=db1,db2 dbname=axis user=axis", password="…"))
    try:
        kept = await ledger.commit(new)
    finally:
        await ledger.aclose()

The facets are those of `storage.ledger.relational`. Here are `writer`, the thread that commits many callers'
writes at once, and the `transaction` that it opens for them, `reads`, the threads that read, `hints`, by
which nodes wake each other, `connecting`, how a connection is made and what errors mean, and `schema`, how
the schema is brought up to date. The statements stand in `sql/`, the schema in `migrations/`. `catalogue`
finds dispatches by words (`indexing`).
"""

from storage.ledger.postgres.catalogue import PostgresCatalogue
from storage.ledger.postgres.connecting import Target
from storage.ledger.postgres.ledger import PostgresLedger
from storage.ledger.postgres.replica import Replica
from storage.ledger.postgres.schema import look

__all__ = ["PostgresCatalogue", "PostgresLedger", "Replica", "Target", "look"]
