-- name: grown_to
SELECT start FROM growing WHERE id = 1;

-- name: to_grow
-- Evidence from a leaf on.
SELECT leaf, evidence_id, event, issued_at, content FROM evidence WHERE leaf >= $1 ORDER BY leaf LIMIT $2;

-- name: take_turn
-- Gives a row when the turn is the holder's now.
INSERT INTO growing (id, start, holder, until) VALUES (1, 0, $1::text, $2::bigint)
ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE growing.holder = excluded.holder OR growing.until <= $3::bigint
RETURNING start;

-- name: keep_grown_to
INSERT INTO growing (id, start, holder, until) VALUES (1, $1::bigint, '', 0)
ON CONFLICT (id) DO UPDATE SET start = greatest(growing.start, excluded.start);

-- name: add_seal_stamp
-- The first one stands.
INSERT INTO seal_stamps (evidence_id, authority, token, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: seal_stamp
SELECT authority, token, at FROM seal_stamps WHERE evidence_id = $1;
