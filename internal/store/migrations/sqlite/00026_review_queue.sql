-- +goose Up
-- +goose StatementBegin

-- What lists of suspects select by lies beside them. The line and when the call began are read from
-- recording and report, whichever comes, and follow both by the triggers below.
ALTER TABLE suspects ADD COLUMN line TEXT NOT NULL DEFAULT '';
ALTER TABLE suspects ADD COLUMN called_at INTEGER; -- null where nobody said it yet
ALTER TABLE suspects ADD COLUMN decided_by TEXT NOT NULL DEFAULT ''; -- who made the decision that stands
-- Who left it to a supervisor.
ALTER TABLE suspects ADD COLUMN passed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE suspects ADD COLUMN passed_at INTEGER; -- null where nobody did
ALTER TABLE suspects ADD COLUMN pass_note TEXT NOT NULL DEFAULT '';
-- Of a second look that somebody's appeal asks for: who, when, why, and about which decision.
ALTER TABLE suspects ADD COLUMN appealed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE suspects ADD COLUMN appealed_at INTEGER; -- null where there is none
ALTER TABLE suspects ADD COLUMN appeal_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE suspects ADD COLUMN appealed TEXT NOT NULL DEFAULT '';

UPDATE suspects SET
    line = COALESCE((SELECT COALESCE(NULLIF(r.line, ''), (SELECT c.line FROM calls c WHERE c.call_id = r.call_id), '')
        FROM recordings r WHERE r.id = suspects.recording_id), ''),
    called_at = COALESCE((SELECT r.started_at FROM recordings r WHERE r.id = suspects.recording_id),
        (SELECT c.start_at FROM calls c WHERE c.call_id = suspects.call_id)),
    decided_by = COALESCE((SELECT d.made_by FROM decisions d WHERE d.suspect_id = suspects.id AND d.round = suspects.round), '');

-- Whatever a list selects by is in the index, so that what it passes over is not read.
DROP INDEX suspects_by_verdict;
CREATE INDEX suspects_by_verdict ON suspects (verdict, created_at, id, class, blind, score, claim_until, claim_by, agent,
    line, called_at, decided_by, passed_at, passed_by, second_of, appealed_by, number);
DROP INDEX suspects_by_time;
CREATE INDEX suspects_by_time ON suspects (created_at, id, verdict, class, blind, score, claim_until, claim_by, agent,
    line, called_at, decided_by, passed_at, passed_by, second_of, appealed_by, number, kind);
CREATE INDEX suspects_by_agent ON suspects (verdict, agent, created_at, id, claim_until, second_of, appealed_by);
CREATE INDEX suspects_by_line ON suspects (verdict, line, created_at, id, claim_until, second_of, appealed_by);
CREATE INDEX suspects_by_class ON suspects (verdict, class, created_at, id, claim_until, second_of, appealed_by, blind);
CREATE INDEX suspects_by_reviewer ON suspects (verdict, decided_by, created_at, id) WHERE decided_by <> '';
CREATE INDEX suspects_by_score ON suspects (verdict, (CASE WHEN blind = 1 AND verdict = '' THEN 1.0 ELSE score END) DESC,
    created_at, id);
CREATE INDEX suspects_by_number ON suspects (number, verdict, created_at, id);
CREATE INDEX suspects_claimed ON suspects (verdict, claim_until, id) WHERE claim_until IS NOT NULL AND verdict = '';
CREATE INDEX suspects_passed ON suspects (verdict, passed_at, id) WHERE passed_at IS NOT NULL AND verdict = '';
-- In the order in which they are counted, so that nothing is sorted for that.
CREATE INDEX suspects_counted ON suspects (verdict, class, blind, created_at, id, score, claim_until, claim_by, agent, line,
    called_at, decided_by, passed_at, second_of, appealed_by);
CREATE INDEX suspects_of_call ON suspects (call_id);
CREATE INDEX suspects_by_short_id ON suspects (SUBSTR(id, 21));
-- For the number on which somebody decided last.
CREATE INDEX decisions_by_reviewer ON decisions (made_by, made_at);

CREATE TRIGGER suspects_inserted AFTER INSERT ON suspects
BEGIN
    UPDATE suspects SET
        line = COALESCE((SELECT COALESCE(NULLIF(r.line, ''), (SELECT c.line FROM calls c WHERE c.call_id = r.call_id), '')
            FROM recordings r WHERE r.id = NEW.recording_id), ''),
        called_at = COALESCE((SELECT r.started_at FROM recordings r WHERE r.id = NEW.recording_id),
            (SELECT c.start_at FROM calls c WHERE c.call_id = NEW.call_id))
        WHERE id = NEW.id;
END;

CREATE TRIGGER suspects_reported AFTER INSERT ON calls
BEGIN
    UPDATE suspects SET
        line = COALESCE((SELECT NULLIF(r.line, '') FROM recordings r WHERE r.id = recording_id), NEW.line),
        called_at = COALESCE((SELECT r.started_at FROM recordings r WHERE r.id = recording_id), NEW.start_at)
        WHERE call_id = NEW.call_id;
END;

CREATE TRIGGER suspects_corrected AFTER UPDATE OF line, start_at ON calls
    WHEN NEW.line <> OLD.line OR NEW.start_at <> OLD.start_at
BEGIN
    UPDATE suspects SET
        line = COALESCE((SELECT NULLIF(r.line, '') FROM recordings r WHERE r.id = recording_id), NEW.line),
        called_at = COALESCE((SELECT r.started_at FROM recordings r WHERE r.id = recording_id), NEW.start_at)
        WHERE call_id = NEW.call_id;
END;

CREATE TRIGGER suspects_recorded AFTER UPDATE OF line, started_at ON recordings
    WHEN NEW.line <> OLD.line OR NEW.started_at IS NOT OLD.started_at
BEGIN
    UPDATE suspects SET
        line = COALESCE(NULLIF(NEW.line, ''), (SELECT c.line FROM calls c WHERE c.call_id = NEW.call_id), ''),
        called_at = COALESCE(NEW.started_at, (SELECT c.start_at FROM calls c WHERE c.call_id = suspects.call_id))
        WHERE recording_id = NEW.id;
END;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TRIGGER suspects_recorded;
DROP TRIGGER suspects_corrected;
DROP TRIGGER suspects_reported;
DROP TRIGGER suspects_inserted;
DROP INDEX decisions_by_reviewer;
DROP INDEX suspects_by_short_id;
DROP INDEX suspects_of_call;
DROP INDEX suspects_counted;
DROP INDEX suspects_passed;
DROP INDEX suspects_claimed;
DROP INDEX suspects_by_number;
DROP INDEX suspects_by_score;
DROP INDEX suspects_by_reviewer;
DROP INDEX suspects_by_class;
DROP INDEX suspects_by_line;
DROP INDEX suspects_by_agent;
DROP INDEX suspects_by_verdict;
DROP INDEX suspects_by_time;
ALTER TABLE suspects DROP COLUMN appealed;
ALTER TABLE suspects DROP COLUMN appeal_reason;
ALTER TABLE suspects DROP COLUMN appealed_at;
ALTER TABLE suspects DROP COLUMN appealed_by;
ALTER TABLE suspects DROP COLUMN pass_note;
ALTER TABLE suspects DROP COLUMN passed_at;
ALTER TABLE suspects DROP COLUMN passed_by;
ALTER TABLE suspects DROP COLUMN decided_by;
ALTER TABLE suspects DROP COLUMN called_at;
ALTER TABLE suspects DROP COLUMN line;
CREATE INDEX suspects_by_time ON suspects (created_at, id);
CREATE INDEX suspects_by_verdict ON suspects (verdict, created_at, id);
-- +goose StatementEnd
