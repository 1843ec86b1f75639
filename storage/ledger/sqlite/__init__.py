"""The ledger of one node: one SQLite file, group-committed, shared by the processes of that node.

    ledger = await SqliteLedger.open(Path("ledger.sqlite3"))
    try:
        kept = await ledger.commit(entry, evidence, events)
    finally:
        await ledger.aclose()

`ledger` is the face, `writer` the thread that commits many callers' writes at once, `writes` and `directory`
what is done inside its transaction, `reads` what is asked, `rows` how records and rows become each other,
`database` how a file is opened and brought up to date. The statements stand in `sql/`, the schema in
`migrations/`.
"""

from storage.ledger.sqlite.database import Schema, look
from storage.ledger.sqlite.ledger import SqliteLedger

__all__ = ["Schema", "SqliteLedger", "look"]
