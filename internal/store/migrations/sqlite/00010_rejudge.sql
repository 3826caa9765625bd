-- +goose Up
-- +goose StatementBegin

-- When the freeze of a confirmation begins, where the call was judged long after it; null for
-- the moment of the decision.
ALTER TABLE suspects ADD COLUMN freeze_from INTEGER;
-- When the freeze of a confirmation would have ended that was not opened, as that was over.
ALTER TABLE decisions ADD COLUMN over_at INTEGER;
-- Counts a recording's verdicts, so that whoever judged by an older one finds out.
ALTER TABLE judgements ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- Runs that judge recordings again.
CREATE TABLE runs (
    id         TEXT    NOT NULL PRIMARY KEY,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'opening', 'done', 'cancelled', 'failed')),
    selection  TEXT    NOT NULL, -- JSON
    apply      INTEGER NOT NULL CHECK (apply IN (0, 1)),
    speech     INTEGER NOT NULL CHECK (speech IN (0, 1)),
    per_day    INTEGER NOT NULL,
    lexicon    TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    problem    TEXT    NOT NULL,
    cursor     TEXT    NOT NULL, -- the last recording that is done with
    last       TEXT    NOT NULL, -- the recording with which the run ends
    total      INTEGER NOT NULL,
    done       INTEGER NOT NULL,
    tally      TEXT    NOT NULL, -- JSON
    created_at INTEGER NOT NULL,
    started_at INTEGER, -- null before
    ended_at   INTEGER, -- likewise
    updated_at INTEGER NOT NULL,
    revision   INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_by_state ON runs (state, id);

-- What a run found to change.
CREATE TABLE run_changes (
    run_id       TEXT    NOT NULL REFERENCES runs (id),
    recording_id TEXT    NOT NULL REFERENCES recordings (id),
    kind         TEXT    NOT NULL CHECK (kind IN ('gained', 'lost', 'class', 'failed')),
    fate         TEXT    NOT NULL CHECK (fate IN ('reported', 'applied', 'waiting', 'kept', 'outdated', 'dropped')),
    class        TEXT    NOT NULL,
    class_before TEXT    NOT NULL,
    score        REAL    NOT NULL,
    score_before REAL    NOT NULL,
    text         TEXT    NOT NULL,
    basis        INTEGER NOT NULL, -- the revision of the judgement before
    verdict      TEXT, -- JSON; null unless it waits
    heard        TEXT, -- JSON of the transcripts; likewise, and null where nothing was heard again
    called_at    INTEGER NOT NULL, -- when the call began
    opened_at    INTEGER, -- when its suspect was opened; null where none was
    PRIMARY KEY (run_id, recording_id)
) STRICT;
-- For what waits, of which most runs have none, and for how many were opened in a day.
CREATE INDEX run_changes_waiting ON run_changes (run_id, recording_id) WHERE fate = 'waiting';
CREATE INDEX run_changes_opened ON run_changes (opened_at) WHERE opened_at IS NOT NULL;
-- +goose StatementEnd
