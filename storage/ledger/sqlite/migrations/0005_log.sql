-- The log's tree, its checkpoints, and what others say about them.

-- Interior nodes of the tree (RFC 6962), each once. Level 0 is `leaves`.
CREATE TABLE nodes (
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

-- Leaves over which the tree stands complete; the first transaction that follows catches up.
INSERT INTO counters (name, value) VALUES ('tree', 0);

-- Signed checkpoints, one for each size at which the log was shown. `at` is when it was signed.
CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    note BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- Signature lines of witnesses under a checkpoint.
CREATE TABLE cosignatures (
    size INTEGER NOT NULL REFERENCES checkpoints (size),
    witness TEXT NOT NULL,
    line BLOB NOT NULL,
    PRIMARY KEY (size, witness)
) STRICT, WITHOUT ROWID;

-- Time-stamps (RFC 3161) over the note of a checkpoint.
CREATE TABLE stamps (
    size INTEGER NOT NULL REFERENCES checkpoints (size),
    authority TEXT NOT NULL,
    token BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (size, authority)
) STRICT, WITHOUT ROWID;

CREATE INDEX stamps_of ON stamps (authority, size);
