-- name: add_act
INSERT INTO acts (place, at, kind) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[]);

-- name: add_act_about
INSERT INTO act_abouts (about, place, ordinal) SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[]);

-- name: last_act
SELECT
    a.place, a.kind, e.evidence_id, e.event, e.issued_at, e.content,
    (
        SELECT coalesce(json_agg(o.about ORDER BY o.ordinal), '[]'::json)::text
        FROM act_abouts AS o WHERE o.place = a.place
    )
FROM acts AS a JOIN evidence AS e ON e.leaf = a.place - 1
WHERE a.kind = $1
ORDER BY a.place DESC LIMIT 1;

-- name: acts
-- In order of commit; what is empty or null is not asked for.
SELECT
    a.place, a.kind, e.evidence_id, e.event, e.issued_at, e.content,
    (
        SELECT coalesce(json_agg(o.about ORDER BY o.ordinal), '[]'::json)::text
        FROM act_abouts AS o WHERE o.place = a.place
    )
FROM acts AS a JOIN evidence AS e ON e.leaf = a.place - 1
WHERE a.place > :after
    AND (:kind::text = '' OR a.kind = :kind OR starts_with(a.kind, :kind || '.'))
    AND (:about::text = '' OR EXISTS (SELECT 1 FROM act_abouts AS o WHERE o.about = :about AND o.place = a.place))
    AND (:since::bigint IS NULL OR a.at >= :since)
    AND (:until::bigint IS NULL OR a.at < :until)
ORDER BY a.place LIMIT :limit;
