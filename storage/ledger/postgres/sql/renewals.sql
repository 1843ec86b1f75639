-- name: covered
-- A range of the log with what was logged, and the files of a dispatch with the first evidence of it.
SELECT
    l.leaf,
    coalesce(e.content, s.content),
    CASE
        WHEN e.leaf = (SELECT min(f.leaf) FROM evidence AS f WHERE f.dispatch = e.dispatch)
            AND NOT EXISTS (SELECT 1 FROM disposed AS d WHERE d.dispatch = e.dispatch)
        THEN (
            SELECT json_agg(sha256)::text
            FROM (SELECT sha256 FROM parts WHERE dispatch = e.dispatch AND NOT inline ORDER BY number) AS named
        )
    END
FROM leaves AS l
LEFT JOIN evidence AS e ON e.leaf = l.leaf
LEFT JOIN statements AS s ON s.leaf = l.leaf
WHERE l.leaf >= $1
ORDER BY l.leaf
LIMIT $2;

-- name: volumes
SELECT volume FROM volumes ORDER BY number;

-- name: volume
SELECT volume FROM volumes WHERE number = $1;

-- name: last_volume
SELECT volume FROM volumes ORDER BY number DESC LIMIT 1;

-- name: keep_volume
INSERT INTO volumes (number, volume) VALUES ($1, $2) ON CONFLICT (number) DO UPDATE SET volume = excluded.volume;

-- name: volume_block
SELECT root, groups FROM volume_blocks WHERE volume = $1 AND chain = $2 AND number = $3;

-- name: volume_roots
SELECT root FROM volume_blocks WHERE volume = $1 AND chain = $2 ORDER BY number;

-- name: add_volume_block
INSERT INTO volume_blocks (volume, chain, number, root, groups) VALUES ($1, $2, $3, $4, $5);
