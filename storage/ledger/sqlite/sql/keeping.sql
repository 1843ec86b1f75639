-- name: add_decision
INSERT INTO decisions (number, dispatch, agency_id, record, kind, hold_id, decision) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: last_decision
SELECT coalesce(max(number), 0) FROM decisions;

-- name: decisions
-- What was decided about some dispatches (a JSON array), in order of commit.
SELECT a.number, a.decision
FROM decisions AS a JOIN dispatches AS d ON d.position = a.dispatch
WHERE d.dispatch_id IN (SELECT w.value FROM json_each(?) AS w)
ORDER BY a.number;

-- name: decisions_after
-- A page of all that was decided.
SELECT number, decision FROM decisions WHERE number > :after ORDER BY number LIMIT :limit;

-- name: filed
-- The dispatches that a decision of an agency filed in a record.
SELECT DISTINCT d.dispatch_id
FROM decisions AS a JOIN dispatches AS d ON d.position = a.dispatch
WHERE a.agency_id = ? AND a.record = ? AND a.record <> ''
ORDER BY d.dispatch_id;

-- name: holds
-- A page of the holds that nobody has lifted.
SELECT a.number, a.decision
FROM decisions AS a
WHERE a.kind = 'hold' AND a.number > :after
    AND NOT EXISTS (
        SELECT 1 FROM decisions AS l WHERE l.kind = 'lift' AND l.hold_id = a.hold_id AND l.hold_id <> ''
    )
ORDER BY a.number
LIMIT :limit;

-- name: find_hold
-- A hold on a dispatch that nobody has lifted.
SELECT a.number
FROM decisions AS a
WHERE a.kind = 'hold' AND a.hold_id = ? AND a.dispatch = ?
    AND NOT EXISTS (
        SELECT 1 FROM decisions AS l WHERE l.kind = 'lift' AND l.hold_id = a.hold_id AND l.hold_id <> ''
    );

-- name: last_disposal
SELECT coalesce(max(number), 0) FROM disposals;

-- name: add_disposal
INSERT INTO disposals (number, order_id, agency_id, dispatches, accepted_at, approvals, waiting, evidence_id)
VALUES (?, ?, ?, ?, ?, ?, '', '');

-- name: add_disposed
-- Marks some dispatches (a JSON array) as disposed of by an order.
INSERT INTO disposed (dispatch, disposal)
SELECT d.position, ?1 FROM dispatches AS d WHERE d.dispatch_id IN (SELECT w.value FROM json_each(?2) AS w);

-- name: drop_holdings
-- Forgets that senders delivered the files of some of their dispatches (a JSON array).
DELETE FROM holdings
WHERE EXISTS (
    SELECT 1
    FROM dispatches AS d JOIN parts AS p ON p.dispatch = d.position
    WHERE d.dispatch_id IN (SELECT w.value FROM json_each(?) AS w)
        AND d.sender_id = holdings.owner AND p.sha256 = holdings.digest
);

-- name: disposed
-- Which of some dispatches (a JSON array) were disposed of, and by which order.
SELECT d.dispatch_id, o.order_id
FROM dispatches AS d
JOIN disposed AS x ON x.dispatch = d.position
JOIN disposals AS o ON o.number = x.disposal
WHERE d.dispatch_id IN (SELECT w.value FROM json_each(?) AS w)
ORDER BY d.position;

-- name: destroyed
-- The same, of those alone behind whose order the last check lies.
SELECT d.dispatch_id, o.order_id
FROM dispatches AS d
JOIN disposed AS x ON x.dispatch = d.position
JOIN disposals AS o ON o.number = x.disposal
WHERE d.dispatch_id IN (SELECT w.value FROM json_each(?) AS w) AND o.begun_at IS NOT NULL
ORDER BY d.position;

-- name: count_dispatches
-- How many of some dispatches (a JSON array) there are.
SELECT count(*) FROM dispatches AS d WHERE d.dispatch_id IN (SELECT w.value FROM json_each(?) AS w);

-- name: disposal
SELECT number, order_id, agency_id, dispatches, accepted_at, waiting, ended_at, evidence_id, approvals, begun_at, watched
FROM disposals WHERE order_id = ?;

-- name: disposals
-- A page of the disposals.
SELECT number, order_id, agency_id, dispatches, accepted_at, waiting, ended_at, evidence_id, approvals, begun_at, watched
FROM disposals WHERE number > :after ORDER BY number LIMIT :limit;

-- name: unended
-- The disposals whose files are not all gone.
SELECT number, order_id, agency_id, dispatches, accepted_at, waiting, ended_at, evidence_id, approvals, begun_at, watched
FROM disposals WHERE ended_at IS NULL ORDER BY number;

-- name: note_waiting
UPDATE disposals SET waiting = ? WHERE order_id = ?;

-- name: watched
-- How long the files of a disposal were seen to lie hidden, as they lie now: seconds, and a mark of how they lie.
SELECT watched, mark FROM disposals WHERE order_id = ?;

-- name: watch
UPDATE disposals SET watched = ?, mark = ? WHERE order_id = ?;

-- name: begin_destruction
UPDATE disposals SET begun_at = ? WHERE order_id = ? AND begun_at IS NULL;

-- name: end_disposal
UPDATE disposals SET waiting = '', ended_at = ?, evidence_id = ? WHERE order_id = ? AND ended_at IS NULL;

-- name: attested
-- An evidence that is about no dispatch.
SELECT evidence_id, '', event, issued_at, content, recipient_id FROM evidence WHERE evidence_id = ? AND dispatch IS NULL;

-- name: submitted
-- Which of some digests (a JSON array) are named by a part of what was not disposed of.
SELECT w.value FROM json_each(?) AS w
WHERE EXISTS (
    SELECT 1 FROM parts AS p
    WHERE p.sha256 = w.value AND NOT EXISTS (SELECT 1 FROM disposed AS d WHERE d.dispatch = p.dispatch)
);

-- name: unhold
-- Forgets that owners delivered what nobody has submitted, of some digests (a JSON array).
DELETE FROM holdings
WHERE digest IN (SELECT w.value FROM json_each(?) AS w)
    AND NOT EXISTS (
        SELECT 1 FROM parts AS p
        WHERE p.sha256 = holdings.digest AND NOT EXISTS (SELECT 1 FROM disposed AS d WHERE d.dispatch = p.dispatch)
    );
