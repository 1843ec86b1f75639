-- name: known
-- Which of some digests (a JSON array) are named by a part of what was not disposed of, or held for an owner.
SELECT w.digest FROM json_array_elements_text($1::json) AS w (digest)
WHERE EXISTS (
        SELECT 1 FROM parts AS p
        WHERE p.sha256 = w.digest AND NOT EXISTS (SELECT 1 FROM disposed AS d WHERE d.dispatch = p.dispatch)
    )
    OR EXISTS (SELECT 1 FROM holdings AS h WHERE h.digest = w.digest);

-- name: last_round
SELECT round FROM rounds ORDER BY number DESC LIMIT 1;

-- name: keep_round
INSERT INTO rounds (number, round) VALUES ($1, $2) ON CONFLICT (number) DO UPDATE SET round = excluded.round;
