-- How long dispatches are kept: what was decided, and what was disposed of.

-- Decisions as JSON, in order of commit; none is ever changed. A hold is named by `hold_id`, and so is what lifts it.
CREATE TABLE decisions (
    number bigint PRIMARY KEY,
    dispatch bigint NOT NULL,
    agency_id word NOT NULL,
    record word NOT NULL,
    kind word NOT NULL,
    hold_id word NOT NULL,
    decision text NOT NULL
);

CREATE INDEX decisions_of ON decisions (dispatch, number);
CREATE INDEX decisions_by_record ON decisions (agency_id, record) WHERE record <> '';
CREATE INDEX decisions_by_hold ON decisions (hold_id, kind) WHERE hold_id <> '';
CREATE INDEX holds_by_number ON decisions (number) WHERE kind = 'hold';

-- Orders by which files go; `dispatches` is a JSON array. `ended_at` is when none was left.
CREATE TABLE disposals (
    number bigint PRIMARY KEY,
    order_id word NOT NULL UNIQUE,
    agency_id word NOT NULL,
    dispatches text NOT NULL,
    accepted_at bigint NOT NULL,
    waiting word NOT NULL,
    ended_at bigint,
    evidence_id word NOT NULL
);

CREATE INDEX disposals_unended ON disposals (number) WHERE ended_at IS NULL;

-- Dispatches whose files are no longer named.
CREATE TABLE disposed (
    dispatch bigint PRIMARY KEY,
    disposal bigint NOT NULL
);
