-- name: other_named
-- Another agency that has one of these identifiers (a JSON array, normalised).
SELECT agency_id FROM agency_names WHERE agency_id <> ? AND name_key IN (SELECT value FROM json_each(?)) LIMIT 1;

-- name: other_certified
-- Another agency that has one of these certificates (a JSON array of SHA-256).
SELECT agency_id FROM agency_certificates
WHERE agency_id <> ? AND sha256 IN (SELECT value FROM json_each(?))
LIMIT 1;

-- name: put_agency
INSERT INTO agencies (agency_id, name, active, attributes) VALUES (?, ?, ?, ?)
ON CONFLICT (agency_id) DO UPDATE SET
    name = excluded.name, active = excluded.active, attributes = excluded.attributes;

-- name: drop_names
DELETE FROM agency_names WHERE agency_id = ?;

-- name: drop_certificates
DELETE FROM agency_certificates WHERE agency_id = ?;

-- name: add_name
INSERT INTO agency_names (name_key, agency_id, ordinal, name) VALUES (?, ?, ?, ?);

-- name: add_certificate
INSERT INTO agency_certificates (sha256, agency_id, ordinal, pem, role, may_connect, may_seal)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: agencies
-- All agencies, or the one named, by identifier, with aliases and certificates as JSON, in order.
SELECT
    a.agency_id, a.name, a.active, a.attributes,
    (
        SELECT json_group_array(name)
        FROM (SELECT name FROM agency_names AS n WHERE n.agency_id = a.agency_id AND n.ordinal > 0 ORDER BY n.ordinal)
    ),
    (
        SELECT json_group_array(json_array(sha256, pem, role, may_connect, may_seal))
        FROM (SELECT * FROM agency_certificates AS c WHERE c.agency_id = a.agency_id ORDER BY c.ordinal)
    )
FROM agencies AS a
WHERE a.agency_id = coalesce(?, a.agency_id)
ORDER BY a.agency_id;
