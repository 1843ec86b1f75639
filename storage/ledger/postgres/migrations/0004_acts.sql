-- What the operator did. The statement of each act stands in `evidence`, one leaf before its place.
CREATE TABLE acts (
    place bigint PRIMARY KEY,
    at bigint NOT NULL,
    kind word NOT NULL
);

CREATE INDEX acts_of ON acts (kind, place);

CREATE TABLE act_abouts (
    about word NOT NULL,
    place bigint NOT NULL,
    ordinal integer NOT NULL,
    PRIMARY KEY (about, place)
);

CREATE INDEX abouts_of ON act_abouts (place, ordinal);
