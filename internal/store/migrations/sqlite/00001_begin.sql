-- Times are unix microseconds, durations nanoseconds, ids ULIDs, numbers E.164.

-- +goose Up
-- +goose StatementBegin
CREATE TABLE recordings (
    id               TEXT    NOT NULL PRIMARY KEY,
    call_id          TEXT    NOT NULL,
    part             TEXT    NOT NULL,
    number           TEXT    NOT NULL,
    agent            TEXT    NOT NULL,
    source           TEXT    NOT NULL,
    customer_channel TEXT    NOT NULL,
    started_at       INTEGER, -- null where the recorder did not say
    answer_offset    INTEGER NOT NULL,
    audio            TEXT    NOT NULL, -- JSON
    sha256           TEXT    NOT NULL,
    size             INTEGER NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'parked')),
    problem_reason   TEXT    NOT NULL DEFAULT '',
    problem_message  TEXT    NOT NULL DEFAULT '',
    attempts         INTEGER NOT NULL,
    deaths           INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    revision         INTEGER NOT NULL,
    UNIQUE (call_id, part)
) STRICT;
CREATE INDEX recordings_by_time ON recordings (created_at, id);
CREATE INDEX recordings_by_state ON recordings (state, created_at, id);

CREATE TABLE transcripts (
    recording_id TEXT    NOT NULL REFERENCES recordings (id),
    settings_key TEXT    NOT NULL,
    transcript   TEXT    NOT NULL, -- JSON
    made_at      INTEGER NOT NULL,
    PRIMARY KEY (recording_id, settings_key)
) STRICT;

CREATE TABLE judgements (
    recording_id TEXT    NOT NULL PRIMARY KEY,
    settings_key TEXT    NOT NULL, -- of the transcript that was judged
    lexicon      TEXT    NOT NULL,
    score        REAL    NOT NULL,
    suspect      INTEGER NOT NULL CHECK (suspect IN (0, 1)),
    verdict      TEXT    NOT NULL, -- JSON
    made_at      INTEGER NOT NULL,
    FOREIGN KEY (recording_id, settings_key) REFERENCES transcripts (recording_id, settings_key)
) STRICT;

CREATE TABLE suspects (
    id           TEXT    NOT NULL PRIMARY KEY,
    recording_id TEXT    NOT NULL UNIQUE REFERENCES recordings (id),
    call_id      TEXT    NOT NULL,
    part         TEXT    NOT NULL,
    number       TEXT    NOT NULL,
    agent        TEXT    NOT NULL,
    hits         TEXT    NOT NULL, -- JSON
    score        REAL    NOT NULL,
    class        TEXT    NOT NULL,
    lexicon      TEXT    NOT NULL,
    round        INTEGER NOT NULL,
    claim_by     TEXT, -- null where nobody claimed
    claim_until  INTEGER,
    verdict      TEXT    NOT NULL DEFAULT '' CHECK (verdict IN ('', 'confirmed', 'dismissed')),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    revision     INTEGER NOT NULL
) STRICT;
CREATE INDEX suspects_by_verdict ON suspects (verdict, created_at, id);
CREATE INDEX suspects_by_time ON suspects (created_at, id);

-- The decision that stands is the one of the suspect's round.
CREATE TABLE decisions (
    id              TEXT    NOT NULL PRIMARY KEY,
    suspect_id      TEXT    NOT NULL REFERENCES suspects (id),
    round           INTEGER NOT NULL,
    verdict         TEXT    NOT NULL CHECK (verdict IN ('confirmed', 'dismissed')),
    class           TEXT    NOT NULL,
    made_by         TEXT    NOT NULL,
    made_at         INTEGER NOT NULL,
    note            TEXT    NOT NULL,
    hits            TEXT    NOT NULL, -- JSON
    freeze_id       TEXT    NOT NULL DEFAULT '',
    reversed_by     TEXT, -- null while nobody took it back
    reversed_at     INTEGER,
    reversal_reason TEXT,
    UNIQUE (suspect_id, round)
) STRICT;

-- What was done under a request id, so that its repetition does nothing.
CREATE TABLE requests (
    method     TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    result     TEXT    NOT NULL DEFAULT '',
    made_at    INTEGER NOT NULL,
    PRIMARY KEY (method, request_id)
) STRICT;

CREATE TABLE ledger (
    seq        INTEGER NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('freeze', 'release')),
    freeze_id  TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    class      TEXT    NOT NULL,
    until      INTEGER, -- null for no end
    number_mac BLOB    NOT NULL,
    commitment BLOB    NOT NULL,
    prev       BLOB    NOT NULL,
    mac        BLOB    NOT NULL
) STRICT;

-- Everything the ledger knows of people, and the only place on the side of freezes
-- where it lies: rows may be erased, and the ledger still proves itself.
CREATE TABLE ledger_personal (
    seq      INTEGER NOT NULL PRIMARY KEY REFERENCES ledger (seq),
    number   TEXT    NOT NULL,
    actor    TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    evidence TEXT    NOT NULL, -- JSON
    salt     BLOB    NOT NULL
) STRICT;

CREATE TABLE freezes (
    id           TEXT    NOT NULL PRIMARY KEY,
    number_mac   BLOB    NOT NULL,
    reason       TEXT    NOT NULL,
    class        TEXT    NOT NULL,
    from_at      INTEGER NOT NULL,
    until_at     INTEGER, -- null for no end
    opened_seq   INTEGER NOT NULL UNIQUE REFERENCES ledger (seq),
    released_at  INTEGER, -- null while nobody released it
    released_seq INTEGER UNIQUE REFERENCES ledger (seq)
) STRICT;
CREATE INDEX freezes_by_number ON freezes (number_mac);
CREATE INDEX freezes_by_time ON freezes (from_at, id);

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

-- Also keeps INSERT OR REPLACE out, which deletes without the trigger above.
CREATE TRIGGER ledger_no_gap BEFORE INSERT ON ledger
WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger)
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
-- +goose StatementEnd
