-- +goose Up
-- +goose StatementBegin

-- What hearing a recording found to be wrong with its sound: names joined by commas.
ALTER TABLE recordings ADD COLUMN defects TEXT NOT NULL DEFAULT '';
-- How often a file that goes on further took the place of the one before.
ALTER TABLE recordings ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0;

-- What a recording was before, and what was made of it.
CREATE TABLE recording_versions (
    recording_id TEXT    NOT NULL REFERENCES recordings (id),
    version      INTEGER NOT NULL, -- counted from 1
    audio        TEXT    NOT NULL, -- JSON
    sha256       TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    defects      TEXT    NOT NULL,
    verdict      TEXT, -- JSON; null where it was not judged
    transcript   TEXT, -- JSON of the one that was judged; likewise
    replaced_at  INTEGER NOT NULL,
    PRIMARY KEY (recording_id, version)
) STRICT;
-- +goose StatementEnd
