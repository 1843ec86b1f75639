-- Time-stamps over the seals of evidence, from which its XAdES-B-T form grows.
CREATE TABLE seal_stamps (
    evidence_id text PRIMARY KEY,
    authority text NOT NULL,
    token bytea NOT NULL,
    at bigint NOT NULL
);

-- How far they have come in the log, and who makes them until when: one row at most.
CREATE TABLE growing (
    id integer PRIMARY KEY CHECK (id = 1),
    start bigint NOT NULL,
    holder text NOT NULL,
    until bigint NOT NULL
);
