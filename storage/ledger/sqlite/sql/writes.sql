-- name: heads
-- The highest numbers given so far: dispatch position, event cursor, leaf (-1 when there is none).
SELECT
    (SELECT coalesce(max(position), 0) FROM dispatches),
    (SELECT coalesce(max(cursor), 0) FROM events),
    (SELECT coalesce(max(leaf), -1) FROM leaves);

-- name: add_dispatch
-- Adds a dispatch unless its id, or its document id as a new document of the sender, is known; no row changes then.
INSERT INTO dispatches (
    position, dispatch_id, sender_id, sender_name, document_id, kind, code_number, code_notation,
    subject, priority, promulgation_date, due_date, accepted_at, warnings
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: find_document
-- The dispatch that holds a document id of a sender.
SELECT dispatch_id FROM dispatches WHERE sender_id = ? AND document_id = ? AND kind = 0 AND document_id <> '';

-- name: add_part
INSERT INTO parts (dispatch, number, identifier, name, content_type, sha256, size, inline)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_delivery
-- A delivery begins consigned, at version 1.
INSERT INTO deliveries (recipient_id, dispatch, ordinal, state, version, updated_at, reason)
VALUES (?, ?, ?, 'consigned', 1, ?, '');

-- name: add_holding
-- The first note of a holding stands.
INSERT INTO holdings (owner, digest, size) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: add_leaf
INSERT INTO leaves (leaf, kind, hash) VALUES (?, ?, ?);

-- name: add_evidence
INSERT INTO evidence (leaf, evidence_id, dispatch, recipient_id, event, issued_at, moved, version, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: last_sequence
-- The number of events that a dispatch has.
SELECT coalesce(max(sequence), 0) FROM events WHERE dispatch = ?;

-- name: add_event
INSERT INTO events (
    cursor, dispatch, sequence, kind, at, recipient_id, actor_id, status_code, reason, evidence_id, statement_id
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: find_delivery
-- A delivery, with the position of its dispatch first.
SELECT l.dispatch, d.dispatch_id, l.recipient_id, l.state, l.version, l.updated_at, l.reason
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = ? AND l.recipient_id = ?;

-- name: move_delivery
-- The compare-and-swap: changes one row, or none when the version is another.
UPDATE deliveries SET state = ?, version = version + 1, updated_at = ?, reason = ?
WHERE recipient_id = ? AND dispatch = ? AND version = ?;

-- name: find_statement
-- The leaf of a kept statement, and the dispatch it is kept for.
SELECT s.leaf, d.dispatch_id
FROM statements AS s JOIN dispatches AS d ON d.position = s.dispatch
WHERE s.statement_id = ?;

-- name: add_statement
INSERT INTO statements (leaf, statement_id, dispatch, agency_id, status_code, received_at, content)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: find_move
-- The version to which a statement moved a delivery.
SELECT version FROM moves WHERE statement = ? AND recipient_id = ?;

-- name: add_move
INSERT INTO moves (statement, recipient_id, dispatch, version) VALUES (?, ?, ?, ?);

-- name: find_refusal
-- The evidence of a refusal, as `evidence` rows are read.
SELECT e.evidence_id, r.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM refusals AS r JOIN evidence AS e ON e.leaf = r.evidence
WHERE r.sender_id = ? AND r.sha256 = ? AND r.reason = ?;

-- name: add_refusal
INSERT INTO refusals (sender_id, sha256, reason, dispatch_id, evidence) VALUES (?, ?, ?, ?, ?);

-- name: add_secret
-- The first one stands.
INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: count
-- Adds one to a counter and returns it.
UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value;
