-- name: add_delivery
-- Deliveries begin consigned, at version 1, due to be handed over.
INSERT INTO deliveries (
    place, dispatch, sender_id, accepted_at, recipient_id, mailbox_id, priority, state, version, updated_at, handover_by,
    answer_by, due, reason
)
SELECT d.place, d.dispatch, d.sender_id, d.accepted_at, d.recipient_id, d.mailbox_id, d.priority, 'consigned', 1,
    d.updated_at, d.handover_by, d.answer_by, d.due, ''
FROM unnest(
    $1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::bigint[], $11::bigint[]
) AS d (
    place, dispatch, sender_id, accepted_at, recipient_id, mailbox_id, priority, updated_at, handover_by, answer_by, due
);

-- name: delivery
SELECT * FROM standing WHERE dispatch_id = $1 AND recipient_id = $2;

-- name: mailboxes
-- The mailboxes of some recipients (a JSON array) of a dispatch.
SELECT recipient_id, mailbox_id FROM deliveries
WHERE dispatch = $1 AND recipient_id = ANY (ARRAY(SELECT json_array_elements_text($2::json)));

-- name: ask
-- Puts a question ($4 to $8) to those of some recipients (a JSON array) of a dispatch that are in one of some states (a JSON
-- array) and have none open.
UPDATE deliveries SET
    version = version + 1, updated_at = greatest(updated_at, $7), due = least(coalesce(due, $8), $8),
    question_kind = $4, question_by = $5, question_reason = $6, asked_at = $7, until = $8
WHERE dispatch = $1
    AND recipient_id = ANY (ARRAY(SELECT json_array_elements_text($2::json)))
    AND state = ANY (ARRAY(SELECT json_array_elements_text($3::json)))
    AND question_kind IS NULL
RETURNING recipient_id, mailbox_id, updated_at;

-- name: move_delivery
-- The compare-and-swap: changes a row, or none when the version is another.
UPDATE deliveries AS l SET
    state = m.state, version = l.version + 1, updated_at = m.updated_at, due = m.due, reason = m.reason,
    question_kind = m.question_kind, question_by = m.question_by, question_reason = m.question_reason,
    asked_at = m.asked_at, until = m.until
FROM unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
    $10::bigint[], $11::bigint[]
) AS m (
    state, updated_at, due, reason, question_kind, question_by, question_reason, asked_at, until, place, version
)
WHERE l.place = m.place AND l.version = m.version;

-- name: find_move
-- The version to which a statement moved a delivery.
SELECT version FROM moves WHERE statement = $1 AND delivery = $2;

-- name: add_move
-- Behind the other moves of the statement.
INSERT INTO moves (statement, number, delivery, version)
SELECT
    m.statement,
    (SELECT count(*) FROM moves WHERE moves.statement = m.statement)
    + row_number() OVER (PARTITION BY m.statement ORDER BY m.number),
    m.delivery, m.version
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS m (statement, delivery, version, number);

-- name: echo_moves
-- Notes the moves of one statement as those of another that says the same, that of one delivery first.
INSERT INTO moves (statement, number, delivery, version)
SELECT $1, row_number() OVER (ORDER BY delivery <> $3, number), delivery, version FROM moves WHERE statement = $2;

-- name: deliveries
-- A page of the deliveries of a dispatch, in the order of its recipients. The states wanted are a JSON array, null for all.
SELECT * FROM standing
WHERE dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND place > :after
    AND (:states::json IS NULL OR state = ANY (ARRAY(SELECT json_array_elements_text(:states::json))))
ORDER BY place
LIMIT :limit;

-- name: deliveries_of_viewer
-- The same of one mailbox.
SELECT * FROM standing
WHERE dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND mailbox_id = :viewer
    AND place > :after
    AND (:states::json IS NULL OR state = ANY (ARRAY(SELECT json_array_elements_text(:states::json))))
ORDER BY place
LIMIT :limit;

-- name: counts
-- How many deliveries of a dispatch are in each state.
SELECT l.state, count(*)
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = $1
GROUP BY l.state;

-- name: counts_of_viewer
-- The same of one mailbox.
SELECT l.state, count(*)
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = $1 AND l.mailbox_id = $2
GROUP BY l.state;

-- name: moved
-- The first delivery that a statement moved, as it stands now, and the version it was moved to.
SELECT l.*, m.version
FROM statements AS s JOIN moves AS m ON m.statement = s.leaf JOIN standing AS l ON l.place = m.delivery
WHERE s.statement_id = $1
ORDER BY m.number
LIMIT 1;

-- name: moved_of
-- The same, of the deliveries of one dispatch.
SELECT l.*, m.version
FROM statements AS s JOIN moves AS m ON m.statement = s.leaf JOIN standing AS l ON l.place = m.delivery
WHERE s.statement_id = $1 AND l.dispatch_id = $2
ORDER BY m.number
LIMIT 1;

-- name: due
-- Deliveries that wait for the axis since `at` or earlier, taken in turn by sender: of each the earliest, then of each the
-- next. Senders are found one behind the other in an index, and only as many as a page can have.
WITH RECURSIVE senders (sender_id) AS (
    SELECT min(sender_id) FROM deliveries WHERE due IS NOT NULL
    UNION ALL
    SELECT (SELECT min(l.sender_id) FROM deliveries AS l WHERE l.due IS NOT NULL AND l.sender_id > s.sender_id)
    FROM senders AS s WHERE s.sender_id IS NOT NULL
),
waiting (sender_id, first) AS (
    SELECT s.sender_id, (
        SELECT l.place FROM deliveries AS l WHERE l.sender_id = s.sender_id AND l.due <= :at ORDER BY l.due, l.place LIMIT 1
    )
    FROM senders AS s
),
nearest (sender_id) AS (
    SELECT w.sender_id FROM waiting AS w JOIN deliveries AS l ON l.place = w.first ORDER BY l.due, l.place LIMIT :limit
),
turns (place, due, turn) AS (
    SELECT l.place, l.due, row_number() OVER (PARTITION BY l.sender_id ORDER BY l.due, l.place)
    FROM nearest AS n CROSS JOIN LATERAL (
        SELECT place, due, sender_id FROM deliveries WHERE sender_id = n.sender_id AND due <= :at ORDER BY due, place LIMIT :limit
    ) AS l
)
SELECT l.* FROM (SELECT * FROM turns ORDER BY turn, due, place LIMIT :limit) AS t JOIN standing AS l ON l.place = t.place
ORDER BY t.turn, t.due, t.place;

-- name: find_deliveries
-- Deliveries wanted (a JSON array of dispatch and recipient), each behind its number in that array from 0 on; then the sender
-- of its dispatch, how many events that has, and the ranks of the last ones about its mailbox and about all.
SELECT
    w.number - 1, l.*, d.sender_id,
    (SELECT coalesce(max(sequence), 0) FROM events WHERE dispatch = d.position),
    coalesce((
        SELECT rank FROM events WHERE dispatch = d.position AND mailbox_id = l.mailbox_id ORDER BY sequence DESC LIMIT 1
    ), 0),
    coalesce((SELECT rank FROM events WHERE dispatch = d.position AND mailbox_id = '' ORDER BY sequence DESC LIMIT 1), 0)
FROM json_array_elements($1::json) WITH ORDINALITY AS w (key, number)
CROSS JOIN LATERAL (SELECT position, sender_id FROM dispatches WHERE dispatch_id = w.key ->> 0 LIMIT 1) AS d
CROSS JOIN LATERAL (SELECT * FROM standing WHERE dispatch = d.position AND recipient_id = w.key ->> 1 LIMIT 1) AS l;
