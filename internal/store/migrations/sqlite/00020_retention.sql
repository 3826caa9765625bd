-- +goose Up
-- +goose StatementBegin

-- When a recording's audio was erased, null while it is kept, and whether what was heard in it
-- was. Both are set before anything goes.
ALTER TABLE recordings ADD COLUMN erased_at INTEGER;
ALTER TABLE recordings ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1));
-- What may become due, the oldest first.
CREATE INDEX recordings_with_audio ON recordings (created_at, id) WHERE erased_at IS NULL;
CREATE INDEX recordings_with_text ON recordings (created_at, id) WHERE forgotten = 0;
-- For deletions: what refers to a recording, and to a freeze's later entries.
CREATE INDEX suspects_of_recording ON suspects (recording_id);
CREATE INDEX run_changes_of_recording ON run_changes (recording_id);
CREATE INDEX ledger_extensions ON ledger (freeze_id) WHERE kind = 'extend';
CREATE INDEX complaints_by_creation ON complaints (created_at);

-- Recordings whose audio is being erased: noted here first, then the files go, then the rows. A
-- start goes on with what it finds.
CREATE TABLE doomed (
    recording_id TEXT    NOT NULL PRIMARY KEY,
    whole        INTEGER NOT NULL CHECK (whole IN (0, 1)), -- 1 where the recording goes, 0 where its audio alone does
    size         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Calls and recordings that were erased, so that they are not taken in again: by the keyed hash of
-- the call's id and the recording's part.
CREATE TABLE gone (
    name BLOB    NOT NULL PRIMARY KEY,
    id   TEXT    NOT NULL, -- the recording's; '' for a call
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX gone_recordings ON gone (id) WHERE id <> '';

-- Legal holds: what they are about is not erased while they stand.
CREATE TABLE holds (
    id          TEXT    NOT NULL PRIMARY KEY,
    number      INTEGER, -- null where it is about a call or a time, or was released
    call_id     TEXT,    -- likewise
    from_at     INTEGER, -- likewise
    until_at    INTEGER,
    reason      TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    released_at INTEGER, -- null while it stands
    released_by TEXT,
    release     TEXT     -- why
) STRICT;
CREATE INDEX holds_standing ON holds (id) WHERE released_at IS NULL;

-- People who were erased, by the keyed hash of their number.
CREATE TABLE erasures (
    id         TEXT    NOT NULL PRIMARY KEY,
    number     INTEGER, -- until it is done
    number_mac BLOB    NOT NULL,
    at         INTEGER NOT NULL,
    done_at    INTEGER, -- null while it is under way
    tally      TEXT    NOT NULL DEFAULT '' -- JSON
) STRICT;
-- +goose StatementEnd
