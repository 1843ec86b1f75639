-- name: concerns
-- What an agency has to look after, the most urgent first: how many there are of each, as JSON, the concern, its delivery
-- and dispatch, and what was set aside. The same delivery as sender and as recipient is one.
WITH found (why, delivery, aside) AS (
    SELECT 'due_soon', place, 0 FROM deliveries WHERE mailbox_id = :agency_id AND due <= :soon
    UNION
    SELECT 'due_soon', place, 0 FROM deliveries WHERE sender_id = :agency_id AND due <= :soon
    UNION ALL
    SELECT 'question_open', place, 0 FROM deliveries WHERE mailbox_id = :agency_id AND question_kind IS NOT NULL
    UNION ALL
    SELECT 'set_aside', delivery, place FROM asides WHERE agency_id = :agency_id
    UNION ALL
    SELECT state, place, 0 FROM deliveries AS l
    WHERE sender_id = :agency_id AND state IN ('refused', 'expired') AND updated_at >= :since
        AND NOT EXISTS (
            -- A request (of kind 1 or 2) that was refused is a concern of the document that it asks for.
            SELECT 1 FROM dispatches AS p
            JOIN links AS k ON k.dispatch = p.position
            JOIN deliveries AS o ON o.dispatch = k.about AND o.recipient_id = l.recipient_id
            WHERE l.state = 'refused' AND p.position = l.dispatch AND p.kind IN (1, 2)
                AND o.question_refused_at >= l.accepted_at
        )
        AND NOT EXISTS (
            SELECT 1 FROM acknowledgements AS k
            WHERE k.delivery = l.place AND k.agency_id = l.sender_id AND k.version = l.version
        )
    UNION
    SELECT 'expired', place, 0 FROM deliveries AS l
    WHERE mailbox_id = :agency_id AND state = 'expired' AND updated_at >= :since
        AND NOT EXISTS (
            SELECT 1 FROM acknowledgements AS k
            WHERE k.delivery = l.place AND k.agency_id = l.mailbox_id AND k.version = l.version
        )
    UNION ALL
    SELECT 'question_refused', place, 0 FROM deliveries AS l
    WHERE sender_id = :agency_id AND question_refused_at >= :since AND state <> 'taken_back'
        AND NOT EXISTS (
            SELECT 1 FROM acknowledgements AS k
            WHERE k.delivery = l.place AND k.agency_id = l.sender_id AND k.version = l.version
        )
)
SELECT
    (SELECT json_object_agg(why, number) FROM (SELECT why, count(*) AS number FROM found GROUP BY why) AS k)::text,
    f.why, l.*, h.*, a.recipient_id, a.sequence, a.reason, a.at, a.certificate
FROM found AS f
JOIN standing AS l ON l.place = f.delivery
JOIN headers AS h ON h.position = l.dispatch
LEFT JOIN asides AS a ON a.place = f.aside
ORDER BY h.priority DESC, l.due NULLS LAST, f.delivery, f.why COLLATE "C", f.aside
LIMIT :limit;

-- name: concerns_of_all
-- The same for all agencies.
WITH found (why, delivery, aside) AS (
    SELECT 'due_soon', place, 0 FROM deliveries WHERE due <= :soon
    UNION ALL
    SELECT 'question_open', place, 0 FROM deliveries WHERE question_kind IS NOT NULL
    UNION ALL
    SELECT 'set_aside', delivery, place FROM asides
    UNION ALL
    SELECT state, place, 0 FROM deliveries AS l
    WHERE state IN ('refused', 'expired') AND updated_at >= :since
        AND NOT EXISTS (
            -- A request (of kind 1 or 2) that was refused is a concern of the document that it asks for.
            SELECT 1 FROM dispatches AS p
            JOIN links AS k ON k.dispatch = p.position
            JOIN deliveries AS o ON o.dispatch = k.about AND o.recipient_id = l.recipient_id
            WHERE l.state = 'refused' AND p.position = l.dispatch AND p.kind IN (1, 2)
                AND o.question_refused_at >= l.accepted_at
        )
        AND NOT EXISTS (
            SELECT 1 FROM acknowledgements AS k
            WHERE k.delivery = l.place AND k.agency_id = l.sender_id AND k.version = l.version
        )
    UNION ALL
    SELECT 'question_refused', place, 0 FROM deliveries AS l
    WHERE question_refused_at >= :since AND state <> 'taken_back'
        AND NOT EXISTS (
            SELECT 1 FROM acknowledgements AS k
            WHERE k.delivery = l.place AND k.agency_id = l.sender_id AND k.version = l.version
        )
)
SELECT
    (SELECT json_object_agg(why, number) FROM (SELECT why, count(*) AS number FROM found GROUP BY why) AS k)::text,
    f.why, l.*, h.*, a.recipient_id, a.sequence, a.reason, a.at, a.certificate
FROM found AS f
JOIN standing AS l ON l.place = f.delivery
JOIN headers AS h ON h.position = l.dispatch
LEFT JOIN asides AS a ON a.place = f.aside
ORDER BY h.priority DESC, l.due NULLS LAST, f.delivery, f.why COLLATE "C", f.aside
LIMIT :limit;

-- name: find_party
-- A delivery that an agency ($3) sent or receives, and the version it stands at.
SELECT place, version FROM deliveries
WHERE dispatch = (SELECT position FROM dispatches WHERE dispatch_id = $1)
    AND recipient_id = $2
    AND (sender_id = $3 OR mailbox_id = $3);

-- name: acknowledge
INSERT INTO acknowledgements (agency_id, delivery, version) VALUES ($1, $2, $3)
ON CONFLICT (agency_id, delivery) DO UPDATE SET version = excluded.version;

-- name: note_refused_question
-- The recipient ($2) of a dispatch refused what was asked of it at $3.
UPDATE deliveries SET question_refused_at = greatest(coalesce(question_refused_at, $3), $3)
WHERE dispatch = $1 AND recipient_id = $2;

-- name: tally
-- Deliveries by key: for each key first how many there are of dispatches and deliveries, answered, expired, done in time
-- and not, then how many deliveries are in each state. Days are those of +07:00.
WITH chosen AS (
    SELECT
        l.dispatch, l.recipient_id, l.mailbox_id, l.sender_id, l.priority, l.state, l.accepted_at, l.updated_at, d.kind, d.due_date
    FROM deliveries AS l JOIN dispatches AS d ON d.position = l.dispatch
    WHERE :mailbox_id::text IS NOT NULL
        AND l.mailbox_id = :mailbox_id AND l.accepted_at >= :since AND l.accepted_at < :until
        AND (:sender_id::text IS NULL OR l.sender_id = :sender_id)
    UNION ALL
    SELECT
        l.dispatch, l.recipient_id, l.mailbox_id, l.sender_id, l.priority, l.state, l.accepted_at, l.updated_at, d.kind, d.due_date
    FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
    WHERE :mailbox_id::text IS NULL AND :sender_id::text IS NOT NULL
        AND d.sender_id = :sender_id AND d.accepted_at >= :since AND d.accepted_at < :until
    UNION ALL
    SELECT
        l.dispatch, l.recipient_id, l.mailbox_id, l.sender_id, l.priority, l.state, l.accepted_at, l.updated_at, d.kind, d.due_date
    FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
    WHERE :mailbox_id::text IS NULL AND :sender_id::text IS NULL
        AND d.accepted_at >= :since AND d.accepted_at < :until
),
counted (period, agency_id, priority, kind, dispatch, state, punctual) AS MATERIALIZED (
    SELECT
        CASE :period::text
            WHEN 'day' THEN to_char(to_timestamp(c.accepted_at / 1000000 + 25200) AT TIME ZONE 'UTC', 'YYYY-MM-DD') COLLATE "C"
            WHEN 'month' THEN to_char(to_timestamp(c.accepted_at / 1000000 + 25200) AT TIME ZONE 'UTC', 'YYYY-MM') COLLATE "C"
            ELSE ''
        END,
        CASE :agency::text WHEN 'recipient' THEN c.recipient_id WHEN 'sender' THEN c.sender_id ELSE '' END,
        CASE WHEN :priority THEN c.priority ELSE -1 END,
        CASE WHEN :kind THEN c.kind ELSE -1 END,
        c.dispatch,
        c.state,
        CASE
            WHEN c.due_date = '' OR c.state IN ('refused', 'expired', 'taken_back') THEN NULL
            WHEN c.state = 'done' THEN c.due_date >= to_char(to_timestamp(coalesce((
                SELECT min(e.at) FROM events AS e
                WHERE e.dispatch = c.dispatch AND e.mailbox_id = c.mailbox_id
                    AND e.recipient_id = c.recipient_id AND e.status_code = '06'
            ), c.updated_at) / 1000000 + 25200) AT TIME ZONE 'UTC', 'YYYY-MM-DD')
            WHEN c.due_date < :today THEN false
        END
    FROM chosen AS c
)
SELECT
    period, agency_id, priority, kind, NULL::text AS state, count(*), count(DISTINCT dispatch),
    count(*) FILTER (WHERE state IN ('accepted', 'refused', 'in_process', 'done')), count(*) FILTER (WHERE state = 'expired'),
    count(*) FILTER (WHERE punctual), count(*) FILTER (WHERE NOT punctual)
FROM counted
GROUP BY period, agency_id, priority, kind
UNION ALL
SELECT period, agency_id, priority, kind, state, count(*), 0, 0, 0, 0, 0
FROM counted
GROUP BY period, agency_id, priority, kind, state
ORDER BY period, agency_id, priority, kind, state NULLS FIRST;
