"""A ledger over SQL: every facet once, for each engine that keeps tables.

    class SqliteLedger(RelationalDispatches, RelationalDeliveries, ...): ...

Each facet has a module: its verbs, and what those that write do inside a transaction. They ask by the names
of queries; what an engine gives is in `engine`: a writer that commits many callers' writes at once, and
readers. Its statements stand in its own folder, in its own SQL, under the same names, with the same columns.
`grouping` is what group commit has in common, `noting` what writing about a dispatch has, `reading` what
reading in threads has, `rows` how records and rows become each other.
"""
