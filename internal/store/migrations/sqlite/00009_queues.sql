-- +goose Up
-- +goose StatementBegin

-- Whose turn comes first: 0 live, 1 backlog, 2 rejudge.
ALTER TABLE recordings ADD COLUMN priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 2);
-- What the sender said; else the line is that of the call's report.
ALTER TABLE recordings ADD COLUMN line TEXT NOT NULL DEFAULT '';
-- How long the audio is, for sums.
ALTER TABLE recordings ADD COLUMN length INTEGER NOT NULL DEFAULT 0;
UPDATE recordings SET length = COALESCE(json_extract(audio, '$.frames') * 1000000000
    / NULLIF(json_extract(audio, '$.rate'), 0), 0);
-- 1 while a queued one waits for its pause after a failure to end.
ALTER TABLE recordings ADD COLUMN paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1));

-- To choose what is next of a source, the oldest first; of brief ones (recording.MostBrief), too.
CREATE INDEX recordings_by_turn ON recordings (priority, source, created_at, id)
    WHERE state = 'queued' AND paused = 0;
CREATE INDEX recordings_brief_by_turn ON recordings (source, created_at, id)
    WHERE state = 'queued' AND paused = 0 AND priority = 0 AND length <= 120000000000;
-- For the age of the oldest that waits.
CREATE INDEX recordings_by_age ON recordings (priority, created_at) WHERE state = 'queued';
-- For those that were given up, by why.
CREATE INDEX recordings_parked ON recordings (problem_reason, created_at, id) WHERE state = 'parked';
CREATE INDEX recordings_by_source ON recordings (source, created_at, id);

-- What is queued of each source, counted by the triggers below, so that neither the choice of what
-- is next nor a look at the whole reads what may be 100,000 rows. Rows stay when nothing is queued
-- any more.
CREATE TABLE queues (
    priority INTEGER NOT NULL,
    source   TEXT    NOT NULL,
    waiting  INTEGER NOT NULL, -- all that is queued
    ready    INTEGER NOT NULL, -- without what pauses
    brief    INTEGER NOT NULL, -- of these
    length   INTEGER NOT NULL, -- of all that is queued
    turn     INTEGER NOT NULL, -- the least has waited longest for its turn
    PRIMARY KEY (priority, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX queues_by_turn ON queues (priority, turn) WHERE ready > 0;
INSERT INTO queues
    SELECT priority, source, COUNT(*), COUNT(*), SUM(priority = 0 AND length <= 120000000000), SUM(length),
        ROW_NUMBER() OVER (ORDER BY MIN(created_at))
    FROM recordings WHERE state = 'queued' GROUP BY priority, source;

-- Who begins to have something ready comes behind all others that have.
CREATE TRIGGER queues_insert AFTER INSERT ON recordings WHEN NEW.state = 'queued'
BEGIN
    INSERT INTO queues VALUES (NEW.priority, NEW.source, 1, NEW.paused = 0,
        NEW.paused = 0 AND NEW.priority = 0 AND NEW.length <= 120000000000, NEW.length,
        (SELECT COALESCE(MAX(turn), 0) + 1 FROM queues WHERE priority = NEW.priority AND ready > 0))
    ON CONFLICT (priority, source) DO UPDATE SET waiting = waiting + 1, ready = ready + excluded.ready,
        brief = brief + excluded.brief, length = length + excluded.length,
        turn = CASE WHEN ready = 0 THEN excluded.turn ELSE turn END;
END;

CREATE TRIGGER queues_enter AFTER UPDATE OF state, paused, priority, source, length ON recordings
WHEN NEW.state = 'queued'
BEGIN
    INSERT INTO queues VALUES (NEW.priority, NEW.source, 1, NEW.paused = 0,
        NEW.paused = 0 AND NEW.priority = 0 AND NEW.length <= 120000000000, NEW.length,
        (SELECT COALESCE(MAX(turn), 0) + 1 FROM queues WHERE priority = NEW.priority AND ready > 0))
    ON CONFLICT (priority, source) DO UPDATE SET waiting = waiting + 1, ready = ready + excluded.ready,
        brief = brief + excluded.brief, length = length + excluded.length,
        turn = CASE WHEN ready = 0 THEN excluded.turn ELSE turn END;
END;

CREATE TRIGGER queues_leave AFTER UPDATE OF state, paused, priority, source, length ON recordings
WHEN OLD.state = 'queued'
BEGIN
    UPDATE queues SET waiting = waiting - 1, ready = ready - (OLD.paused = 0),
        brief = brief - (OLD.paused = 0 AND OLD.priority = 0 AND OLD.length <= 120000000000),
        length = length - OLD.length
    WHERE priority = OLD.priority AND source = OLD.source;
END;

CREATE TRIGGER queues_delete AFTER DELETE ON recordings WHEN OLD.state = 'queued'
BEGIN
    UPDATE queues SET waiting = waiting - 1, ready = ready - (OLD.paused = 0),
        brief = brief - (OLD.paused = 0 AND OLD.priority = 0 AND OLD.length <= 120000000000),
        length = length - OLD.length
    WHERE priority = OLD.priority AND source = OLD.source;
END;
-- +goose StatementEnd
