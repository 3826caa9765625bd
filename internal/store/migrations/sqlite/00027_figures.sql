-- +goose Up
-- +goose StatementBegin

-- For how long a reviewer had a suspect; null where he hadn't claimed it, or it was before this was kept.
ALTER TABLE suspects ADD COLUMN claimed_at INTEGER;
ALTER TABLE decisions ADD COLUMN claimed_at INTEGER;

-- What reviewers did in a stretch of time, without reading what they decided on.
CREATE INDEX decisions_by_time ON decisions (made_at, made_by, verdict, reversed_at, round, claimed_at, suspect_id);
CREATE INDEX suspects_by_pass ON suspects (passed_at, passed_by) WHERE passed_at IS NOT NULL;
-- And what agents did and lines had, without reading the calls.
DROP INDEX calls_by_time;
CREATE INDEX calls_by_time ON calls (start_at, outcome, agent, line);
-- How large the recordings are that are kept.
CREATE INDEX recordings_kept ON recordings (erased_at, size);

-- How many suspects there are, kept by the triggers below: the desk watches that, however many wait.
CREATE TABLE suspect_counts (
    verdict TEXT    NOT NULL,
    class   TEXT    NOT NULL,
    blind   INTEGER NOT NULL,
    line    TEXT    NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (verdict, class, blind, line)
) STRICT, WITHOUT ROWID;
INSERT INTO suspect_counts SELECT verdict, class, blind, line, COUNT(*) FROM suspects GROUP BY verdict, class, blind, line;
-- Second looks that wait, of which a reviewer may not take all.
CREATE INDEX suspects_looks ON suspects (verdict, second_of, id) WHERE second_of IS NOT NULL AND verdict = '';

CREATE TRIGGER suspect_counts_insert AFTER INSERT ON suspects
BEGIN
    INSERT INTO suspect_counts VALUES (NEW.verdict, NEW.class, NEW.blind, NEW.line, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER suspect_counts_update AFTER UPDATE OF verdict, class, blind, line ON suspects
    WHEN NEW.verdict <> OLD.verdict OR NEW.class <> OLD.class OR NEW.blind <> OLD.blind OR NEW.line <> OLD.line
BEGIN
    INSERT INTO suspect_counts VALUES (OLD.verdict, OLD.class, OLD.blind, OLD.line, -1)
        ON CONFLICT DO UPDATE SET count = count - 1;
    INSERT INTO suspect_counts VALUES (NEW.verdict, NEW.class, NEW.blind, NEW.line, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER suspect_counts_delete AFTER DELETE ON suspects
BEGIN
    UPDATE suspect_counts SET count = count - 1
        WHERE verdict = OLD.verdict AND class = OLD.class AND blind = OLD.blind AND line = OLD.line;
END;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TRIGGER suspect_counts_delete;
DROP TRIGGER suspect_counts_update;
DROP TRIGGER suspect_counts_insert;
DROP INDEX suspects_looks;
DROP TABLE suspect_counts;
DROP INDEX recordings_kept;
DROP INDEX calls_by_time;
CREATE INDEX calls_by_time ON calls (start_at, outcome);
DROP INDEX suspects_by_pass;
DROP INDEX decisions_by_time;
ALTER TABLE decisions DROP COLUMN claimed_at;
ALTER TABLE suspects DROP COLUMN claimed_at;
-- +goose StatementEnd
