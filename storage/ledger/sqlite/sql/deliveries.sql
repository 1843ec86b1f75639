-- name: add_delivery
-- A delivery begins consigned, at version 1, due to be handed over.
INSERT INTO deliveries (
    place, dispatch, sender_id, accepted_at, recipient_id, mailbox_id, priority, state, version, updated_at, handover_by,
    answer_by, due, reason
) VALUES (?, ?, ?, ?, ?, ?, ?, 'consigned', 1, ?, ?, ?, ?, '');

-- name: delivery
SELECT * FROM standing WHERE dispatch_id = ? AND recipient_id = ?;

-- name: mailboxes
-- The mailboxes of some recipients (a JSON array) of a dispatch.
SELECT recipient_id, mailbox_id FROM deliveries
WHERE dispatch = ? AND recipient_id IN (SELECT value FROM json_each(?));

-- name: ask
-- Puts a question (?4 to ?8) to those of some recipients (a JSON array) of a dispatch that are in one of some states (a JSON
-- array) and have none open. They are looked up one by one (`+state`): there may be thousands beside them.
UPDATE deliveries SET
    version = version + 1, updated_at = max(updated_at, ?7), due = min(coalesce(due, ?8), ?8),
    question_kind = ?4, question_by = ?5, question_reason = ?6, asked_at = ?7, until = ?8
WHERE dispatch = ?1
    AND recipient_id IN (SELECT value FROM json_each(?2))
    AND +state IN (SELECT value FROM json_each(?3))
    AND question_kind IS NULL
RETURNING recipient_id, mailbox_id, updated_at;

-- name: move_delivery
-- The compare-and-swap: changes one row, or none when the version is another.
UPDATE deliveries SET
    state = ?, version = version + 1, updated_at = ?, due = ?, reason = ?,
    question_kind = ?, question_by = ?, question_reason = ?, asked_at = ?, until = ?
WHERE place = ? AND version = ?;

-- name: find_move
-- The version to which a statement moved a delivery.
SELECT version FROM moves WHERE statement = ? AND delivery = ?;

-- name: add_move
-- Behind the other moves of the statement.
INSERT INTO moves (statement, number, delivery, version)
SELECT ?1, count(*) + 1, ?2, ?3 FROM moves WHERE statement = ?1;

-- name: echo_moves
-- Notes the moves of one statement as those of another that says the same, that of one delivery first.
INSERT INTO moves (statement, number, delivery, version)
SELECT ?1, row_number() OVER (ORDER BY delivery <> ?3, number), delivery, version FROM moves WHERE statement = ?2;

-- name: deliveries
-- A page of the deliveries of a dispatch, in the order of its recipients. The states wanted are a JSON array, null for all.
SELECT * FROM standing
WHERE dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND place > :after
    AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
ORDER BY place
LIMIT :limit;

-- name: deliveries_of_viewer
-- The same of one mailbox.
SELECT * FROM standing
WHERE dispatch = (SELECT position FROM dispatches WHERE dispatch_id = :dispatch_id)
    AND mailbox_id = :viewer
    AND place > :after
    AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
ORDER BY place
LIMIT :limit;

-- name: counts
-- How many deliveries of a dispatch are in each state.
SELECT l.state, count(*)
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = ?
GROUP BY l.state;

-- name: counts_of_viewer
-- The same of one mailbox, found by it (`+state`), not by state among all.
SELECT l.state, count(*)
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = ? AND l.mailbox_id = ?
GROUP BY +l.state;

-- name: moved
-- The first delivery that a statement moved, as it stands now, and the version it was moved to.
SELECT l.*, m.version
FROM statements AS s JOIN moves AS m ON m.statement = s.leaf JOIN standing AS l ON l.place = m.delivery
WHERE s.statement_id = ?
ORDER BY m.number
LIMIT 1;

-- name: moved_of
-- The same, of the deliveries of one dispatch.
SELECT l.*, m.version
FROM statements AS s JOIN moves AS m ON m.statement = s.leaf JOIN standing AS l ON l.place = m.delivery
WHERE s.statement_id = ? AND l.dispatch_id = ?
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
    FROM nearest AS n CROSS JOIN deliveries AS l ON l.place IN (
        SELECT place FROM deliveries WHERE sender_id = n.sender_id AND due <= :at ORDER BY due, place LIMIT :limit
    )
)
SELECT l.* FROM (SELECT * FROM turns ORDER BY turn, due, place LIMIT :limit) AS t JOIN standing AS l ON l.place = t.place
ORDER BY t.turn, t.due, t.place;

-- name: find_deliveries
-- Deliveries wanted (a JSON array of dispatch and recipient), each behind its number in that array from 0 on; then the sender
-- of its dispatch, how many events that has, and the ranks of the last ones about its mailbox and about all.
SELECT
    json_each.key, l.*, d.sender_id,
    (SELECT coalesce(max(sequence), 0) FROM events WHERE dispatch = d.position),
    coalesce((
        SELECT rank FROM events WHERE dispatch = d.position AND mailbox_id = l.mailbox_id ORDER BY sequence DESC LIMIT 1
    ), 0),
    coalesce((SELECT rank FROM events WHERE dispatch = d.position AND mailbox_id = '' ORDER BY sequence DESC LIMIT 1), 0)
FROM json_each(?)
CROSS JOIN dispatches AS d ON d.dispatch_id = json_extract(json_each.value, '$[0]')
CROSS JOIN standing AS l ON l.dispatch = d.position AND l.recipient_id = json_extract(json_each.value, '$[1]');
