-- +goose Up

-- As in SQLite's migration of the same number.
CREATE TABLE hearings (
    recording_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE DEFERRABLE,
    holder BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    heard TEXT COLLATE "C" NOT NULL, -- JSON
    made_at BIGINT NOT NULL
);
CREATE INDEX hearings_by_age ON hearings (made_at, recording_id);
ALTER TABLE directory ADD COLUMN hears TEXT COLLATE "C" NOT NULL DEFAULT '';

DROP INDEX recordings_kept;
CREATE INDEX recordings_kept ON recordings (size, erased_at) WHERE erased_at IS NULL;

-- +goose Down
DROP INDEX recordings_kept;
CREATE INDEX recordings_kept ON recordings (erased_at, size);
DROP TABLE hearings;
ALTER TABLE directory DROP COLUMN hears;
