-- name: add_dispatch
-- Adds a dispatch unless its id, or its document id as a new document of the sender, is known; no row changes then.
INSERT INTO dispatches (
    position, dispatch_id, sender_id, sender_name, document_id, kind, code_number, code_notation,
    subject, priority, promulgation_date, due_date, accepted_at, warnings
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: add_part
INSERT INTO parts (dispatch, number, identifier, name, content_type, sha256, size, inline)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_link
INSERT INTO links (dispatch, about) VALUES (?, ?);

-- name: find_dispatch
-- What is needed to write about a dispatch.
SELECT position, sender_id, accepted_at, priority FROM dispatches WHERE dispatch_id = ?;

-- name: entry
SELECT * FROM entries WHERE dispatch_id = ?;

-- name: all_entries
-- A page of the dispatches of all senders.
SELECT * FROM entries WHERE position > :after ORDER BY position LIMIT :limit;

-- name: find_document
-- The dispatch that holds a document id of a sender.
SELECT dispatch_id FROM dispatches WHERE sender_id = ? AND document_id = ? AND kind = 0 AND document_id <> '';

-- name: thread
-- The newest dispatches by which a sender used a document id, newest first.
SELECT * FROM headers
WHERE sender_id = ? AND document_id = ? AND document_id <> ''
ORDER BY position DESC
LIMIT 100;

-- name: links
-- The newest dispatches that a dispatch is about, and the newest that are about it; read from the newest on.
SELECT * FROM (
    SELECT o.dispatch_id, o.kind, 1 AS later
    FROM links AS k JOIN dispatches AS o ON o.position = k.dispatch
    WHERE k.about = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    ORDER BY k.dispatch DESC
    LIMIT 100
)
UNION ALL
SELECT * FROM (
    SELECT o.dispatch_id, o.kind, 0
    FROM links AS k JOIN dispatches AS o ON o.position = k.about
    WHERE k.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    ORDER BY k.about DESC
    LIMIT 100
);

-- name: alike
-- New documents of a sender with the same number and notation, newest first.
SELECT dispatch_id FROM dispatches
WHERE sender_id = :sender_id AND code_number = :number AND code_notation = :notation
    AND kind = 0
    AND (:number <> '' OR :notation <> '')
ORDER BY position DESC
LIMIT 10;

-- name: find_refusal
-- The evidence of a refusal, as `evidence` rows are read.
SELECT e.evidence_id, r.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM refusals AS r JOIN evidence AS e ON e.leaf = r.evidence
WHERE r.sender_id = ? AND r.sha256 = ? AND r.reason = ?;

-- name: add_refusal
INSERT INTO refusals (sender_id, sha256, reason, dispatch_id, evidence) VALUES (?, ?, ?, ?, ?);
