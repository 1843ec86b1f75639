"""The ledger: what happened, in the order in which it was committed.

ledger = await SqliteLedger.open(Path("ledger.sqlite3"))
kept = await ledger.commit(entry, evidence, events)  # durable when it returns; again: what was kept first
moved = await ledger.advance(move)                   # compare-and-swap
"""
