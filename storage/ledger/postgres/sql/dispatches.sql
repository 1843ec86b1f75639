-- name: add_dispatch
-- Adds a dispatch unless its id, or its document id as a new document of the sender, is known; no row changes then.
INSERT INTO dispatches (
    position, dispatch_id, sender_id, sender_name, document_id, kind, code_number, code_notation, subject, priority,
    promulgation_date, due_date, accepted_at, warnings, document_key, code_key
) VALUES (
    $1, $2, $3, $4, $5::text, $6, $7::text, $8::text, $9, $10, $11, $12, $13, $14,
    sha256(convert_to($5::text, 'UTF8')), sha256(convert_to(json_build_array($8::text, $7::text)::text, 'UTF8'))
)
ON CONFLICT DO NOTHING;

-- name: add_part
INSERT INTO parts (dispatch, number, identifier, name, content_type, sha256, size, inline)
SELECT * FROM unnest(
    $1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::boolean[]
);

-- name: add_link
INSERT INTO links (dispatch, about) SELECT * FROM unnest($1::bigint[], $2::bigint[]);

-- name: find_dispatch
-- What is needed to write about a dispatch.
SELECT position, sender_id, accepted_at, priority FROM dispatches WHERE dispatch_id = $1;

-- name: entry
SELECT * FROM entries WHERE dispatch_id = $1;

-- name: all_entries
-- A page of the dispatches of all senders.
SELECT * FROM entries WHERE position > :after ORDER BY position LIMIT :limit;

-- name: find_document
-- The dispatch that holds a document id of a sender.
SELECT dispatch_id FROM dispatches
WHERE sender_id = $1 AND document_key = sha256(convert_to($2::text, 'UTF8')) AND kind = 0 AND document_id <> '';

-- name: thread
-- The newest dispatches by which a sender used a document id, newest first.
SELECT h.*
FROM dispatches AS d JOIN headers AS h ON h.position = d.position
WHERE d.sender_id = $1 AND d.document_key = sha256(convert_to($2::text, 'UTF8')) AND d.document_id <> ''
ORDER BY d.position DESC
LIMIT 100;

-- name: links
-- The newest dispatches that a dispatch is about, and the newest that are about it; read from the newest on.
(
    SELECT o.dispatch_id, o.kind, true AS later
    FROM links AS k JOIN dispatches AS o ON o.position = k.dispatch
    WHERE k.about = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    ORDER BY k.dispatch DESC
    LIMIT 100
)
UNION ALL
(
    SELECT o.dispatch_id, o.kind, false
    FROM links AS k JOIN dispatches AS o ON o.position = k.about
    WHERE k.dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    ORDER BY k.about DESC
    LIMIT 100
);

-- name: alike
-- New documents of a sender with the same number and notation, newest first.
SELECT dispatch_id FROM dispatches
WHERE sender_id = :sender_id
    AND code_key = sha256(convert_to(json_build_array(:notation::text, :number::text)::text, 'UTF8'))
    AND kind = 0
    AND (:number::text <> '' OR :notation::text <> '')
ORDER BY position DESC
LIMIT 10;

-- name: find_refusal
-- The evidence of a refusal, as `evidence` rows are read.
SELECT e.evidence_id, r.dispatch_id, e.event, e.issued_at, e.content, e.recipient_id
FROM refusals AS r JOIN evidence AS e ON e.leaf = r.evidence
WHERE r.sender_id = $1 AND r.sha256 = $2 AND r.reason = $3;

-- name: add_refusal
INSERT INTO refusals (sender_id, sha256, reason, dispatch_id, evidence) VALUES ($1, $2, $3, $4, $5);
