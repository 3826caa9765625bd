-- +goose Up
-- +goose StatementBegin

-- Keys, by which programs say who they are. Revoked ones stay, so that the record of what they did
-- can be read; a name is never given twice.
CREATE TABLE access_keys (
    id              TEXT    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    role            TEXT    NOT NULL,
    lines           TEXT    NOT NULL, -- JSON: the lines that it is for, [] for all
    acts_for_others INTEGER NOT NULL, -- 1 where the actor that it names is believed
    created_at      INTEGER NOT NULL,
    created_by      TEXT    NOT NULL,
    expires_at      INTEGER,
    revoked_at      INTEGER,
    revoked_by      TEXT    NOT NULL DEFAULT ''
) STRICT;

-- What is sent for a key: several while an old one and its successor both work. What is stored can't
-- be sent: it is a hash.
CREATE TABLE access_secrets (
    prefix     TEXT    NOT NULL PRIMARY KEY, -- how the secret begins, which tells it from others
    key_id     TEXT    NOT NULL REFERENCES access_keys (id),
    hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256
    created_at INTEGER NOT NULL,
    ends_at    INTEGER, -- where a successor took its place
    used_at    INTEGER
) STRICT;

CREATE INDEX access_secrets_by_key ON access_secrets (key_id);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE access_secrets;
DROP TABLE access_keys;
-- +goose StatementEnd
