-- name: known
-- Which of some digests (a JSON array) are named by a part or held for an owner.
SELECT w.value FROM json_each(?) AS w
WHERE EXISTS (SELECT 1 FROM parts WHERE sha256 = w.value) OR EXISTS (SELECT 1 FROM holdings WHERE digest = w.value);

-- name: last_round
SELECT round FROM rounds ORDER BY number DESC LIMIT 1;

-- name: keep_round
INSERT INTO rounds (number, round) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET round = excluded.round;
