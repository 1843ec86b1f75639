"""The ledger of one node: one SQLite file, group-committed, shared by the processes of that node.

    ledger = await SqliteLedger.open(Path("ledger.sqlite3"))
    try:
        kept = await ledger.commit(new)
    finally:
        await ledger.aclose()

The facets are those of `storage.ledger.relational`. Here are `writer`, the thread that commits many callers'
writes at once, `reads`, the threads that read, and `database`, how a file is opened and brought up to date.
The statements stand in `sql/`, the schema in `migrations/`.

`catalogue` finds dispatches by words, in a file of its own beside the ledger (`indexing`).
"""

from storage.ledger.relational.texts import Schema
from storage.ledger.sqlite.catalogue import SqliteCatalogue
from storage.ledger.sqlite.database import look
from storage.ledger.sqlite.ledger import SqliteLedger

__all__ = ["Schema", "SqliteCatalogue", "SqliteLedger", "look"]
