-- name: add_act
INSERT INTO acts (place, at, kind) VALUES (?, ?, ?);

-- name: add_act_about
INSERT INTO act_abouts (about, place, ordinal) VALUES (?, ?, ?);

-- name: last_act
SELECT
    a.place, a.kind, e.evidence_id, e.event, e.issued_at, e.content,
    (
        SELECT json_group_array(about)
        FROM (SELECT about FROM act_abouts WHERE act_abouts.place = a.place ORDER BY ordinal)
    )
FROM acts AS a JOIN evidence AS e ON e.leaf = a.place - 1
WHERE a.kind = ?
ORDER BY a.place DESC LIMIT 1;

-- name: acts
-- In order of commit; what is empty or null is not asked for.
SELECT
    a.place, a.kind, e.evidence_id, e.event, e.issued_at, e.content,
    (
        SELECT json_group_array(about)
        FROM (SELECT about FROM act_abouts WHERE act_abouts.place = a.place ORDER BY ordinal)
    )
FROM acts AS a JOIN evidence AS e ON e.leaf = a.place - 1
WHERE a.place > :after
    AND (:kind = '' OR a.kind = :kind OR substr(a.kind, 1, length(:kind) + 1) = :kind || '.')
    AND (:about = '' OR EXISTS (SELECT 1 FROM act_abouts WHERE act_abouts.about = :about AND act_abouts.place = a.place))
    AND (:since IS NULL OR a.at >= :since)
    AND (:until IS NULL OR a.at < :until)
ORDER BY a.place LIMIT :limit;
