-- name: heads
-- The highest numbers given so far: dispatch position, delivery place, event cursor, leaf (-1 when there is none). Whoever
-- reads them here is alone in writing until the end of its transaction.
SELECT dispatch, delivery, event, leaf FROM heads FOR UPDATE;

-- name: keep_heads
UPDATE heads SET dispatch = $1, delivery = $2, event = $3, leaf = $4;

-- name: tell
-- Tells the other nodes on a channel, once this transaction is committed.
SELECT pg_notify($1, $2);

-- name: add_leaf
INSERT INTO leaves (leaf, kind, hash) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[]);

-- name: leaves
-- A range of the log.
SELECT l.leaf, l.hash, l.kind, coalesce(e.evidence_id, s.statement_id)
FROM leaves AS l
LEFT JOIN evidence AS e ON e.leaf = l.leaf
LEFT JOIN statements AS s ON s.leaf = l.leaf
WHERE l.leaf >= $1
ORDER BY l.leaf
LIMIT $2;

-- name: logged
-- A range of the log with what was logged.
SELECT l.leaf, l.hash, coalesce(e.content, s.content)
FROM leaves AS l
LEFT JOIN evidence AS e ON e.leaf = l.leaf
LEFT JOIN statements AS s ON s.leaf = l.leaf
WHERE l.leaf >= $1
ORDER BY l.leaf
LIMIT $2;

-- name: leaf
-- The leaf of an evidence or a statement, by its id.
SELECT l.leaf, l.hash, l.kind, $1::text
FROM leaves AS l
WHERE l.leaf = coalesce(
    (SELECT leaf FROM evidence WHERE evidence_id = $1),
    (SELECT leaf FROM statements WHERE statement_id = $1)
);

-- name: log_size
SELECT leaf + 1 FROM heads;

-- name: add_node
INSERT INTO nodes (level, idx, hash) SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bytea[]);

-- name: nodes
-- The nodes wanted (a JSON array of level and index), in any order.
SELECT w.level, w.idx, coalesce(n.hash, l.hash)
FROM (SELECT (node ->> 0)::bigint AS level, (node ->> 1)::bigint AS idx FROM json_array_elements($1::json) AS node) AS w
LEFT JOIN nodes AS n ON n.level = w.level AND n.idx = w.idx
LEFT JOIN leaves AS l ON w.level = 0 AND l.leaf = w.idx
WHERE coalesce(n.hash, l.hash) IS NOT NULL;

-- name: add_checkpoint
-- The first one of a size stands, and none comes below the newest.
INSERT INTO checkpoints (size, note, at)
SELECT $1, $2, $3 WHERE $1 > coalesce((SELECT max(size) FROM checkpoints), -1);

-- name: newest_checkpoint
SELECT size, note, at FROM checkpoints ORDER BY size DESC LIMIT 1;

-- name: checkpoint_over
-- The first checkpoint of at least a size.
SELECT size, note, at FROM checkpoints WHERE size >= $1 ORDER BY size LIMIT 1;

-- name: add_cosignature
-- The newest word of a witness about a checkpoint stands.
INSERT INTO cosignatures (size, witness, line) VALUES ($1, $2, $3)
ON CONFLICT (size, witness) DO UPDATE SET line = excluded.line;

-- name: cosignatures
SELECT line FROM cosignatures WHERE size = $1 ORDER BY witness;

-- name: add_stamp
-- The first one of an authority stands.
INSERT INTO stamps (size, authority, token, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: stamps
SELECT authority, token, at FROM stamps WHERE size = $1 ORDER BY authority;

-- name: stamped_over
-- The first checkpoint of at least a size that an authority has stamped.
SELECT s.size FROM stamps AS s WHERE s.authority = $1 AND s.size >= $2 ORDER BY s.size LIMIT 1;

-- name: newest_stamp
-- The newest checkpoint that an authority has stamped.
SELECT coalesce(max(size), -1) FROM stamps WHERE authority = $1;

-- name: add_holding
-- The first note of a holding stands.
INSERT INTO holdings (owner, digest, size)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT DO NOTHING;

-- name: held
-- Which of some digests (a JSON array) an owner delivered.
SELECT digest, size FROM holdings
WHERE owner = $1 AND digest = ANY (ARRAY(SELECT json_array_elements_text($2::json)));

-- name: add_secret
-- The first one stands.
INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: secret
SELECT value FROM secrets WHERE name = $1;

-- name: count
-- Adds one to a counter and returns it.
UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value;

-- name: counter
SELECT value FROM counters WHERE name = $1;

-- name: written
-- How far the primary has written its log, in bytes.
SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint;

-- name: replayed
-- How far a standby has come in it; null for a server that is none.
SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint WHERE pg_is_in_recovery();
