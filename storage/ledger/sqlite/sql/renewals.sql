-- name: covered
-- A range of the log with what was logged, and the files of a dispatch with the first evidence of it.
SELECT
    l.leaf,
    coalesce(e.content, s.content),
    CASE
        WHEN e.leaf = (SELECT min(f.leaf) FROM evidence AS f WHERE f.dispatch = e.dispatch)
            AND NOT EXISTS (SELECT 1 FROM disposed AS d WHERE d.dispatch = e.dispatch)
        THEN (
            SELECT json_group_array(sha256)
            FROM (SELECT sha256 FROM parts WHERE dispatch = e.dispatch AND inline = 0 ORDER BY number)
        )
    END
FROM leaves AS l
LEFT JOIN evidence AS e ON e.leaf = l.leaf
LEFT JOIN statements AS s ON s.leaf = l.leaf
WHERE l.leaf >= ?
ORDER BY l.leaf
LIMIT ?;

-- name: volumes
SELECT volume FROM volumes ORDER BY number;

-- name: volume
SELECT volume FROM volumes WHERE number = ?;

-- name: last_volume
SELECT volume FROM volumes ORDER BY number DESC LIMIT 1;

-- name: keep_volume
INSERT INTO volumes (number, volume) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET volume = excluded.volume;

-- name: volume_block
SELECT root, groups FROM volume_blocks WHERE volume = ? AND chain = ? AND number = ?;

-- name: volume_roots
SELECT root FROM volume_blocks WHERE volume = ? AND chain = ? ORDER BY number;

-- name: add_volume_block
INSERT INTO volume_blocks (volume, chain, number, root, groups) VALUES (?, ?, ?, ?, ?);
