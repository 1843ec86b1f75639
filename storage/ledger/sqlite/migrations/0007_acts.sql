-- What the operator did. The statement of each act stands in `evidence`, one leaf before its place.
CREATE TABLE acts (
    place INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL
) STRICT;

CREATE INDEX acts_of ON acts (kind, place);

CREATE TABLE act_abouts (
    about TEXT NOT NULL,
    place INTEGER NOT NULL REFERENCES acts (place),
    ordinal INTEGER NOT NULL,
    PRIMARY KEY (about, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX abouts_of ON act_abouts (place, ordinal);
