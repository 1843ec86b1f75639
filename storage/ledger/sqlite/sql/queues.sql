-- name: find_token
SELECT 1 FROM leases WHERE token = ? LIMIT 1;

-- name: waiting
-- Deliveries that a mailbox can take in hand, as an inbox is read: the most urgent first, then in order of commit. The
-- states wanted are a JSON array (?2); who has one in hand until after ?3 keeps it.
SELECT l.*, e.*
FROM standing AS l JOIN entries AS e ON e.position = l.dispatch
WHERE l.place IN (
    SELECT place FROM deliveries AS q
    WHERE q.mailbox_id = ?1
        AND q.state IN ('consigned', 'fetched')
        AND q.state IN (SELECT value FROM json_each(?2))
        AND q.question_kind IS NULL
        AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.delivery = q.place AND leases.until > ?3)
        AND NOT EXISTS (
            SELECT 1 FROM asides
            WHERE asides.delivery = q.place AND asides.sequence = 0 AND asides.agency_id = ?1
        )
    ORDER BY q.priority DESC, q.place
    LIMIT ?4
)
ORDER BY e.priority DESC, l.place;

-- name: lease
-- Puts a delivery in somebody's hands, and says how often that was done.
INSERT INTO leases (delivery, token, holder, until, attempts) VALUES (?, ?, ?, ?, 1)
ON CONFLICT (delivery) DO UPDATE SET
    token = excluded.token, holder = excluded.holder, until = excluded.until, attempts = attempts + 1
RETURNING attempts;

-- name: extend_lease
-- Changes one row, or none when the lease is not in force.
UPDATE leases SET until = ?1
WHERE token = ?2 AND delivery = (
    SELECT place FROM standing
    WHERE dispatch_id = ?3 AND recipient_id = ?4 AND mailbox_id = ?5
);

-- name: release_lease
-- The same, to end it; how often it was taken stays known.
UPDATE leases SET token = NULL, until = 0
WHERE token = ?1 AND delivery = (
    SELECT place FROM standing
    WHERE dispatch_id = ?2 AND recipient_id = ?3 AND mailbox_id = ?4
);

-- name: end_lease
UPDATE leases SET token = NULL, until = 0 WHERE delivery = ?;

-- name: find_seen
-- The delivery of this name, or for an empty name the first, of those of a dispatch that an agency sees; and whether it
-- sees it as the sender.
SELECT l.place, l.dispatch, l.mailbox_id, d.sender_id = ?1
FROM dispatches AS d JOIN deliveries AS l ON l.dispatch = d.position
WHERE d.dispatch_id = ?2
    AND (?3 = '' OR l.recipient_id = ?3)
    AND (d.sender_id = ?1 OR l.mailbox_id = ?1)
ORDER BY l.place
LIMIT 1;

-- name: count_seen
-- How many events of a dispatch a mailbox sees; null sees all.
SELECT count(*) FROM events
WHERE dispatch = ?1 AND (?2 IS NULL OR mailbox_id = '' OR mailbox_id = ?2);

-- name: add_aside
-- The first one stands. Adds none to as many (?9) as an agency may have.
INSERT INTO asides (agency_id, delivery, dispatch, recipient_id, sequence, reason, at, certificate)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
WHERE (SELECT count(*) FROM asides WHERE agency_id = ?1) < ?9
ON CONFLICT DO NOTHING;

-- name: find_aside
SELECT 1 FROM asides
WHERE agency_id = ?1 AND delivery = ?2 AND dispatch = ?3 AND recipient_id = ?4 AND sequence = ?5;

-- name: asides
-- A page of what an agency set aside, in order of commit.
SELECT a.place, d.dispatch_id, a.recipient_id, a.sequence, a.reason, a.at, a.certificate
FROM asides AS a JOIN dispatches AS d ON d.position = a.dispatch
WHERE a.agency_id = :agency_id AND a.place > :after
ORDER BY a.place
LIMIT :limit;

-- name: take_up
-- The aside of a delivery, or of an event, which is about whom it is.
DELETE FROM asides
WHERE agency_id = ?1
    AND dispatch = (SELECT position FROM dispatches WHERE dispatch_id = ?2)
    AND (recipient_id = ?3 OR ?4 > 0)
    AND sequence = ?4;
