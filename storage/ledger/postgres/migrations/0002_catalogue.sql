-- What dispatches are found by: made from the ledger, behind its commits, and made anew when its form changes.

CREATE TABLE catalogue (
    position bigint PRIMARY KEY,
    words tsvector NOT NULL
);

CREATE INDEX catalogue_words ON catalogue USING gin (words);

-- How far it has come: the place of the last delivery, and when the newest dispatch was accepted.
CREATE TABLE catalogued (
    alone boolean PRIMARY KEY DEFAULT true CHECK (alone),
    form integer NOT NULL,
    place bigint NOT NULL,
    accepted_at bigint
) WITH (fillfactor = 10);

INSERT INTO catalogued (form, place) VALUES (0, 0);
