-- Going through everything: which blobs are named, and how far a round has come.

CREATE INDEX parts_by_digest ON parts (sha256);
CREATE INDEX holdings_by_digest ON holdings (digest);

-- A round as JSON; the newest one has the highest number.
CREATE TABLE rounds (
    number bigint PRIMARY KEY,
    round text NOT NULL
);
