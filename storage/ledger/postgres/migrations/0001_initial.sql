-- The ledger as it begins, in a schema of its own.
--
-- Times are microseconds since 1970-01-01T00:00:00Z, as every ledger notes them: exact, and of no time zone. Positions,
-- places, cursors and leaves are numbers that the writer gives from `heads`, whose one row it locks first, so they follow
-- the order of commit over all nodes and have no gaps. That lock also makes the writer alone: what refers to what it has
-- looked up itself, so there are no foreign keys, each of which would lock and rewrite the row that it points to.

-- Compared byte for byte, as every ledger orders text: no index depends on the system's rules for a language, which change.
CREATE DOMAIN word AS text COLLATE "C";

-- The highest numbers given so far; its lock is held by the transaction that gives the next ones.
CREATE TABLE heads (
    alone boolean PRIMARY KEY DEFAULT true CHECK (alone),
    dispatch bigint NOT NULL,
    delivery bigint NOT NULL,
    event bigint NOT NULL,
    leaf bigint NOT NULL
) WITH (fillfactor = 10);

INSERT INTO heads (dispatch, delivery, event, leaf) VALUES (0, 0, 0, -1);

-- The log: one leaf for each evidence and each statement.
CREATE TABLE leaves (
    leaf bigint PRIMARY KEY,
    kind word NOT NULL CHECK (kind IN ('evidence', 'statement')),
    hash bytea NOT NULL CHECK (length(hash) = 32)
);

-- Interior nodes of the log's tree (RFC 6962), each once. Level 0 is `leaves`.
CREATE TABLE nodes (
    level integer NOT NULL,
    idx bigint NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, idx)
);

-- The two keys are SHA-256: what they stand for comes from a document, of any length, and an index takes short ones alone.
CREATE TABLE dispatches (
    position bigint PRIMARY KEY,
    dispatch_id word NOT NULL UNIQUE,
    sender_id word NOT NULL,
    sender_name word NOT NULL,
    document_id word NOT NULL,
    document_key bytea NOT NULL,
    kind bigint NOT NULL,
    code_number word NOT NULL,
    code_notation word NOT NULL,
    code_key bytea NOT NULL,
    subject word NOT NULL,
    priority bigint NOT NULL,
    promulgation_date word NOT NULL,
    due_date word NOT NULL,
    accepted_at bigint NOT NULL,
    warnings word NOT NULL
);

-- A sender uses a document id for one new document only.
CREATE UNIQUE INDEX new_documents ON dispatches (sender_id, document_key) WHERE kind = 0 AND document_id <> '';
CREATE INDEX outboxes ON dispatches (sender_id, position);
CREATE INDEX threads ON dispatches (sender_id, document_key, position) WHERE document_id <> '';
CREATE INDEX codes ON dispatches (sender_id, code_key, position) WHERE kind = 0;
CREATE INDEX sent ON dispatches (sender_id, accepted_at);
CREATE INDEX accepted ON dispatches (accepted_at);

CREATE TABLE parts (
    dispatch bigint NOT NULL,
    number integer NOT NULL,
    identifier word NOT NULL,
    name word NOT NULL,
    content_type word NOT NULL,
    sha256 word NOT NULL,
    size bigint NOT NULL,
    inline boolean NOT NULL,
    PRIMARY KEY (dispatch, number)
);

-- Dispatches that revoke, update or replace earlier ones.
CREATE TABLE links (
    dispatch bigint NOT NULL,
    about bigint NOT NULL,
    PRIMARY KEY (dispatch, about)
);

CREATE INDEX followers ON links (about, dispatch);

-- A row is rewritten at each move, so pages keep room for it; sender, priority and time of acceptance repeat those of the
-- dispatch, for who looks after deliveries and counts them.
CREATE TABLE deliveries (
    place bigint PRIMARY KEY,
    dispatch bigint NOT NULL,
    sender_id word NOT NULL,
    accepted_at bigint NOT NULL,
    recipient_id word NOT NULL,
    mailbox_id word NOT NULL,
    priority bigint NOT NULL,
    state word NOT NULL,
    version bigint NOT NULL,
    updated_at bigint NOT NULL,
    handover_by bigint NOT NULL,
    answer_by bigint NOT NULL,
    due bigint,
    reason word NOT NULL,
    -- The open question; all null when there is none.
    question_kind word,
    question_by word,
    question_reason word,
    asked_at bigint,
    until bigint,
    question_refused_at bigint
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX recipients ON deliveries (dispatch, recipient_id);
CREATE INDEX deliveries_of ON deliveries (dispatch, place);
CREATE INDEX deliveries_seen ON deliveries (dispatch, mailbox_id, place);
CREATE INDEX standings ON deliveries (dispatch, state);
CREATE INDEX inboxes ON deliveries (mailbox_id, place);
CREATE INDEX received ON deliveries (mailbox_id, accepted_at);
CREATE INDEX dues ON deliveries (due, place) WHERE due IS NOT NULL;
CREATE INDEX dues_received ON deliveries (mailbox_id, due) WHERE due IS NOT NULL;
CREATE INDEX dues_sent ON deliveries (sender_id, due) WHERE due IS NOT NULL;
-- What a mailbox has to take in hand: small, however much it has received.
CREATE INDEX queues ON deliveries (mailbox_id, priority DESC, place) WHERE state IN ('consigned', 'fetched');
CREATE INDEX questions ON deliveries (mailbox_id) WHERE question_kind IS NOT NULL;
CREATE INDEX endings ON deliveries (sender_id, updated_at) WHERE state IN ('refused', 'expired');
CREATE INDEX expiries ON deliveries (mailbox_id, updated_at) WHERE state = 'expired';
CREATE INDEX questions_refused ON deliveries (sender_id, question_refused_at) WHERE question_refused_at IS NOT NULL;

-- What evidence and statements say: nearly all bytes of the ledger, and read by leaf alone. A partition for each month of `at`,
-- when they were issued or received, is made ahead of time (`months`); what lies in none of them lies in `contents_other`.
CREATE TABLE contents (
    leaf bigint NOT NULL,
    at bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (leaf, at)
) PARTITION BY RANGE (at);

CREATE TABLE contents_other PARTITION OF contents DEFAULT;

-- The statements without what they say.
CREATE TABLE stated (
    leaf bigint PRIMARY KEY,
    statement_id word NOT NULL UNIQUE,
    dispatch bigint NOT NULL,
    agency_id word NOT NULL,
    recipient_id word NOT NULL,
    -- Whose mailbox it is about.
    mailbox_id word NOT NULL,
    status_code word NOT NULL,
    received_at bigint NOT NULL
);

CREATE INDEX statements_of ON stated (dispatch, leaf);
CREATE INDEX statements_about ON stated (dispatch, recipient_id, leaf);
CREATE INDEX statements_seen ON stated (dispatch, mailbox_id, leaf);

-- A statement as it is read. Its month is found by its time, so one partition is looked into.
CREATE VIEW statements AS
SELECT s.*, (SELECT c.content FROM contents AS c WHERE c.leaf = s.leaf AND c.at = s.received_at) AS content
FROM stated AS s;

-- Which statement moved which delivery, and to which version, in the order of the moves.
CREATE TABLE moves (
    statement bigint NOT NULL,
    number bigint NOT NULL,
    delivery bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (statement, number)
);

CREATE UNIQUE INDEX moved ON moves (statement, delivery);

-- The evidence without what it says. `dispatch` is null for refusals. `moved` and `version` name the delivery and the move that an evidence was issued
-- with; null for that of the commit.
CREATE TABLE issued (
    leaf bigint PRIMARY KEY,
    evidence_id word NOT NULL UNIQUE,
    dispatch bigint,
    recipient_id word NOT NULL,
    -- Whose mailbox it is about: '' when about all.
    mailbox_id word NOT NULL,
    event word NOT NULL,
    issued_at bigint NOT NULL,
    moved word,
    version bigint
);

CREATE INDEX evidence_of ON issued (dispatch, leaf) WHERE dispatch IS NOT NULL;
CREATE INDEX evidence_about ON issued (dispatch, recipient_id, leaf) WHERE dispatch IS NOT NULL;
CREATE INDEX evidence_seen ON issued (dispatch, mailbox_id, leaf) WHERE dispatch IS NOT NULL;
CREATE INDEX evidence_of_moves ON issued (dispatch, moved, version, leaf) WHERE dispatch IS NOT NULL;

-- An evidence as it is read.
CREATE VIEW evidence AS
SELECT e.*, (SELECT c.content FROM contents AS c WHERE c.leaf = e.leaf AND c.at = e.issued_at) AS content
FROM issued AS e;

CREATE TABLE refusals (
    sender_id word NOT NULL,
    sha256 word NOT NULL,
    reason word NOT NULL,
    dispatch_id word NOT NULL,
    evidence bigint NOT NULL,
    PRIMARY KEY (sender_id, sha256, reason)
);

-- `rank` counts from 1 the events of a dispatch that are about the same mailbox, or about all. An event's number for a
-- mailbox is its rank and that of the last one of the other sort before it.
CREATE TABLE events (
    cursor bigint PRIMARY KEY,
    dispatch bigint NOT NULL,
    sequence bigint NOT NULL,
    mailbox_id word NOT NULL,
    rank bigint NOT NULL,
    kind word NOT NULL,
    at bigint NOT NULL,
    recipient_id word NOT NULL,
    actor_id word NOT NULL,
    delegate_id word NOT NULL,
    status_code word NOT NULL,
    reason word NOT NULL,
    evidence_id word NOT NULL,
    statement_id word NOT NULL,
    related_id word NOT NULL
);

CREATE UNIQUE INDEX histories ON events (dispatch, sequence);
CREATE UNIQUE INDEX histories_seen ON events (dispatch, mailbox_id, sequence) INCLUDE (rank);

-- Which events an agency sees, of all dispatches, in order of commit.
CREATE TABLE streams (
    agency_id word NOT NULL,
    cursor bigint NOT NULL,
    PRIMARY KEY (agency_id, cursor)
);

-- Of deliveries that wait to be handed over. `token` is null when nobody has it in hand any more.
CREATE TABLE leases (
    delivery bigint PRIMARY KEY,
    token word,
    holder word NOT NULL,
    until bigint NOT NULL,
    attempts bigint NOT NULL
);

CREATE INDEX tokens ON leases (token) WHERE token IS NOT NULL;

-- What has been handed over or has ended is nobody's to take, so its lease ends with that.
CREATE FUNCTION end_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM leases WHERE delivery = new.place;
    RETURN NULL;
END
$$;

CREATE TRIGGER leases_end AFTER UPDATE OF state ON deliveries FOR EACH ROW
WHEN (old.state IN ('consigned', 'fetched') AND new.state NOT IN ('consigned', 'fetched'))
EXECUTE FUNCTION end_lease();

-- `delivery` is the one set aside, or for an event about the whole dispatch the first one that the agency sees.
CREATE TABLE asides (
    place bigint PRIMARY KEY,
    agency_id word NOT NULL,
    delivery bigint NOT NULL,
    dispatch bigint NOT NULL,
    recipient_id word NOT NULL,
    sequence bigint NOT NULL,
    reason word NOT NULL,
    at bigint NOT NULL,
    certificate word NOT NULL,
    UNIQUE (agency_id, dispatch, recipient_id, sequence)
);

CREATE INDEX asides_of ON asides (agency_id, place);
CREATE INDEX asides_about ON asides (delivery);

-- The version of a delivery that its sender, or the agency that receives it, has looked at.
CREATE TABLE acknowledgements (
    agency_id word NOT NULL,
    delivery bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (agency_id, delivery)
);

-- Which blobs an owner itself delivered.
CREATE TABLE holdings (
    owner word NOT NULL,
    digest word NOT NULL,
    size bigint NOT NULL,
    PRIMARY KEY (owner, digest)
);

-- Signed checkpoints, one for each size at which the log was shown. `at` is when it was signed.
CREATE TABLE checkpoints (
    size bigint PRIMARY KEY,
    note bytea NOT NULL,
    at bigint NOT NULL
);

-- Signature lines of witnesses under a checkpoint.
CREATE TABLE cosignatures (
    size bigint NOT NULL REFERENCES checkpoints (size),
    witness word NOT NULL,
    line bytea NOT NULL,
    PRIMARY KEY (size, witness)
);

-- Time-stamps (RFC 3161) over the note of a checkpoint.
CREATE TABLE stamps (
    size bigint NOT NULL REFERENCES checkpoints (size),
    authority word NOT NULL,
    token bytea NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (size, authority)
);

CREATE INDEX stamps_of ON stamps (authority, size);

-- The directory: agencies and groups, each with the version at which it was last registered.
CREATE TABLE agencies (
    agency_id word PRIMARY KEY,
    version bigint NOT NULL UNIQUE,
    name word NOT NULL,
    active boolean NOT NULL,
    attributes word NOT NULL,
    parent_id word NOT NULL,
    category word NOT NULL,
    attachment_bytes bigint NOT NULL,
    kinds word NOT NULL,
    -- Each as agency_id, may_send, may_receive, since, until (microseconds, or null).
    delegations word NOT NULL,
    since bigint,
    until bigint
);

-- Identifiers and aliases under the form in which they are compared; ordinal 0 is the agency's own identifier.
CREATE TABLE agency_names (
    name_key word PRIMARY KEY,
    agency_id word NOT NULL REFERENCES agencies (agency_id),
    ordinal integer NOT NULL,
    name word NOT NULL
);

CREATE TABLE agency_certificates (
    sha256 word PRIMARY KEY,
    agency_id word NOT NULL REFERENCES agencies (agency_id),
    ordinal integer NOT NULL,
    pem word NOT NULL,
    role word NOT NULL,
    may_connect boolean NOT NULL,
    may_seal boolean NOT NULL
);

CREATE INDEX names_of ON agency_names (agency_id, ordinal);
CREATE INDEX certificates_of ON agency_certificates (agency_id, ordinal);

CREATE TABLE groups (
    group_id word PRIMARY KEY,
    name word NOT NULL,
    owner_id word NOT NULL,
    members word NOT NULL,
    categories word NOT NULL,
    active boolean NOT NULL,
    version bigint NOT NULL UNIQUE
);

-- Keys that every process of the axis shares.
CREATE TABLE secrets (
    name word PRIMARY KEY,
    value bytea NOT NULL CHECK (length(value) = 32)
);

-- Counters of one row each: how often the directory changed, how often the store was probed, how much was set aside.
CREATE TABLE counters (
    name word PRIMARY KEY,
    value bigint NOT NULL
) WITH (fillfactor = 10);

INSERT INTO counters (name, value) VALUES ('directory', 0), ('probe', 0), ('asides', 0);

-- A dispatch as it is read: its parts as JSON, in order.
CREATE VIEW entries AS
SELECT
    d.position, d.dispatch_id, d.sender_id, d.sender_name, d.document_id, d.kind, d.code_number, d.code_notation,
    d.subject, d.priority, d.promulgation_date, d.due_date, d.accepted_at, d.warnings,
    (
        SELECT json_agg(json_build_array(number, identifier, name, content_type, sha256, size, inline) ORDER BY number)
        FROM parts WHERE parts.dispatch = d.position
    )::text AS parts
FROM dispatches AS d;

-- A dispatch as it is read where its parts are not asked for.
CREATE VIEW headers AS
SELECT
    position, dispatch_id, sender_id, sender_name, document_id, kind, code_number, code_notation, subject, priority,
    promulgation_date, due_date, accepted_at, warnings, '[]' AS parts
FROM dispatches;

-- A delivery as it is read.
CREATE VIEW standing AS
SELECT
    d.dispatch_id, l.recipient_id, l.mailbox_id, l.state, l.version, l.updated_at, l.handover_by, l.answer_by, l.due,
    l.reason, l.question_kind, l.question_by, l.question_reason, l.asked_at, l.until, l.place, l.dispatch
FROM deliveries AS l JOIN dispatches AS d ON d.position = l.dispatch;

-- An agency as it is read: aliases and certificates as JSON, in order.
CREATE VIEW registered_agencies AS
SELECT
    a.version, a.agency_id, a.name, a.active, a.attributes, a.parent_id, a.category, a.attachment_bytes, a.kinds,
    a.delegations, a.since, a.until,
    coalesce((
        SELECT json_agg(n.name ORDER BY n.ordinal) FROM agency_names AS n
        WHERE n.agency_id = a.agency_id AND n.ordinal > 0
    )::text, '[]') AS aliases,
    coalesce((
        SELECT json_agg(json_build_array(c.sha256, c.pem, c.role, c.may_connect, c.may_seal) ORDER BY c.ordinal)
        FROM agency_certificates AS c WHERE c.agency_id = a.agency_id
    )::text, '[]') AS certificates
FROM agencies AS a;

-- A group as it is read: as many columns as an agency, of which the last is null.
CREATE VIEW registered_groups AS
SELECT
    version, group_id, name, active, owner_id, members, categories, NULL::bigint AS of_agencies_1,
    NULL::text AS of_agencies_2, NULL::text AS of_agencies_3, NULL::bigint AS of_agencies_4,
    NULL::bigint AS of_agencies_5, NULL::text AS of_agencies_6, NULL::text AS of_agencies_7
FROM groups;
