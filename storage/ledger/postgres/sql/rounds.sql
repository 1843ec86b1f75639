-- name: known
-- Which of some digests (a JSON array) are named by a part or held for an owner.
SELECT w.digest FROM json_array_elements_text($1::json) AS w (digest)
WHERE EXISTS (SELECT 1 FROM parts WHERE sha256 = w.digest)
    OR EXISTS (SELECT 1 FROM holdings AS h WHERE h.digest = w.digest);

-- name: last_round
SELECT round FROM rounds ORDER BY number DESC LIMIT 1;

-- name: keep_round
INSERT INTO rounds (number, round) VALUES ($1, $2) ON CONFLICT (number) DO UPDATE SET round = excluded.round;
