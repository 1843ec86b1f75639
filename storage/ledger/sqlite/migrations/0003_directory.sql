-- Units, groups, delegations: what the directory holds, each with the version at which it was last registered.

ALTER TABLE agencies ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agencies ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';
ALTER TABLE agencies ADD COLUMN category TEXT NOT NULL DEFAULT '';
ALTER TABLE agencies ADD COLUMN attachment_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agencies ADD COLUMN kinds TEXT NOT NULL DEFAULT '[0,1,2,3]';
-- Each as agency_id, may_send, may_receive, since, until (microseconds, or null).
ALTER TABLE agencies ADD COLUMN delegations TEXT NOT NULL DEFAULT '[]';
ALTER TABLE agencies ADD COLUMN since INTEGER;
ALTER TABLE agencies ADD COLUMN until INTEGER;

-- Each was registered at least once, so there are versions enough.
UPDATE agencies SET version = (SELECT count(*) FROM agencies AS other WHERE other.agency_id <= agencies.agency_id);
CREATE UNIQUE INDEX agencies_by_version ON agencies (version);

CREATE TABLE groups (
    group_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    members TEXT NOT NULL,
    categories TEXT NOT NULL,
    active INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX groups_by_version ON groups (version);

-- An agency as it is read: aliases and certificates as JSON, in order.
CREATE VIEW registered_agencies AS
SELECT
    a.version, a.agency_id, a.name, a.active, a.attributes, a.parent_id, a.category, a.attachment_bytes, a.kinds,
    a.delegations, a.since, a.until,
    (
        SELECT json_group_array(name)
        FROM (SELECT name FROM agency_names AS n WHERE n.agency_id = a.agency_id AND n.ordinal > 0 ORDER BY n.ordinal)
    ) AS aliases,
    (
        SELECT json_group_array(json_array(sha256, pem, role, may_connect, may_seal))
        FROM (SELECT * FROM agency_certificates AS c WHERE c.agency_id = a.agency_id ORDER BY c.ordinal)
    ) AS certificates
FROM agencies AS a;

-- A group as it is read: as many columns as an agency, of which the last is null.
CREATE VIEW registered_groups AS
SELECT
    version, group_id, name, active, owner_id, members, categories,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM groups;
