-- +goose Up
-- +goose StatementBegin

-- Who did what to what, when, from where and why: append-only, chained as the ledger is. Nothing
-- in it is a telephone number. What is older than it is kept goes from the front; the anchor then
-- says where the chain begins, with a proof that only the key's owner could make.
CREATE TABLE audit (
    seq     INTEGER NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    origin  TEXT    NOT NULL, -- an address, 'admin socket', or '' for the server itself
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    details TEXT    NOT NULL, -- JSON, texts by name
    key_id  TEXT    NOT NULL, -- of the key that sealed it
    prev    BLOB    NOT NULL CHECK (length(prev) = 32),
    mac     BLOB    NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE INDEX audit_by_actor ON audit (actor, seq);
CREATE INDEX audit_by_subject ON audit (subject, seq) WHERE subject <> '';
CREATE INDEX audit_by_action ON audit (action, seq);

CREATE TABLE audit_anchor (
    only  INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    seq   INTEGER NOT NULL, -- of the last entry that is gone
    mac   BLOB    NOT NULL CHECK (length(mac) = 32), -- its MAC
    proof BLOB    NOT NULL CHECK (length(proof) = 32)
) STRICT;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit record is append-only');
END;

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
WHEN OLD.seq > (SELECT COALESCE(MAX(seq), 0) FROM audit_anchor)
BEGIN
    SELECT RAISE(ABORT, 'the audit record is append-only');
END;

-- Also keeps INSERT OR REPLACE out, which deletes without the trigger above.
CREATE TRIGGER audit_no_gap BEFORE INSERT ON audit
WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), (SELECT MAX(seq) FROM audit_anchor), 0) + 1 FROM audit)
BEGIN
    SELECT RAISE(ABORT, 'the audit record is append-only');
END;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE audit;
DROP TABLE audit_anchor;
-- +goose StatementEnd
