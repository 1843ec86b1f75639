-- What authorities answered about certificates' revocation: CRLs and OCSP responses, each once.
CREATE TABLE answers (
    sha256 TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    content BLOB NOT NULL,
    superseded_at INTEGER
) STRICT;

-- The last answer of each place that was asked; `version` grows with everything that is kept.
CREATE TABLE answered (
    place TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX answered_since ON answered (version);
CREATE INDEX answered_by ON answered (sha256);

-- By which answers a dispatch and the statements about it were judged.
CREATE TABLE judged_by (
    dispatch INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (dispatch, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX judged_with ON judged_by (sha256);
