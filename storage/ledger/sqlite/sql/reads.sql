-- name: entry
SELECT * FROM entries WHERE dispatch_id = ?;

-- name: committed_evidence
-- What the commit of a dispatch kept, in the order given.
SELECT e.evidence_id, d.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM dispatches AS d JOIN evidence AS e ON e.dispatch = d.position
WHERE d.dispatch_id = ? AND e.moved IS NULL AND e.version IS NULL
ORDER BY e.leaf;

-- name: moved_evidence
-- What a move of one delivery to one version kept, in the order given.
SELECT e.evidence_id, d.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM dispatches AS d JOIN evidence AS e ON e.dispatch = d.position
WHERE d.dispatch_id = ? AND e.moved = ? AND e.version = ?
ORDER BY e.leaf;

-- name: delivery
SELECT d.dispatch_id, l.recipient_id, l.state, l.version, l.updated_at, l.reason
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = ? AND l.recipient_id = ?;

-- name: counts
-- How many deliveries of a dispatch are in each state.
SELECT l.state, count(*)
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = ?
GROUP BY l.state;

-- name: deliveries
-- A page of the deliveries of a dispatch, in the order of its recipients. The states wanted are a JSON array, null for all.
SELECT l.ordinal, d.dispatch_id, l.recipient_id, l.state, l.version, l.updated_at, l.reason
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = :dispatch_id
    AND l.ordinal >= :after
    AND (:states IS NULL OR l.state IN (SELECT value FROM json_each(:states)))
ORDER BY l.ordinal
LIMIT :limit;

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
-- A page of the events of a dispatch, oldest first.
SELECT
    e.cursor, :dispatch_id, e.sequence, e.kind, e.at, e.recipient_id, e.actor_id, e.status_code, e.reason,
    e.evidence_id, e.statement_id
FROM events AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id) AND e.sequence > :after
ORDER BY e.sequence
LIMIT :limit;

-- name: history_of_recipient
-- The same of what speaks of a recipient or of all; as many are passed over as were read.
SELECT
    e.cursor, :dispatch_id, e.sequence AS sequence, e.kind, e.at, e.recipient_id, e.actor_id, e.status_code, e.reason,
    e.evidence_id, e.statement_id
FROM events AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id) AND e.recipient_id = ''
UNION ALL
SELECT
    e.cursor, :dispatch_id, e.sequence, e.kind, e.at, e.recipient_id, e.actor_id, e.status_code, e.reason,
    e.evidence_id, e.statement_id
FROM events AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.recipient_id = :recipient_id
    AND :recipient_id <> ''
ORDER BY sequence
LIMIT :limit OFFSET :after;

-- name: records
-- A page of the evidence and statements of a dispatch, in order of commit, from leaf `after` on. The events wanted are a
-- JSON array, null for all evidence and all statements.
SELECT e.leaf AS leaf, 'evidence', e.evidence_id, :dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.leaf >= :after
    AND (:events IS NULL OR e.event IN (SELECT value FROM json_each(:events)))
UNION ALL
SELECT s.leaf, 'statement', s.statement_id, :dispatch_id, s.status_code, s.received_at, s.content, s.agency_id
FROM statements AS s
WHERE s.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND s.leaf >= :after
    AND :events IS NULL
ORDER BY leaf
LIMIT :limit;

-- name: records_of_recipient
-- The same of what speaks of a recipient or of all, and of its own statements.
SELECT e.leaf AS leaf, 'evidence', e.evidence_id, :dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.recipient_id = ''
    AND e.leaf >= :after
    AND (:events IS NULL OR e.event IN (SELECT value FROM json_each(:events)))
UNION ALL
SELECT e.leaf, 'evidence', e.evidence_id, :dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.recipient_id = :recipient_id
    AND :recipient_id <> ''
    AND e.leaf >= :after
    AND (:events IS NULL OR e.event IN (SELECT value FROM json_each(:events)))
UNION ALL
SELECT s.leaf, 'statement', s.statement_id, :dispatch_id, s.status_code, s.received_at, s.content, s.agency_id
FROM statements AS s
WHERE s.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND s.agency_id = :recipient_id
    AND s.leaf >= :after
    AND :events IS NULL
ORDER BY leaf
LIMIT :limit;

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
-- A page of an outbox: entries with how many deliveries are in each state, as JSON.
SELECT e.*, (
    SELECT json_group_object(state, number)
    FROM (SELECT state, count(*) AS number FROM deliveries WHERE deliveries.dispatch = e.position GROUP BY state)
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

-- name: secret
SELECT value FROM secrets WHERE name = ?;

-- name: counter
SELECT value FROM counters WHERE name = ?;
