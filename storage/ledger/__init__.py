"""The ledger: what happened, in the order in which it was committed.

ledger = await SqliteLedger.open(Path("ledger.sqlite3"))
kept = await ledger.commit(entry, evidence)      # durable when it returns; the same entry again returns the kept one
await ledger.advance(move)                       # compare-and-swap
"""
