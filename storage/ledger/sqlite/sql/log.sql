-- name: heads
-- The highest numbers given so far: dispatch position, delivery place, event cursor, leaf (-1 when there is none).
SELECT
    (SELECT coalesce(max(position), 0) FROM dispatches),
    (SELECT coalesce(max(place), 0) FROM deliveries),
    (SELECT coalesce(max(cursor), 0) FROM events),
    (SELECT coalesce(max(leaf), -1) FROM leaves);

-- name: add_leaf
INSERT INTO leaves (leaf, kind, hash) VALUES (?, ?, ?);

-- name: leaves
-- A range of the log.
SELECT l.leaf, l.hash, l.kind, coalesce(e.evidence_id, s.statement_id)
FROM leaves AS l
LEFT JOIN evidence AS e ON e.leaf = l.leaf
LEFT JOIN statements AS s ON s.leaf = l.leaf
WHERE l.leaf >= ?
ORDER BY l.leaf
LIMIT ?;

-- name: add_holding
-- The first note of a holding stands.
INSERT INTO holdings (owner, digest, size) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: held
-- Which of some digests (a JSON array) an owner delivered.
SELECT digest, size FROM holdings WHERE owner = ? AND digest IN (SELECT value FROM json_each(?));

-- name: add_secret
-- The first one stands.
INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: secret
SELECT value FROM secrets WHERE name = ?;

-- name: count
-- Adds one to a counter and returns it.
UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value;

-- name: counter
SELECT value FROM counters WHERE name = ?;
