-- +goose Up
-- +goose StatementBegin

-- Set while a line is taken for failing: it then takes more to be trusted again than it took to
-- fail, so that a share around the limit doesn't turn with every report. What was counted before
-- is judged as it was until something is counted anew. Calls without a line share none any more.
ALTER TABLE line_slots ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
DELETE FROM line_slots WHERE line = '';
-- +goose StatementEnd
