-- name: other_named
-- Another agency that has one of these identifiers (a JSON array), or the group that is called by one of them.
-- Null stands for the identifier of what is of the other sort.
SELECT agency_id FROM agency_names
WHERE agency_id IS DISTINCT FROM $1::text AND name_key = ANY (ARRAY(SELECT json_array_elements_text($3::json)))
UNION ALL
SELECT group_id FROM groups
WHERE group_id IS DISTINCT FROM $2::text AND group_id = ANY (ARRAY(SELECT json_array_elements_text($3::json)))
LIMIT 1;

-- name: other_certified
-- Another agency that has one of these certificates (a JSON array of SHA-256).
SELECT agency_id FROM agency_certificates
WHERE agency_id <> $1 AND sha256 = ANY (ARRAY(SELECT json_array_elements_text($2::json)))
LIMIT 1;

-- name: chain_of
-- An agency and all above it.
WITH RECURSIVE chain (agency_id) AS (
    SELECT agency_id::text FROM agencies WHERE agency_id = $1
    UNION
    SELECT a.parent_id::text FROM agencies AS a JOIN chain AS c ON a.agency_id = c.agency_id WHERE a.parent_id <> ''
)
SELECT agency_id FROM chain;

-- name: put_agency
INSERT INTO agencies (
    version, agency_id, name, active, attributes, parent_id, category, attachment_bytes, kinds, delegations, since, until
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (agency_id) DO UPDATE SET
    version = excluded.version, name = excluded.name, active = excluded.active, attributes = excluded.attributes,
    parent_id = excluded.parent_id, category = excluded.category, attachment_bytes = excluded.attachment_bytes,
    kinds = excluded.kinds, delegations = excluded.delegations, since = excluded.since, until = excluded.until;

-- name: put_group
INSERT INTO groups (version, group_id, name, owner_id, members, categories, active) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (group_id) DO UPDATE SET
    version = excluded.version, name = excluded.name, owner_id = excluded.owner_id, members = excluded.members,
    categories = excluded.categories, active = excluded.active;

-- name: drop_names
DELETE FROM agency_names WHERE agency_id = $1;

-- name: drop_certificates
DELETE FROM agency_certificates WHERE agency_id = $1;

-- name: add_name
INSERT INTO agency_names (name_key, agency_id, ordinal, name)
SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[]);

-- name: add_certificate
INSERT INTO agency_certificates (sha256, agency_id, ordinal, pem, role, may_connect, may_seal)
SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::boolean[], $7::boolean[]);

-- name: agency
SELECT * FROM registered_agencies WHERE agency_id = $1;

-- name: agencies
-- By identifier.
SELECT * FROM registered_agencies ORDER BY agency_id;

-- name: group
SELECT * FROM registered_groups WHERE group_id = $1;

-- name: groups
-- By identifier.
SELECT * FROM registered_groups ORDER BY group_id;

-- name: changed
-- Agencies, and the groups of all and of the viewer; every group when there is none. In one query, so that both are of
-- one moment.
SELECT * FROM registered_agencies WHERE version > :after
UNION ALL
SELECT * FROM registered_groups
WHERE version > :after AND (:viewer::text IS NULL OR owner_id = '' OR owner_id = :viewer::text)
ORDER BY version LIMIT :limit;
