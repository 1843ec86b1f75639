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

-- name: logged
-- A range of the log with what was logged.
SELECT l.leaf, l.hash, coalesce(e.content, s.content)
FROM leaves AS l
LEFT JOIN evidence AS e ON e.leaf = l.leaf
LEFT JOIN statements AS s ON s.leaf = l.leaf
WHERE l.leaf >= ?
ORDER BY l.leaf
LIMIT ?;

-- name: leaf
-- The leaf of an evidence or a statement, by its id.
SELECT l.leaf, l.hash, l.kind, ?1
FROM leaves AS l
WHERE l.leaf = coalesce(
    (SELECT leaf FROM evidence WHERE evidence_id = ?1),
    (SELECT leaf FROM statements WHERE statement_id = ?1)
);

-- name: log_size
SELECT coalesce(max(leaf), -1) + 1 FROM leaves;

-- name: tree_size
-- Leaves over which the tree stands complete.
SELECT value FROM counters WHERE name = 'tree';

-- name: keep_tree_size
UPDATE counters SET value = ? WHERE name = 'tree';

-- name: leaf_hashes
SELECT hash FROM leaves WHERE leaf >= ? ORDER BY leaf LIMIT ?;

-- name: add_node
INSERT INTO nodes (level, idx, hash) VALUES (?, ?, ?);

-- name: nodes
-- The nodes wanted (a JSON array of level and index), in any order.
SELECT w.value ->> 0, w.value ->> 1, coalesce(n.hash, l.hash)
FROM json_each(?) AS w
LEFT JOIN nodes AS n ON n.level = w.value ->> 0 AND n.idx = w.value ->> 1
LEFT JOIN leaves AS l ON w.value ->> 0 = 0 AND l.leaf = w.value ->> 1
WHERE coalesce(n.hash, l.hash) IS NOT NULL;

-- name: add_checkpoint
-- The first one of a size stands, and none comes below the newest.
INSERT INTO checkpoints (size, note, at)
SELECT ?1, ?2, ?3 WHERE ?1 > coalesce((SELECT max(size) FROM checkpoints), -1);

-- name: newest_checkpoint
SELECT size, note, at FROM checkpoints ORDER BY size DESC LIMIT 1;

-- name: checkpoint_over
-- The first checkpoint of at least a size.
SELECT size, note, at FROM checkpoints WHERE size >= ? ORDER BY size LIMIT 1;

-- name: add_cosignature
-- The newest word of a witness about a checkpoint stands.
INSERT INTO cosignatures (size, witness, line) VALUES (?, ?, ?)
ON CONFLICT (size, witness) DO UPDATE SET line = excluded.line;

-- name: cosignatures
SELECT line FROM cosignatures WHERE size = ? ORDER BY witness;

-- name: add_stamp
-- The first one of an authority stands.
INSERT INTO stamps (size, authority, token, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: stamps
SELECT authority, token, at FROM stamps WHERE size = ? ORDER BY authority;

-- name: stamped_over
-- The first checkpoint of at least a size that an authority has stamped.
SELECT s.size FROM stamps AS s WHERE s.authority = ? AND s.size >= ? ORDER BY s.size LIMIT 1;

-- name: newest_stamp
-- The newest checkpoint that an authority has stamped.
SELECT coalesce(max(size), -1) FROM stamps WHERE authority = ?;

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
