-- Time-stamps over the seals of evidence, from which its XAdES-B-T form grows.
CREATE TABLE seal_stamps (
    evidence_id TEXT PRIMARY KEY,
    authority TEXT NOT NULL,
    token BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- How far they have come in the log, and who makes them until when: one row at most.
CREATE TABLE growing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    start INTEGER NOT NULL,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT;
