-- What the catalogue reads in the ledger, and what is asked of both: the catalogue stands beside, as `catalogue`.

-- name: delivery_at
-- Whose delivery stands at a place.
SELECT d.dispatch_id, l.recipient_id
FROM deliveries AS l JOIN dispatches AS d ON d.position = l.dispatch
WHERE l.place = ?;

-- name: deliveries_after
-- Which deliveries were committed behind a place, in order.
SELECT place, dispatch FROM deliveries WHERE place > ? ORDER BY place LIMIT ?;

-- name: entries_at
-- Dispatches by position (a JSON array).
SELECT e.* FROM json_each(?) AS w JOIN entries AS e ON e.position = w.value;

-- name: parties_at
-- To whom the dispatches at some positions (a JSON array) went.
SELECT l.dispatch, l.recipient_id, l.mailbox_id
FROM json_each(?) AS w JOIN deliveries AS l ON l.dispatch = w.value;

-- name: latest_delivery
SELECT coalesce(max(place), 0) FROM deliveries;

-- name: search
-- Candidates by position, the newest first or the oldest, each with its dispatch and where that stands now, if it fits.
WITH candidates (position, rank) AS MATERIALIZED (
    SELECT * FROM (
        SELECT rowid, -rowid FROM catalogue.documents
        WHERE :newest AND documents MATCH :match AND rowid < :bound
        ORDER BY rowid DESC
        LIMIT :most
    )
    UNION ALL
    SELECT * FROM (
        SELECT rowid, rowid FROM catalogue.documents
        WHERE NOT :newest AND documents MATCH :match AND rowid > :bound
        ORDER BY rowid
        LIMIT :most
    )
)
SELECT
    c.position,
    CASE WHEN d.position IS NOT NULL THEN (
        SELECT json_group_object(state, number)
        FROM (
            SELECT l.state, count(*) AS number FROM deliveries AS l
            WHERE l.dispatch = d.position
                AND ((:sent AND d.sender_id = :viewer) OR (:received AND l.mailbox_id = :viewer))
            GROUP BY l.state
        )
    ) END,
    d.position, d.dispatch_id, d.sender_id, d.sender_name, d.document_id, d.kind, d.code_number, d.code_notation,
    d.subject, d.priority, d.promulgation_date, d.due_date, d.accepted_at, d.warnings, '[]'
FROM candidates AS c LEFT JOIN dispatches AS d ON d.position = c.position
    AND (:since IS NULL OR d.accepted_at >= :since)
    AND (:until IS NULL OR d.accepted_at < :until)
    AND (:first = '' OR d.promulgation_date >= :first)
    AND (:last = '' OR (d.promulgation_date <> '' AND d.promulgation_date <= :last))
    AND EXISTS (
        SELECT 1 FROM deliveries AS l
        WHERE l.dispatch = d.position
            AND ((:sent AND d.sender_id = :viewer) OR (:received AND l.mailbox_id = :viewer))
            AND (:recipient_id = '' OR l.recipient_id = :recipient_id)
            AND (:states IS NULL OR l.state IN (SELECT value FROM json_each(:states)))
    )
ORDER BY c.rank;

-- name: search_facets
-- What facets are counted by, of each of the newest candidates; nulls of those that do not fit.
WITH candidates (position) AS MATERIALIZED (
    SELECT rowid FROM catalogue.documents WHERE documents MATCH :match ORDER BY rowid DESC LIMIT :most
)
SELECT d.accepted_at, d.sender_id, d.kind, d.priority
FROM candidates AS c LEFT JOIN dispatches AS d ON d.position = c.position
    AND (:since IS NULL OR d.accepted_at >= :since)
    AND (:until IS NULL OR d.accepted_at < :until)
    AND (:first = '' OR d.promulgation_date >= :first)
    AND (:last = '' OR (d.promulgation_date <> '' AND d.promulgation_date <= :last))
    AND EXISTS (
        SELECT 1 FROM deliveries AS l
        WHERE l.dispatch = d.position
            AND ((:sent AND d.sender_id = :viewer) OR (:received AND l.mailbox_id = :viewer))
            AND (:recipient_id = '' OR l.recipient_id = :recipient_id)
            AND (:states IS NULL OR l.state IN (SELECT value FROM json_each(:states)))
    );
