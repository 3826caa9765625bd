-- +goose Up
-- +goose StatementBegin

-- A recording has one suspect, or one sample, and beside it perhaps a second look. SQLite can't
-- drop a UNIQUE, so the table is made anew with its old contents; the decisions that refer to it
-- wait for the commit.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE suspects_of_old AS SELECT * FROM suspects;
DROP TABLE suspects;

CREATE TABLE suspects (
    id           TEXT    NOT NULL PRIMARY KEY,
    recording_id TEXT    NOT NULL REFERENCES recordings (id),
    call_id      TEXT    NOT NULL,
    part         TEXT    NOT NULL,
    agent        TEXT    NOT NULL,
    hits         TEXT    NOT NULL, -- JSON
    score        REAL    NOT NULL,
    class        TEXT    NOT NULL,
    lexicon      TEXT    NOT NULL,
    round        INTEGER NOT NULL,
    claim_by     TEXT, -- null where nobody claimed
    claim_until  INTEGER,
    verdict      TEXT    NOT NULL DEFAULT '' CHECK (verdict IN ('', 'confirmed', 'dismissed')),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    number       INTEGER NOT NULL DEFAULT 0,
    freeze_from  INTEGER, -- null for the moment of the decision
    kind         TEXT    NOT NULL DEFAULT '' CHECK (kind IN ('', 'sample', 'second')),
    blind        INTEGER NOT NULL DEFAULT 0 CHECK (blind IN (0, 1)), -- what was found is hidden until it is decided
    day          TEXT    NOT NULL DEFAULT '', -- of blind_days; '' where samples were not taken
    second_of    TEXT REFERENCES suspects (id) CHECK ((kind = 'second') = (second_of IS NOT NULL))
) STRICT;
INSERT INTO suspects (id, recording_id, call_id, part, agent, hits, score, class, lexicon, round, claim_by, claim_until,
        verdict, created_at, updated_at, revision, number, freeze_from)
    SELECT id, recording_id, call_id, part, agent, hits, score, class, lexicon, round, claim_by, claim_until,
        verdict, created_at, updated_at, revision, number, freeze_from
    FROM suspects_of_old;
DROP TABLE suspects_of_old;
CREATE INDEX suspects_by_verdict ON suspects (verdict, created_at, id);
CREATE INDEX suspects_by_time ON suspects (created_at, id);
CREATE INDEX suspects_by_day ON suspects (day, kind, verdict) WHERE day <> '';
CREATE UNIQUE INDEX suspects_by_recording ON suspects (recording_id) WHERE kind <> 'second';
CREATE UNIQUE INDEX suspects_by_second ON suspects (second_of) WHERE second_of IS NOT NULL;

-- How many calls a day's samples stand for, by the day of the rules' zone on which they were judged.
CREATE TABLE blind_days (
    day      TEXT    NOT NULL PRIMARY KEY, -- 2026-03-02
    skipped  INTEGER NOT NULL, -- answered calls without a suspect before the first that could be chosen
    eligible INTEGER NOT NULL, -- answered calls without a suspect among which was chosen
    expected REAL    NOT NULL, -- how many of them chance chooses
    samples  INTEGER NOT NULL, -- how many were chosen
    suspects INTEGER NOT NULL  -- suspects that were found among the same calls
) STRICT, WITHOUT ROWID;
-- +goose StatementEnd
