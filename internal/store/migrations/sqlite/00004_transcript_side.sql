-- +goose Up
-- +goose StatementBegin

-- A transcript is of one track. Those of old are the customer's. The verdict names the
-- transcript that it rests on, so both tables are made anew.
CREATE TABLE transcripts_by_side (
    recording_id TEXT    NOT NULL REFERENCES recordings (id),
    side         TEXT    NOT NULL CHECK (side IN ('customer', 'agent')),
    settings_key TEXT    NOT NULL,
    transcript   TEXT    NOT NULL, -- JSON
    made_at      INTEGER NOT NULL,
    PRIMARY KEY (recording_id, side, settings_key)
) STRICT;
INSERT INTO transcripts_by_side SELECT recording_id, 'customer', settings_key, transcript, made_at FROM transcripts;

CREATE TABLE judgements_by_side (
    recording_id TEXT    NOT NULL PRIMARY KEY,
    side         TEXT    NOT NULL, -- of the transcript that was judged
    settings_key TEXT    NOT NULL, -- likewise
    lexicon      TEXT    NOT NULL,
    score        REAL    NOT NULL,
    suspect      INTEGER NOT NULL CHECK (suspect IN (0, 1)),
    verdict      TEXT    NOT NULL, -- JSON
    made_at      INTEGER NOT NULL,
    FOREIGN KEY (recording_id, side, settings_key) REFERENCES transcripts_by_side (recording_id, side, settings_key)
) STRICT;
INSERT INTO judgements_by_side SELECT recording_id, 'customer', settings_key, lexicon, score, suspect, verdict, made_at
    FROM judgements;

DROP TABLE judgements;
DROP TABLE transcripts;
ALTER TABLE transcripts_by_side RENAME TO transcripts;
ALTER TABLE judgements_by_side RENAME TO judgements;
-- +goose StatementEnd
