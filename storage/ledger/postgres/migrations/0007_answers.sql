-- What authorities answered about certificates' revocation: CRLs and OCSP responses, each once.
CREATE TABLE answers (
    sha256 text PRIMARY KEY,
    kind text NOT NULL,
    content bytea NOT NULL,
    superseded_at bigint
);

-- The last answer of each place that was asked; `version` grows with everything that is kept.
CREATE TABLE answered (
    place text PRIMARY KEY,
    sha256 text NOT NULL,
    asked_at bigint NOT NULL,
    version bigint NOT NULL
);

CREATE UNIQUE INDEX answered_since ON answered (version);
CREATE INDEX answered_by ON answered (sha256);

-- By which answers a dispatch and the statements about it were judged.
CREATE TABLE judged_by (
    dispatch bigint NOT NULL,
    sha256 text NOT NULL,
    PRIMARY KEY (dispatch, sha256)
);

CREATE INDEX judged_with ON judged_by (sha256);
