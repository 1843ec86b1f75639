-- Deliveries with a mailbox, deadlines and a question; dispatches that are about others; a stream for each agency.

CREATE INDEX threads ON dispatches (sender_id, document_id, position) WHERE document_id <> '';
CREATE INDEX codes ON dispatches (sender_id, code_notation, code_number, position) WHERE kind = 0;

-- In order of commit: `place` is the highest one kept and one. So one commit's deliveries lie side by side, and what
-- grows with the number of agencies is the indexes by mailbox alone.
CREATE TABLE deliveries_now (
    place INTEGER PRIMARY KEY,
    dispatch INTEGER NOT NULL REFERENCES dispatches (position),
    recipient_id TEXT NOT NULL,
    mailbox_id TEXT NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    handover_by INTEGER NOT NULL,
    answer_by INTEGER NOT NULL,
    due INTEGER,
    reason TEXT NOT NULL,
    -- The open question; all null when there is none.
    question_kind TEXT,
    question_by TEXT,
    question_reason TEXT,
    asked_at INTEGER,
    until INTEGER
) STRICT;

-- What was accepted before there were deadlines has thirty days, and seven from now at least.
INSERT INTO deliveries_now (
    place, dispatch, recipient_id, mailbox_id, priority, state, version, updated_at, handover_by, answer_by, due, reason
)
SELECT
    row_number() OVER (ORDER BY l.dispatch, l.ordinal), l.dispatch, l.recipient_id, l.recipient_id, d.priority, l.state,
    l.version, l.updated_at, d.deadline, d.deadline,
    CASE WHEN l.state IN ('consigned', 'handed_over') THEN d.deadline END,
    l.reason
FROM deliveries AS l
JOIN (
    SELECT
        position, priority,
        max(accepted_at + 30 * 86400000000, (CAST(strftime('%s', 'now') AS INTEGER) + 7 * 86400) * 1000000) AS deadline
    FROM dispatches
) AS d ON d.position = l.dispatch;

-- Which statement moved which delivery, and to which version, in the order of the moves.
CREATE TABLE moves_now (
    statement INTEGER NOT NULL REFERENCES statements (leaf),
    number INTEGER NOT NULL,
    delivery INTEGER NOT NULL REFERENCES deliveries_now (place),
    version INTEGER NOT NULL,
    PRIMARY KEY (statement, number)
) STRICT, WITHOUT ROWID;

INSERT INTO moves_now (statement, number, delivery, version)
SELECT m.statement, row_number() OVER (PARTITION BY m.statement ORDER BY l.place), l.place, m.version
FROM moves AS m JOIN deliveries_now AS l ON l.dispatch = m.dispatch AND l.recipient_id = m.recipient_id;

DROP TABLE moves;
DROP TABLE deliveries;
ALTER TABLE deliveries_now RENAME TO deliveries;
ALTER TABLE moves_now RENAME TO moves;

CREATE UNIQUE INDEX moved ON moves (statement, delivery);
CREATE UNIQUE INDEX recipients ON deliveries (dispatch, recipient_id);
-- These end with `place`, as every index of a table with a rowid does.
CREATE INDEX deliveries_of ON deliveries (dispatch);
CREATE INDEX deliveries_seen ON deliveries (dispatch, mailbox_id);
CREATE INDEX standings ON deliveries (dispatch, state);
CREATE INDEX inboxes ON deliveries (mailbox_id);
CREATE INDEX dues ON deliveries (due) WHERE due IS NOT NULL;
-- What a mailbox has to take in hand: small, however much it has received.
CREATE INDEX queues ON deliveries (mailbox_id, priority DESC) WHERE state IN ('consigned', 'fetched', 'handed_over');

-- A delivery as it is read.
CREATE VIEW standing AS
SELECT
    d.dispatch_id, l.recipient_id, l.mailbox_id, l.state, l.version, l.updated_at, l.handover_by, l.answer_by, l.due,
    l.reason, l.question_kind, l.question_by, l.question_reason, l.asked_at, l.until, l.place, l.dispatch
FROM deliveries AS l JOIN dispatches AS d ON d.position = l.dispatch;

-- A dispatch as it is read where its parts are not asked for.
CREATE VIEW headers AS
SELECT
    position, dispatch_id, sender_id, sender_name, document_id, kind, code_number, code_notation, subject, priority,
    promulgation_date, due_date, accepted_at, warnings, '[]' AS parts
FROM dispatches;

-- Dispatches that revoke, update or replace earlier ones.
CREATE TABLE links (
    dispatch INTEGER NOT NULL REFERENCES dispatches (position),
    about INTEGER NOT NULL REFERENCES dispatches (position),
    PRIMARY KEY (dispatch, about)
) STRICT, WITHOUT ROWID;

CREATE INDEX followers ON links (about, dispatch);

-- Whose mailbox a record or an event is about: '' when about all. Until now, that was the recipient itself.
ALTER TABLE evidence ADD COLUMN mailbox_id TEXT NOT NULL DEFAULT '';
UPDATE evidence SET mailbox_id = recipient_id WHERE recipient_id <> '';
CREATE INDEX evidence_seen ON evidence (dispatch, mailbox_id, leaf) WHERE dispatch IS NOT NULL;

ALTER TABLE statements ADD COLUMN recipient_id TEXT NOT NULL DEFAULT '';
ALTER TABLE statements ADD COLUMN mailbox_id TEXT NOT NULL DEFAULT '';
UPDATE statements SET recipient_id = agency_id, mailbox_id = agency_id;
DROP INDEX statements_by;
CREATE INDEX statements_about ON statements (dispatch, recipient_id, leaf);
CREATE INDEX statements_seen ON statements (dispatch, mailbox_id, leaf);

-- `rank` counts from 1 the events of a dispatch that are about the same mailbox, or about all. An event's number for a
-- mailbox is its rank and that of the last one of the other sort before it.
ALTER TABLE events ADD COLUMN delegate_id TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN related_id TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN mailbox_id TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
UPDATE events SET
    mailbox_id = recipient_id,
    rank = (
        SELECT count(*) FROM events AS e
        WHERE e.dispatch = events.dispatch AND e.recipient_id = events.recipient_id AND e.sequence <= events.sequence
    );
DROP INDEX histories_about;
CREATE UNIQUE INDEX histories_seen ON events (dispatch, mailbox_id, sequence, rank);

-- Which events an agency sees, of all dispatches, in order of commit.
CREATE TABLE streams (
    agency_id TEXT NOT NULL,
    cursor INTEGER NOT NULL REFERENCES events (cursor),
    PRIMARY KEY (agency_id, cursor)
) STRICT, WITHOUT ROWID;

INSERT INTO streams (agency_id, cursor)
SELECT d.sender_id, e.cursor FROM events AS e JOIN dispatches AS d ON d.position = e.dispatch
UNION
SELECT l.mailbox_id, e.cursor FROM events AS e JOIN deliveries AS l ON l.dispatch = e.dispatch
WHERE e.recipient_id IN ('', l.recipient_id);
