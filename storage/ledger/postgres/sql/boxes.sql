-- name: inbox
-- A page of an inbox: deliveries and their entries. The states wanted are a JSON array, null for all.
SELECT l.*, e.*
FROM standing AS l JOIN entries AS e ON e.position = l.dispatch
WHERE l.mailbox_id = :mailbox_id
    AND l.place > :after
    AND (:states::json IS NULL OR l.state = ANY (ARRAY(SELECT json_array_elements_text(:states::json))))
ORDER BY l.place
LIMIT :limit;

-- name: outbox
-- A page of an outbox: entries with how many deliveries are in each state, as JSON.
SELECT e.*, (
    SELECT coalesce(json_object_agg(state, number), '{}')::text
    FROM (SELECT state, count(*) AS number FROM deliveries WHERE deliveries.dispatch = e.position GROUP BY state) AS s
)
FROM entries AS e
WHERE e.sender_id = :sender_id AND e.position > :after
ORDER BY e.position
LIMIT :limit;
