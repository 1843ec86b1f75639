-- name: add_evidence
INSERT INTO evidence (leaf, evidence_id, dispatch, recipient_id, mailbox_id, event, issued_at, moved, version, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: committed_evidence
-- What the commit of a dispatch kept, in the order given.
SELECT e.evidence_id, d.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM dispatches AS d JOIN evidence AS e ON e.dispatch = d.position
WHERE d.dispatch_id = ? AND e.moved IS NULL AND e.version IS NULL
ORDER BY e.leaf;

-- name: moved_evidence
-- What a move of one delivery to one version kept, in the order given.
SELECT e.evidence_id, d.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM dispatches AS d JOIN evidence AS e ON e.dispatch = d.position
WHERE d.dispatch_id = ? AND e.moved = ? AND e.version = ?
ORDER BY e.leaf;

-- name: find_statements
-- The leaves of kept statements (a JSON array, each id in one of its own), and the dispatches that they are kept for; each
-- behind its number in that array from 0 on.
SELECT json_each.key, s.leaf, d.dispatch_id
FROM json_each(?)
CROSS JOIN statements AS s ON s.statement_id = json_extract(json_each.value, '$[0]')
CROSS JOIN dispatches AS d ON d.position = s.dispatch;

-- name: add_statement
INSERT INTO statements (
    leaf, statement_id, dispatch, agency_id, recipient_id, mailbox_id, status_code, received_at, content
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: last_sequence
-- The number of events that a dispatch has.
SELECT coalesce(max(sequence), 0) FROM events WHERE dispatch = ?;

-- name: last_ranks
-- How many events of a dispatch are about each of some mailboxes (a JSON array; '' for all): the rank of the last one.
SELECT mailbox_id, rank, max(sequence) FROM events
WHERE dispatch = ? AND mailbox_id IN (SELECT value FROM json_each(?))
GROUP BY mailbox_id;

-- name: add_event
INSERT INTO events (
    cursor, dispatch, sequence, mailbox_id, rank, kind, at, recipient_id, actor_id, delegate_id, status_code, reason,
    evidence_id, statement_id, related_id
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_stream
INSERT INTO streams (agency_id, cursor) VALUES (?, ?);

-- name: audience
-- The mailboxes that a dispatch went to.
SELECT DISTINCT mailbox_id FROM deliveries WHERE dispatch = ?;

-- name: history
-- A page of the events of a dispatch, oldest first.
SELECT
    e.cursor, :dispatch_id, e.sequence, e.kind, e.at, e.recipient_id, e.actor_id, e.delegate_id, e.status_code,
    e.reason, e.evidence_id, e.statement_id, e.related_id
FROM events AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id) AND e.sequence > :after
ORDER BY e.sequence
LIMIT :limit;

-- name: history_of_viewer
-- The same of what a mailbox sees; as many are passed over as were read.
SELECT
    e.cursor, :dispatch_id, e.sequence AS sequence, e.kind, e.at, e.recipient_id, e.actor_id, e.delegate_id,
    e.status_code, e.reason, e.evidence_id, e.statement_id, e.related_id
FROM events AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id) AND e.mailbox_id = ''
UNION ALL
SELECT
    e.cursor, :dispatch_id, e.sequence, e.kind, e.at, e.recipient_id, e.actor_id, e.delegate_id,
    e.status_code, e.reason, e.evidence_id, e.statement_id, e.related_id
FROM events AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.mailbox_id = :viewer
    AND :viewer <> ''
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
            AND o.mailbox_id = iif(e.mailbox_id = '', :agency_id, '')
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
SELECT coalesce(max(cursor), 0) FROM streams WHERE agency_id = ?;

-- name: last_event
SELECT coalesce(max(cursor), 0) FROM events;

-- name: audience_between
-- Who sees the events after one cursor up to another.
SELECT d.sender_id FROM events AS e JOIN dispatches AS d ON d.position = e.dispatch
WHERE e.cursor > :after AND e.cursor <= :last
UNION
SELECT e.mailbox_id FROM events AS e
WHERE e.cursor > :after AND e.cursor <= :last AND e.mailbox_id <> ''
UNION
SELECT l.mailbox_id FROM events AS e JOIN deliveries AS l ON l.dispatch = e.dispatch
WHERE e.cursor > :after AND e.cursor <= :last AND e.mailbox_id = '';

-- name: records
-- A page of the evidence and statements of a dispatch, in order of commit, from leaf `after` on. The events wanted are a
-- JSON array, null for all evidence and all statements.
SELECT
    e.leaf AS leaf, 'evidence', e.evidence_id, :dispatch_id, e.event, e.issued_at, e.content, e.recipient_id, NULL
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.leaf >= :after
    AND (:events IS NULL OR e.event IN (SELECT value FROM json_each(:events)))
UNION ALL
SELECT
    s.leaf, 'statement', s.statement_id, :dispatch_id, s.status_code, s.received_at, s.content, s.recipient_id,
    s.agency_id
FROM statements AS s
WHERE s.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND s.leaf >= :after
    AND :events IS NULL
ORDER BY leaf
LIMIT :limit;

-- name: records_of_viewer
-- The same of what a mailbox sees.
SELECT
    e.leaf AS leaf, 'evidence', e.evidence_id, :dispatch_id, e.event, e.issued_at, e.content, e.recipient_id, NULL
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.mailbox_id = ''
    AND e.leaf >= :after
    AND (:events IS NULL OR e.event IN (SELECT value FROM json_each(:events)))
UNION ALL
SELECT e.leaf, 'evidence', e.evidence_id, :dispatch_id, e.event, e.issued_at, e.content, e.recipient_id, NULL
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.mailbox_id = :viewer
    AND :viewer <> ''
    AND e.leaf >= :after
    AND (:events IS NULL OR e.event IN (SELECT value FROM json_each(:events)))
UNION ALL
SELECT
    s.leaf, 'statement', s.statement_id, :dispatch_id, s.status_code, s.received_at, s.content, s.recipient_id,
    s.agency_id
FROM statements AS s
WHERE s.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND s.mailbox_id = :viewer
    AND s.leaf >= :after
    AND :events IS NULL
ORDER BY leaf
LIMIT :limit;

-- name: records_of_recipient
-- The same of what speaks of a recipient or of all, as far as a mailbox sees it; null sees everything.
SELECT
    e.leaf AS leaf, 'evidence', e.evidence_id, :dispatch_id, e.event, e.issued_at, e.content, e.recipient_id, NULL
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.recipient_id = ''
    AND e.leaf >= :after
    AND (:events IS NULL OR e.event IN (SELECT value FROM json_each(:events)))
UNION ALL
SELECT e.leaf, 'evidence', e.evidence_id, :dispatch_id, e.event, e.issued_at, e.content, e.recipient_id, NULL
FROM evidence AS e
WHERE e.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND e.recipient_id = :recipient_id
    AND :recipient_id <> ''
    AND e.mailbox_id = coalesce(:viewer, e.mailbox_id)
    AND e.leaf >= :after
    AND (:events IS NULL OR e.event IN (SELECT value FROM json_each(:events)))
UNION ALL
SELECT
    s.leaf, 'statement', s.statement_id, :dispatch_id, s.status_code, s.received_at, s.content, s.recipient_id,
    s.agency_id
FROM statements AS s
WHERE s.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND s.recipient_id = :recipient_id
    AND s.mailbox_id = coalesce(:viewer, s.mailbox_id)
    AND s.leaf >= :after
    AND :events IS NULL
ORDER BY leaf
LIMIT :limit;
