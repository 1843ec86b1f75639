-- name: entry
SELECT * FROM entries WHERE dispatch_id = ?;

-- name: committed_evidence
-- What the commit of a dispatch kept, in the order given.
SELECT e.evidence_id, d.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM dispatches AS d JOIN evidence AS e ON e.dispatch = d.position
WHERE d.dispatch_id = ? AND e.version IS NULL
ORDER BY e.leaf;

-- name: moved_evidence
-- What a move of one delivery to one version kept, in the order given.
SELECT e.evidence_id, d.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM dispatches AS d JOIN evidence AS e ON e.dispatch = d.position
WHERE d.dispatch_id = ? AND e.moved = ? AND e.version = ?
ORDER BY e.leaf;

-- name: evidence
-- All evidence of a dispatch, in order of commit.
SELECT e.evidence_id, d.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM dispatches AS d JOIN evidence AS e ON e.dispatch = d.position
WHERE d.dispatch_id = ?
ORDER BY e.leaf;

-- name: delivery
SELECT d.dispatch_id, l.recipient_id, l.state, l.version, l.updated_at, l.reason
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = ? AND l.recipient_id = ?;

-- name: deliveries
-- All deliveries of a dispatch, in the order of its recipients.
SELECT d.dispatch_id, l.recipient_id, l.state, l.version, l.updated_at, l.reason
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = ?
ORDER BY l.ordinal;

-- name: moved
-- The first delivery that a statement moved, as it stands now, and the version it was moved to.
SELECT m.version, d.dispatch_id, l.recipient_id, l.state, l.version, l.updated_at, l.reason
FROM statements AS s
JOIN moves AS m ON m.statement = s.leaf
JOIN deliveries AS l ON l.recipient_id = m.recipient_id AND l.dispatch = m.dispatch
JOIN dispatches AS d ON d.position = m.dispatch
WHERE s.statement_id = ?
ORDER BY l.ordinal
LIMIT 1;

-- name: history
-- The events of a dispatch, oldest first.
SELECT
    e.cursor, d.dispatch_id, e.sequence, e.kind, e.at, e.recipient_id, e.actor_id, e.status_code, e.reason,
    e.evidence_id, e.statement_id
FROM dispatches AS d JOIN events AS e ON e.dispatch = d.position
WHERE d.dispatch_id = ?
ORDER BY e.sequence;

-- name: statements
-- All statements about a dispatch, in order of commit.
SELECT s.statement_id, d.dispatch_id, s.agency_id, s.status_code, s.received_at, s.content
FROM dispatches AS d JOIN statements AS s ON s.dispatch = d.position
WHERE d.dispatch_id = ?
ORDER BY s.leaf;

-- name: inbox
-- A page of an inbox: entries with the state of the recipient's delivery. The states wanted are a JSON array, null for all.
SELECT e.*, l.state, l.version, l.updated_at, l.reason
FROM deliveries AS l JOIN entries AS e ON e.position = l.dispatch
WHERE l.recipient_id = :recipient_id
    AND l.dispatch > :after
    AND (:states IS NULL OR l.state IN (SELECT value FROM json_each(:states)))
ORDER BY l.dispatch
LIMIT :limit;

-- name: outbox
-- A page of an outbox: entries with the state of every delivery as JSON.
SELECT e.*, (
    SELECT json_group_array(json_array(recipient_id, state, version, updated_at, reason))
    FROM (SELECT * FROM deliveries WHERE deliveries.dispatch = e.position ORDER BY ordinal)
)
FROM entries AS e
WHERE e.sender_id = :sender_id AND e.position > :after
ORDER BY e.position
LIMIT :limit;

-- name: held
-- Which of some digests (a JSON array) an owner delivered.
SELECT digest, size FROM holdings WHERE owner = ? AND digest IN (SELECT value FROM json_each(?));

-- name: leaves
-- A range of the log.
SELECT l.leaf, l.hash, l.kind, coalesce(e.evidence_id, s.statement_id)
FROM leaves AS l
LEFT JOIN evidence AS e ON e.leaf = l.leaf
LEFT JOIN statements AS s ON s.leaf = l.leaf
WHERE l.leaf >= ?
ORDER BY l.leaf
LIMIT ?;

-- name: counter
SELECT value FROM counters WHERE name = ?;
