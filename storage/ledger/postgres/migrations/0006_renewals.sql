-- Proving what is kept beyond the algorithms of its time: volumes of the log and their hash trees.

-- A volume as JSON, with its chains and their time-stamps.
CREATE TABLE volumes (
    number bigint PRIMARY KEY,
    volume text NOT NULL
);

-- Parts of hash trees, chain and number counted from 0; none is ever changed.
CREATE TABLE volume_blocks (
    volume bigint NOT NULL,
    chain bigint NOT NULL,
    number bigint NOT NULL,
    root bytea NOT NULL,
    groups bytea NOT NULL,
    PRIMARY KEY (volume, chain, number)
);
