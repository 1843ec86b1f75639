-- What the catalogue reads in the ledger, what it keeps, and what is asked of both.

-- name: catalogued
-- How far the catalogue has come: its form, the place of the last delivery, when the newest dispatch was accepted.
SELECT form, place, accepted_at FROM catalogued;

-- name: lock_catalogued
-- The same, alone until the end of the transaction.
SELECT form, place, accepted_at FROM catalogued FOR UPDATE;

-- name: keep_catalogued
UPDATE catalogued SET form = $1, place = $2, accepted_at = $3;

-- name: empty_catalogue
DELETE FROM catalogue;

-- name: catalogue
INSERT INTO catalogue (position, words)
SELECT w.position, w.words::tsvector FROM unnest($1::bigint[], $2::text[]) AS w (position, words)
ON CONFLICT (position) DO UPDATE SET words = excluded.words;

-- name: deliveries_after
-- Which deliveries were committed behind a place, in order.
SELECT place, dispatch FROM deliveries WHERE place > $1 ORDER BY place LIMIT $2;

-- name: entries_at
-- Dispatches by position (a JSON array).
SELECT * FROM entries
WHERE position = ANY (ARRAY(SELECT json_array_elements_text($1::json)::bigint));

-- name: parties_at
-- To whom the dispatches at some positions (a JSON array) went.
SELECT dispatch, recipient_id, mailbox_id FROM deliveries
WHERE dispatch = ANY (ARRAY(SELECT json_array_elements_text($1::json)::bigint));

-- name: latest_delivery
SELECT delivery FROM heads;

-- name: search
-- Candidates by position, the newest first or the oldest, each with its dispatch and where that stands now, if it fits.
WITH candidates (position, rank) AS MATERIALIZED (
    SELECT * FROM (
        SELECT position, -position FROM catalogue
        WHERE :newest::boolean AND words @@ :match::tsquery AND position < :bound
        ORDER BY position DESC
        LIMIT :most
    ) AS s
    UNION ALL
    SELECT * FROM (
        SELECT position, position FROM catalogue
        WHERE NOT :newest::boolean AND words @@ :match::tsquery AND position > :bound
        ORDER BY position
        LIMIT :most
    ) AS s
)
SELECT
    c.position,
    CASE WHEN d.position IS NOT NULL THEN (
        SELECT json_object_agg(state, number)::text
        FROM (
            SELECT l.state, count(*) AS number FROM deliveries AS l
            WHERE l.dispatch = d.position
                AND ((:sent::boolean AND d.sender_id = :viewer) OR (:received::boolean AND l.mailbox_id = :viewer))
            GROUP BY l.state
        ) AS s
    ) END,
    d.position, d.dispatch_id, d.sender_id, d.sender_name, d.document_id, d.kind, d.code_number, d.code_notation,
    d.subject, d.priority, d.promulgation_date, d.due_date, d.accepted_at, d.warnings, '[]'
FROM candidates AS c LEFT JOIN dispatches AS d ON d.position = c.position
    AND (:since::bigint IS NULL OR d.accepted_at >= :since::bigint)
    AND (:until::bigint IS NULL OR d.accepted_at < :until::bigint)
    AND (:first::text = '' OR d.promulgation_date >= :first::text)
    AND (:last::text = '' OR (d.promulgation_date <> '' AND d.promulgation_date <= :last::text))
    AND EXISTS (
        SELECT 1 FROM deliveries AS l
        WHERE l.dispatch = d.position
            AND ((:sent::boolean AND d.sender_id = :viewer) OR (:received::boolean AND l.mailbox_id = :viewer))
            AND (:recipient_id::text = '' OR l.recipient_id = :recipient_id::text)
            AND (:states::json IS NULL OR l.state = ANY (ARRAY(SELECT json_array_elements_text(:states::json))))
    )
ORDER BY c.rank;

-- name: search_facets
-- What facets are counted by, of each of the newest candidates; nulls of those that do not fit.
WITH candidates (position) AS MATERIALIZED (
    SELECT position FROM catalogue WHERE words @@ :match::tsquery ORDER BY position DESC LIMIT :most
)
SELECT d.accepted_at, d.sender_id, d.kind, d.priority
FROM candidates AS c LEFT JOIN dispatches AS d ON d.position = c.position
    AND (:since::bigint IS NULL OR d.accepted_at >= :since::bigint)
    AND (:until::bigint IS NULL OR d.accepted_at < :until::bigint)
    AND (:first::text = '' OR d.promulgation_date >= :first::text)
    AND (:last::text = '' OR (d.promulgation_date <> '' AND d.promulgation_date <= :last::text))
    AND EXISTS (
        SELECT 1 FROM deliveries AS l
        WHERE l.dispatch = d.position
            AND ((:sent::boolean AND d.sender_id = :viewer) OR (:received::boolean AND l.mailbox_id = :viewer))
            AND (:recipient_id::text = '' OR l.recipient_id = :recipient_id::text)
            AND (:states::json IS NULL OR l.state = ANY (ARRAY(SELECT json_array_elements_text(:states::json))))
    );
