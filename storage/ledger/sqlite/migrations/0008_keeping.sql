-- How long dispatches are kept: what was decided, and what was disposed of.

-- Decisions as JSON, in order of commit; none is ever changed. A hold is named by `hold_id`, and so is what lifts it.
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY,
    dispatch INTEGER NOT NULL,
    agency_id TEXT NOT NULL,
    record TEXT NOT NULL,
    kind TEXT NOT NULL,
    hold_id TEXT NOT NULL,
    decision TEXT NOT NULL
) STRICT;

CREATE INDEX decisions_of ON decisions (dispatch, number);
CREATE INDEX decisions_by_record ON decisions (agency_id, record) WHERE record <> '';
CREATE INDEX decisions_by_hold ON decisions (hold_id, kind) WHERE hold_id <> '';
CREATE INDEX holds_by_number ON decisions (number) WHERE kind = 'hold';

-- Orders by which files go; `dispatches` is a JSON array. `ended_at` is when none was left.
CREATE TABLE disposals (
    number INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    agency_id TEXT NOT NULL,
    dispatches TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    waiting TEXT NOT NULL,
    ended_at INTEGER,
    evidence_id TEXT NOT NULL
) STRICT;

CREATE INDEX disposals_unended ON disposals (number) WHERE ended_at IS NULL;

-- Dispatches whose files are no longer named.
CREATE TABLE disposed (
    dispatch INTEGER PRIMARY KEY,
    disposal INTEGER NOT NULL
) STRICT;
