-- name: grown_to
SELECT start FROM growing WHERE id = 1;

-- name: to_grow
-- Evidence from a leaf on.
SELECT leaf, evidence_id, event, issued_at, content FROM evidence WHERE leaf >= ? ORDER BY leaf LIMIT ?;

-- name: take_turn
-- Gives a row when the turn is the holder's now.
INSERT INTO growing (id, start, holder, until) VALUES (1, 0, ?1, ?2)
ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE growing.holder = excluded.holder OR growing.until <= ?3
RETURNING start;

-- name: keep_grown_to
INSERT INTO growing (id, start, holder, until) VALUES (1, ?, '', 0)
ON CONFLICT (id) DO UPDATE SET start = max(growing.start, excluded.start);

-- name: add_seal_stamp
-- The first one stands.
INSERT INTO seal_stamps (evidence_id, authority, token, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: seal_stamp
SELECT authority, token, at FROM seal_stamps WHERE evidence_id = ?;
