-- The ledger as it begins.
--
-- Times are microseconds since 1970-01-01T00:00:00Z. Positions, cursors and leaves are numbers that the writer assigns
-- inside the transaction, from the highest one kept, so they follow the order of commit and have no gaps.

-- The log: one leaf for each evidence and each statement.
CREATE TABLE leaves (
    leaf INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('evidence', 'statement')),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE dispatches (
    position INTEGER PRIMARY KEY,
    dispatch_id TEXT NOT NULL UNIQUE,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    document_id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    code_number TEXT NOT NULL,
    code_notation TEXT NOT NULL,
    subject TEXT NOT NULL,
    priority INTEGER NOT NULL,
    promulgation_date TEXT NOT NULL,
    due_date TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    warnings TEXT NOT NULL
) STRICT;

-- A sender uses a document id for one new document only.
CREATE UNIQUE INDEX new_documents ON dispatches (sender_id, document_id) WHERE kind = 0 AND document_id <> '';
CREATE INDEX outboxes ON dispatches (sender_id, position);

CREATE TABLE parts (
    dispatch INTEGER NOT NULL REFERENCES dispatches (position),
    number INTEGER NOT NULL,
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    inline INTEGER NOT NULL,
    PRIMARY KEY (dispatch, number)
) STRICT, WITHOUT ROWID;

-- Recipient first: an inbox is one range of this table.
CREATE TABLE deliveries (
    recipient_id TEXT NOT NULL,
    dispatch INTEGER NOT NULL REFERENCES dispatches (position),
    ordinal INTEGER NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (recipient_id, dispatch)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX recipients ON deliveries (dispatch, ordinal);
-- Counts how many stand where, without a look at the deliveries themselves.
CREATE INDEX standings ON deliveries (dispatch, state);

CREATE TABLE statements (
    leaf INTEGER PRIMARY KEY REFERENCES leaves (leaf),
    statement_id TEXT NOT NULL UNIQUE,
    dispatch INTEGER NOT NULL REFERENCES dispatches (position),
    agency_id TEXT NOT NULL,
    status_code TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE INDEX statements_of ON statements (dispatch, leaf);
CREATE INDEX statements_by ON statements (dispatch, agency_id, leaf);

-- Which statement moved which delivery, and to which version. One statement may move several deliveries of its dispatch.
CREATE TABLE moves (
    statement INTEGER NOT NULL REFERENCES statements (leaf),
    recipient_id TEXT NOT NULL,
    dispatch INTEGER NOT NULL REFERENCES dispatches (position),
    version INTEGER NOT NULL,
    PRIMARY KEY (statement, recipient_id)
) STRICT, WITHOUT ROWID;

-- `dispatch` is null for refusals. `moved` and `version` name the delivery and the move that an evidence was issued
-- with; null for that of the commit.
CREATE TABLE evidence (
    leaf INTEGER PRIMARY KEY REFERENCES leaves (leaf),
    evidence_id TEXT NOT NULL UNIQUE,
    dispatch INTEGER REFERENCES dispatches (position),
    recipient_id TEXT NOT NULL,
    event TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    moved TEXT,
    version INTEGER,
    content BLOB NOT NULL
) STRICT;

-- What one recipient sees, and what one move left, are found without a walk past all the others'.
CREATE INDEX evidence_of ON evidence (dispatch, leaf, event) WHERE dispatch IS NOT NULL;
CREATE INDEX evidence_about ON evidence (dispatch, recipient_id, leaf) WHERE dispatch IS NOT NULL;
CREATE INDEX evidence_of_moves ON evidence (dispatch, moved, version) WHERE dispatch IS NOT NULL;

CREATE TABLE refusals (
    sender_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    reason TEXT NOT NULL,
    dispatch_id TEXT NOT NULL,
    evidence INTEGER NOT NULL REFERENCES evidence (leaf),
    PRIMARY KEY (sender_id, sha256, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    cursor INTEGER PRIMARY KEY,
    dispatch INTEGER NOT NULL REFERENCES dispatches (position),
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    recipient_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    status_code TEXT NOT NULL,
    reason TEXT NOT NULL,
    evidence_id TEXT NOT NULL,
    statement_id TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX histories ON events (dispatch, sequence);
CREATE INDEX histories_about ON events (dispatch, recipient_id, sequence);

-- Which blobs an owner itself delivered.
CREATE TABLE holdings (
    owner TEXT NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (owner, digest)
) STRICT, WITHOUT ROWID;

-- A dispatch as it is read: its parts as JSON, in order.
CREATE VIEW entries AS
SELECT
    d.position, d.dispatch_id, d.sender_id, d.sender_name, d.document_id, d.kind, d.code_number, d.code_notation,
    d.subject, d.priority, d.promulgation_date, d.due_date, d.accepted_at, d.warnings,
    (
        SELECT json_group_array(json_array(number, identifier, name, content_type, sha256, size, inline))
        FROM (SELECT * FROM parts WHERE parts.dispatch = d.position ORDER BY number)
    ) AS parts
FROM dispatches AS d;

-- The directory.
CREATE TABLE agencies (
    agency_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    active INTEGER NOT NULL,
    attributes TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Identifiers and aliases under the form in which they are compared; ordinal 0 is the agency's own identifier.
CREATE TABLE agency_names (
    name_key TEXT PRIMARY KEY,
    agency_id TEXT NOT NULL REFERENCES agencies (agency_id),
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE agency_certificates (
    sha256 TEXT PRIMARY KEY,
    agency_id TEXT NOT NULL REFERENCES agencies (agency_id),
    ordinal INTEGER NOT NULL,
    pem TEXT NOT NULL,
    role TEXT NOT NULL,
    may_connect INTEGER NOT NULL,
    may_seal INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX names_of ON agency_names (agency_id, ordinal);
CREATE INDEX certificates_of ON agency_certificates (agency_id, ordinal);

-- Keys that every process of the axis shares.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL CHECK (length(value) = 32)
) STRICT, WITHOUT ROWID;

-- Counters of one row each: how often the directory changed, how often the store was probed.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counters (name, value) VALUES ('directory', 0), ('probe', 0);
