-- +goose Up
-- +goose StatementBegin

-- Numbers are kept as the digits of their E.164 form everywhere, as in calls: half as long
-- as the text, and comparable without conversion.

ALTER TABLE recordings ADD COLUMN digits INTEGER NOT NULL DEFAULT 0;
UPDATE recordings SET digits = CAST(SUBSTR(number, 2) AS INTEGER);
ALTER TABLE recordings DROP COLUMN number;
ALTER TABLE recordings RENAME COLUMN digits TO number;

ALTER TABLE suspects ADD COLUMN digits INTEGER NOT NULL DEFAULT 0;
UPDATE suspects SET digits = CAST(SUBSTR(number, 2) AS INTEGER);
ALTER TABLE suspects DROP COLUMN number;
ALTER TABLE suspects RENAME COLUMN digits TO number;

-- Null where the number had been erased before the entry was made.
ALTER TABLE ledger_personal ADD COLUMN digits INTEGER;
UPDATE ledger_personal SET digits = CAST(SUBSTR(number, 2) AS INTEGER) WHERE number <> '';
ALTER TABLE ledger_personal DROP COLUMN number;
ALTER TABLE ledger_personal RENAME COLUMN digits TO number;

-- The number is part of a key here, so the table is made anew.
CREATE TABLE complaints_anew (
    id         TEXT    NOT NULL PRIMARY KEY,
    number     INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    source     TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    freeze_id  TEXT    NOT NULL REFERENCES freezes (id),
    created_at INTEGER NOT NULL,
    UNIQUE (number, at, source)
) STRICT;
INSERT INTO complaints_anew SELECT id, CAST(SUBSTR(number, 2) AS INTEGER), at, source, text, actor, freeze_id, created_at FROM complaints;
DROP TABLE complaints;
ALTER TABLE complaints_anew RENAME TO complaints;
CREATE INDEX complaints_by_time ON complaints (at);
-- +goose StatementEnd
