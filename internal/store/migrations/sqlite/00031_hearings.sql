-- +goose Up
-- +goose StatementBegin

-- What a worker heard in a recording that is running, until a server has judged it. It is of the attempt with that
-- number, which the worker with the number holder made; of any other attempt it is worth nothing.
CREATE TABLE hearings (
    recording_id TEXT NOT NULL PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE,
    holder INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    heard TEXT NOT NULL, -- the transcripts, JSON
    made_at INTEGER NOT NULL
) STRICT;
CREATE INDEX hearings_by_age ON hearings (made_at, recording_id);

-- What workers must be to hear for this installation: store.Hears as JSON; '' for nobody.
ALTER TABLE directory ADD COLUMN hears TEXT NOT NULL DEFAULT '';

-- By the former one SQLite found what is kept, too, and then sorted all of it for each portion that is to be erased.
DROP INDEX recordings_kept;
CREATE INDEX recordings_kept ON recordings (size, erased_at) WHERE erased_at IS NULL;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP INDEX recordings_kept;
CREATE INDEX recordings_kept ON recordings (erased_at, size);
DROP TABLE hearings;
ALTER TABLE directory DROP COLUMN hears;
-- +goose StatementEnd
