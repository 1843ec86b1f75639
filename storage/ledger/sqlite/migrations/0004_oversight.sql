-- Who has what in hand, what was set aside, what was seen; and what is found by it.

-- Of deliveries that wait to be handed over. `token` is null when nobody has it in hand any more.
CREATE TABLE leases (
    delivery INTEGER PRIMARY KEY REFERENCES deliveries (place),
    token TEXT,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;

CREATE INDEX tokens ON leases (token) WHERE token IS NOT NULL;

-- What has been handed over or has ended is nobody's to take, so its lease ends with that.
CREATE TRIGGER leases_end AFTER UPDATE OF state ON deliveries
WHEN old.state IN ('consigned', 'fetched') AND new.state NOT IN ('consigned', 'fetched')
BEGIN
    DELETE FROM leases WHERE delivery = new.place;
END;

-- `delivery` is the one set aside, or for an event about the whole dispatch the first one that the agency sees.
CREATE TABLE asides (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    agency_id TEXT NOT NULL,
    delivery INTEGER NOT NULL REFERENCES deliveries (place),
    dispatch INTEGER NOT NULL REFERENCES dispatches (position),
    recipient_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    certificate TEXT NOT NULL,
    UNIQUE (agency_id, dispatch, recipient_id, sequence)
) STRICT;

CREATE INDEX asides_of ON asides (agency_id);
CREATE INDEX asides_about ON asides (delivery);

-- The version of a delivery that its sender, or the agency that receives it, has looked at.
CREATE TABLE acknowledgements (
    agency_id TEXT NOT NULL,
    delivery INTEGER NOT NULL REFERENCES deliveries (place),
    version INTEGER NOT NULL,
    PRIMARY KEY (agency_id, delivery)
) STRICT, WITHOUT ROWID;

-- What an agency looks after and counts is found by itself and a time, without a walk past what is of others or done with.
ALTER TABLE deliveries ADD COLUMN sender_id TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN accepted_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN question_refused_at INTEGER;
UPDATE deliveries SET
    sender_id = (SELECT sender_id FROM dispatches WHERE position = deliveries.dispatch),
    accepted_at = (SELECT accepted_at FROM dispatches WHERE position = deliveries.dispatch);

DROP INDEX queues;
CREATE INDEX queues ON deliveries (mailbox_id, priority DESC) WHERE state IN ('consigned', 'fetched');
CREATE INDEX received ON deliveries (mailbox_id, accepted_at);
CREATE INDEX sent ON dispatches (sender_id, accepted_at);
CREATE INDEX accepted ON dispatches (accepted_at);
CREATE INDEX dues_received ON deliveries (mailbox_id, due) WHERE due IS NOT NULL;
CREATE INDEX dues_sent ON deliveries (sender_id, due) WHERE due IS NOT NULL;
CREATE INDEX questions ON deliveries (mailbox_id) WHERE question_kind IS NOT NULL;
CREATE INDEX endings ON deliveries (sender_id, updated_at) WHERE state IN ('refused', 'expired');
CREATE INDEX expiries ON deliveries (mailbox_id, updated_at) WHERE state = 'expired';
CREATE INDEX questions_refused ON deliveries (sender_id, question_refused_at) WHERE question_refused_at IS NOT NULL;
