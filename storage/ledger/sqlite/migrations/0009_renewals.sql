-- Proving what is kept beyond the algorithms of its time: volumes of the log and their hash trees.

-- A volume as JSON, with its chains and their time-stamps.
CREATE TABLE volumes (
    number INTEGER PRIMARY KEY,
    volume TEXT NOT NULL
) STRICT;

-- Parts of hash trees, chain and number counted from 0; none is ever changed.
CREATE TABLE volume_blocks (
    volume INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    number INTEGER NOT NULL,
    root BLOB NOT NULL,
    groups BLOB NOT NULL,
    PRIMARY KEY (volume, chain, number)
) STRICT, WITHOUT ROWID;
