-- +goose Up
-- +goose StatementBegin

-- The ledger learns of extensions, the allow list, lines and rules. SQLite can't change
-- a CHECK, so the table is made anew with its old contents; who refers to it waits for
-- the commit.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE ledger_of_old AS SELECT * FROM ledger;
DROP TABLE ledger; -- with its triggers

CREATE TABLE ledger (
    seq          INTEGER NOT NULL PRIMARY KEY,
    kind         TEXT    NOT NULL CHECK (kind IN ('freeze', 'extend', 'release', 'allow', 'disallow')),
    freeze_id    TEXT    NOT NULL, -- of the freeze or the entry of the allow list
    at           INTEGER NOT NULL,
    reason       TEXT    NOT NULL, -- of a freeze, or the cause of a release; '' in releases of old
    class        TEXT    NOT NULL,
    until        INTEGER, -- null for no end
    line         TEXT    NOT NULL,
    rule         TEXT    NOT NULL,
    rule_version TEXT    NOT NULL,
    number_mac   BLOB    NOT NULL,
    commitment   BLOB    NOT NULL,
    prev         BLOB    NOT NULL,
    mac          BLOB    NOT NULL
) STRICT;
INSERT INTO ledger SELECT seq, kind, freeze_id, at, reason, class, until, '', '', '', number_mac, commitment, prev, mac
    FROM ledger_of_old ORDER BY seq;
DROP TABLE ledger_of_old;

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

-- Also keeps INSERT OR REPLACE out, which deletes without the trigger above.
CREATE TRIGGER ledger_no_gap BEFORE INSERT ON ledger
WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger)
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

ALTER TABLE freezes ADD COLUMN line TEXT NOT NULL DEFAULT '';
ALTER TABLE freezes ADD COLUMN rule TEXT NOT NULL DEFAULT '';
ALTER TABLE freezes ADD COLUMN rule_version TEXT NOT NULL DEFAULT '';
-- The entry that opened the freeze, or extended it last.
ALTER TABLE freezes ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
-- Why it was released: '' while nobody released it.
ALTER TABLE freezes ADD COLUMN cause TEXT NOT NULL DEFAULT '';
UPDATE freezes SET seq = opened_seq;
-- As their entries of old are read.
UPDATE freezes SET cause = 'released' WHERE released_at IS NOT NULL;
-- For lists by reason, of which some are rare among millions.
CREATE INDEX freezes_by_reason ON freezes (reason, from_at, id);
-- For the figures of releases, of which most freezes have none.
CREATE INDEX freezes_by_release ON freezes (released_at, cause) WHERE released_at IS NOT NULL;

-- Number, actor and note lie in ledger_personal.
CREATE TABLE allows (
    id         TEXT    NOT NULL PRIMARY KEY,
    number_mac BLOB    NOT NULL,
    from_at    INTEGER NOT NULL,
    until_at   INTEGER NOT NULL,
    opened_seq INTEGER NOT NULL UNIQUE REFERENCES ledger (seq),
    ended_at   INTEGER, -- null while nobody ended it before its time
    ended_seq  INTEGER UNIQUE REFERENCES ledger (seq)
) STRICT;
CREATE INDEX allows_by_number ON allows (number_mac);
CREATE INDEX allows_by_time ON allows (from_at, id);

-- There may be 100 million: every index costs each report a page, so there are three.
-- The rows themselves lie in the order of their arrival: a report is appended, and the
-- calls that rules look back on are recent and lie together.
CREATE TABLE calls (
    call_id        TEXT    NOT NULL PRIMARY KEY, -- for reports: is it known?
    number         INTEGER NOT NULL, -- the digits of its E.164 form: half as long as the text, and so is its index
    agent          TEXT    NOT NULL,
    line           TEXT    NOT NULL,
    caller_id      TEXT    NOT NULL,
    start_at       INTEGER NOT NULL,
    outcome        TEXT    NOT NULL, -- '' while it is only reserved
    talk           INTEGER NOT NULL,
    ended_by       TEXT    NOT NULL,
    code           TEXT    NOT NULL,
    revision       INTEGER NOT NULL, -- 0 while it is only reserved
    reserved_until INTEGER, -- null unless it is reserved and not yet reported
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;
-- For rules: the calls of a number around a time.
CREATE INDEX calls_by_number ON calls (number, start_at);
-- For lists and for a line's calls in a slot. The outcome lies beside it so that
-- statistics count without reading a single row.
CREATE INDEX calls_by_time ON calls (start_at, outcome);

-- How many calls of a line were reported in ten minutes, and how many of them rejected:
-- kept with every report, because every call's trust is asked for again and again.
CREATE TABLE line_slots (
    line     TEXT    NOT NULL,
    slot     INTEGER NOT NULL, -- its begin
    attempts INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    PRIMARY KEY (line, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX line_slots_by_time ON line_slots (slot);

CREATE TABLE rule_activations (
    id           TEXT    NOT NULL PRIMARY KEY,
    version      TEXT    NOT NULL,
    source       TEXT    NOT NULL, -- YAML
    actor        TEXT    NOT NULL,
    activated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX rule_activations_by_time ON rule_activations (activated_at, id);
CREATE INDEX rule_activations_by_version ON rule_activations (version, activated_at);

CREATE TABLE complaints (
    id         TEXT    NOT NULL PRIMARY KEY,
    number     TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    source     TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    freeze_id  TEXT    NOT NULL REFERENCES freezes (id),
    created_at INTEGER NOT NULL,
    UNIQUE (number, at, source)
) STRICT;
CREATE INDEX complaints_by_time ON complaints (at);

-- What the gate answered, by the day of the rules' zone.
CREATE TABLE gate_counts (
    day    TEXT    NOT NULL, -- 2026-03-02
    reason TEXT    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (day, reason)
) STRICT, WITHOUT ROWID;
-- +goose StatementEnd
