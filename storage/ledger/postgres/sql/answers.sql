-- name: answer_of_place
SELECT sha256 FROM answered WHERE place = $1;

-- name: add_answer
-- One that was dropped or superseded may come again.
INSERT INTO answers (sha256, kind, content) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO UPDATE SET superseded_at = NULL;

-- name: supersede_answer
UPDATE answers SET superseded_at = $1 WHERE sha256 = $2;

-- name: keep_answered
INSERT INTO answered (place, sha256, asked_at, version)
VALUES ($1, $2, $3, (SELECT coalesce(max(version), 0) + 1 FROM answered))
ON CONFLICT (place) DO UPDATE
SET sha256 = excluded.sha256, asked_at = excluded.asked_at, version = excluded.version;

-- name: drop_answers
-- What was superseded before then, but for what something was judged by.
DELETE FROM answers
WHERE superseded_at < $1
    AND NOT EXISTS (SELECT 1 FROM answered AS a WHERE a.sha256 = answers.sha256)
    AND NOT EXISTS (SELECT 1 FROM judged_by AS j WHERE j.sha256 = answers.sha256);

-- name: answered
SELECT a.place, a.asked_at, a.version, k.kind, k.content
FROM answered AS a
JOIN answers AS k ON k.sha256 = a.sha256
WHERE a.version > $1
ORDER BY a.version;

-- name: add_judged_by
INSERT INTO judged_by (dispatch, sha256)
SELECT * FROM unnest($1::bigint[], $2::text[])
ON CONFLICT DO NOTHING;

-- name: judged_by
SELECT k.kind, k.content
FROM dispatches AS d
JOIN judged_by AS j ON j.dispatch = d.position
JOIN answers AS k ON k.sha256 = j.sha256
WHERE d.dispatch_id = $1
ORDER BY k.kind, k.sha256;
