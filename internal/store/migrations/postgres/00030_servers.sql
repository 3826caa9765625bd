-- +goose Up

-- Which of several servers is at a recording that is running, by the number under which it is present; 0 where
-- there is one alone.
ALTER TABLE recordings ADD COLUMN holder BIGINT NOT NULL DEFAULT 0;
