-- +goose Up
-- +goose StatementBegin

-- Which of several servers is at a recording that is running, by the number under which it is present; 0 where
-- there is one alone.
ALTER TABLE recordings ADD COLUMN holder INTEGER NOT NULL DEFAULT 0;
-- +goose StatementEnd
