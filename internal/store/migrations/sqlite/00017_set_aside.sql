-- +goose Up
-- +goose StatementBegin

-- Recordings that gave their part free for another file of the call, and why.
CREATE TABLE recordings_set_aside (
    recording_id TEXT    NOT NULL PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE,
    part         TEXT    NOT NULL, -- that it had
    actor        TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    set_aside_at INTEGER NOT NULL
) STRICT;
-- +goose StatementEnd
