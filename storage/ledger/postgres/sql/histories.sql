-- name: add_evidence
WITH said AS (
    INSERT INTO contents (leaf, at, content) SELECT * FROM unnest($1::bigint[], $7::bigint[], $10::bytea[])
)
INSERT INTO issued (leaf, evidence_id, dispatch, recipient_id, mailbox_id, event, issued_at, moved, version)
SELECT * FROM unnest(
    $1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::bigint[]
);

-- name: committed_evidence
-- What the commit of a dispatch kept, in the order given.
SELECT e.evidence_id, d.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM dispatches AS d JOIN evidence AS e ON e.dispatch = d.position
WHERE d.dispatch_id = $1 AND e.moved IS NULL AND e.version IS NULL
ORDER BY e.leaf;

-- name: moved_evidence
-- What a move of one delivery to one version kept, in the order given.
SELECT e.evidence_id, d.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM dispatches AS d JOIN evidence AS e ON e.dispatch = d.position
WHERE d.dispatch_id = $1 AND e.moved = $2 AND e.version = $3
ORDER BY e.leaf;

-- name: find_statements
-- The leaves of kept statements (a JSON array, each id in one of its own), and the dispatches that they are kept for; each
-- behind its number in that array from 0 on.
SELECT w.number - 1, s.leaf, s.dispatch_id
FROM json_array_elements($1::json) WITH ORDINALITY AS w (key, number)
CROSS JOIN LATERAL (
    SELECT t.leaf, d.dispatch_id
    FROM statements AS t JOIN dispatches AS d ON d.position = t.dispatch
    WHERE t.statement_id = w.key ->> 0
    LIMIT 1
) AS s;

-- name: add_statement
WITH said AS (
    INSERT INTO contents (leaf, at, content) SELECT * FROM unnest($1::bigint[], $8::bigint[], $9::bytea[])
)
INSERT INTO stated (leaf, statement_id, dispatch, agency_id, recipient_id, mailbox_id, status_code, received_at)
SELECT * FROM unnest(
    $1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[]
);

-- name: last_sequence
-- The number of events that a dispatch has.
SELECT coalesce(max(sequence), 0) FROM events WHERE dispatch = $1;

-- name: last_ranks
-- How many events of a dispatch are about each of some mailboxes (a JSON array; '' for all): the rank of the last one.
SELECT w.mailbox_id, e.rank, e.sequence
FROM json_array_elements_text($2::json) AS w (mailbox_id)
CROSS JOIN LATERAL (
    SELECT rank, sequence FROM events
    WHERE dispatch = $1 AND events.mailbox_id = w.mailbox_id
    ORDER BY sequence DESC
    LIMIT 1
) AS e;

-- name: add_event
INSERT INTO events (
    cursor, dispatch, sequence, mailbox_id, rank, kind, at, recipient_id, actor_id, delegate_id, status_code, reason,
    evidence_id, statement_id, related_id
)
SELECT * FROM unnest(
    $1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[]
);

-- name: add_stream
INSERT INTO streams (agency_id, cursor) SELECT * FROM unnest($1::text[], $2::bigint[]);

-- name: audience
-- The mailboxes that a dispatch went to.
SELECT DISTINCT mailbox_id FROM deliveries WHERE dispatch = $1;

-- name: history
-- A page of the events of a dispatch, oldest first.
SELECT
    e.cursor, :dispatch_id::text, e.sequence, e.kind, e.at, e.recipient_id, e.actor_id, e.delegate_id, e.status_code,
    e.reason, e.evidence_id, e.statement_id, e.related_id
FROM events AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id) AND e.sequence > :after
ORDER BY e.sequence
LIMIT :limit;

-- name: history_of_viewer
-- The same of what a mailbox sees; as many are passed over as were read.
SELECT
    e.cursor, :dispatch_id::text, e.sequence AS sequence, e.kind, e.at, e.recipient_id, e.actor_id, e.delegate_id,
    e.status_code, e.reason, e.evidence_id, e.statement_id, e.related_id
FROM events AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id) AND e.mailbox_id = ''
UNION ALL
SELECT
    e.cursor, :dispatch_id::text, e.sequence, e.kind, e.at, e.recipient_id, e.actor_id, e.delegate_id,
    e.status_code, e.reason, e.evidence_id, e.statement_id, e.related_id
FROM events AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.mailbox_id = :viewer
    AND :viewer::text <> ''
ORDER BY sequence
LIMIT :limit OFFSET :after;

-- name: stream
-- A page of what an agency sees of all dispatches, in order of commit. The sender counts all events of a dispatch, a
-- mailbox those that are about itself and about all: an event's rank, and that of the last one of the other sort before it.
SELECT
    e.cursor, h.dispatch_id,
    CASE WHEN h.sender_id = :agency_id THEN e.sequence ELSE e.rank + coalesce((
        SELECT o.rank FROM events AS o
        WHERE o.dispatch = e.dispatch
            AND o.mailbox_id = CASE WHEN e.mailbox_id = '' THEN :agency_id ELSE '' END
            AND o.sequence < e.sequence
        ORDER BY o.sequence DESC
        LIMIT 1
    ), 0) END,
    e.kind, e.at, e.recipient_id, e.actor_id, e.delegate_id, e.status_code, e.reason, e.evidence_id, e.statement_id,
    e.related_id, h.*
FROM streams AS s JOIN events AS e ON e.cursor = s.cursor JOIN headers AS h ON h.position = e.dispatch
WHERE s.agency_id = :agency_id AND s.cursor > :after
ORDER BY s.cursor
LIMIT :limit;

-- name: stream_end
SELECT coalesce(max(cursor), 0) FROM streams WHERE agency_id = $1;

-- name: records
-- A page of the evidence and statements of a dispatch, in order of commit, from leaf `after` on. The events wanted are a
-- JSON array, null for all evidence and all statements.
SELECT
    e.leaf AS leaf, 'evidence', e.evidence_id, :dispatch_id::text, e.event, e.issued_at, e.content, e.recipient_id, NULL::text AS agency_id
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.leaf >= :after
    AND (:events::json IS NULL OR e.event = ANY (ARRAY(SELECT json_array_elements_text(:events::json))))
UNION ALL
SELECT
    s.leaf, 'statement', s.statement_id, :dispatch_id::text, s.status_code, s.received_at, s.content, s.recipient_id,
    s.agency_id
FROM statements AS s
WHERE s.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND s.leaf >= :after
    AND :events::json IS NULL
ORDER BY leaf
LIMIT :limit;

-- name: records_of_viewer
-- The same of what a mailbox sees.
SELECT
    e.leaf AS leaf, 'evidence', e.evidence_id, :dispatch_id::text, e.event, e.issued_at, e.content, e.recipient_id, NULL::text AS agency_id
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.mailbox_id = ''
    AND e.leaf >= :after
    AND (:events::json IS NULL OR e.event = ANY (ARRAY(SELECT json_array_elements_text(:events::json))))
UNION ALL
SELECT e.leaf, 'evidence', e.evidence_id, :dispatch_id::text, e.event, e.issued_at, e.content, e.recipient_id, NULL::text AS agency_id
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.mailbox_id = :viewer
    AND :viewer::text <> ''
    AND e.leaf >= :after
    AND (:events::json IS NULL OR e.event = ANY (ARRAY(SELECT json_array_elements_text(:events::json))))
UNION ALL
SELECT
    s.leaf, 'statement', s.statement_id, :dispatch_id::text, s.status_code, s.received_at, s.content, s.recipient_id,
    s.agency_id
FROM statements AS s
WHERE s.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND s.mailbox_id = :viewer
    AND s.leaf >= :after
    AND :events::json IS NULL
ORDER BY leaf
LIMIT :limit;

-- name: records_of_recipient
-- The same of what speaks of a recipient or of all, as far as a mailbox sees it; null sees everything.
SELECT
    e.leaf AS leaf, 'evidence', e.evidence_id, :dispatch_id::text, e.event, e.issued_at, e.content, e.recipient_id, NULL::text AS agency_id
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.recipient_id = ''
    AND e.leaf >= :after
    AND (:events::json IS NULL OR e.event = ANY (ARRAY(SELECT json_array_elements_text(:events::json))))
UNION ALL
SELECT e.leaf, 'evidence', e.evidence_id, :dispatch_id::text, e.event, e.issued_at, e.content, e.recipient_id, NULL::text AS agency_id
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.recipient_id = :recipient_id
    AND :recipient_id::text <> ''
    AND e.mailbox_id = coalesce(:viewer::text, e.mailbox_id)
    AND e.leaf >= :after
    AND (:events::json IS NULL OR e.event = ANY (ARRAY(SELECT json_array_elements_text(:events::json))))
UNION ALL
SELECT
    s.leaf, 'statement', s.statement_id, :dispatch_id::text, s.status_code, s.received_at, s.content, s.recipient_id,
    s.agency_id
FROM statements AS s
WHERE s.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND s.recipient_id = :recipient_id
    AND s.mailbox_id = coalesce(:viewer::text, s.mailbox_id)
    AND s.leaf >= :after
    AND :events::json IS NULL
ORDER BY leaf
LIMIT :limit;
