-- +goose Up

-- Who may write: the number that the server chose which works with the database alone, 0 where servers work side by
-- side. Each transaction that writes reads it with the row's lock; see fence.go.
ALTER TABLE writer ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
