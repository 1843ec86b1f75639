-- name: known
-- Which of some digests (a JSON array) are named by a part of what was not disposed of, or held for an owner.
SELECT w.value FROM json_each(?) AS w
WHERE EXISTS (
    SELECT 1 FROM parts AS p
    WHERE p.sha256 = w.value AND NOT EXISTS (SELECT 1 FROM disposed AS d WHERE d.dispatch = p.dispatch)
) OR EXISTS (SELECT 1 FROM holdings WHERE digest = w.value);

-- name: last_round
SELECT round FROM rounds ORDER BY number DESC LIMIT 1;

-- name: keep_round
INSERT INTO rounds (number, round) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET round = excluded.round;
