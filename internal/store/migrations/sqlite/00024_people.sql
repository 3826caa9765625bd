-- +goose Up
-- +goose StatementBegin

-- People who sign in. They stay when they are disabled, so that the record of what they did can be read; a
-- name is never given twice, nor to a key.
CREATE TABLE access_users (
    id             TEXT    NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    role           TEXT    NOT NULL,
    lines          TEXT    NOT NULL, -- JSON: the lines that he may ask about, [] for all
    created_at     INTEGER NOT NULL,
    created_by     TEXT    NOT NULL,
    password       TEXT    NOT NULL DEFAULT '', -- Argon2id, as a PHC string; '' where a provider vouches for him
    subject        TEXT             UNIQUE, -- what the provider knows him by
    disabled_at    INTEGER,
    disabled_by    TEXT    NOT NULL DEFAULT '',
    totp           BLOB, -- the secret of his authenticator, sealed
    totp_confirmed INTEGER NOT NULL DEFAULT 0, -- 1 where he is asked for codes
    totp_used      INTEGER NOT NULL DEFAULT 0 -- the step of the last code that was taken
) STRICT;

-- Their sessions. What is stored can't be sent: it is a hash.
CREATE TABLE access_sessions (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256
    user_id    TEXT    NOT NULL REFERENCES access_users (id),
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    origin     TEXT    NOT NULL
) STRICT;

CREATE INDEX access_sessions_by_user ON access_sessions (user_id);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE access_sessions;
DROP TABLE access_users;
-- +goose StatementEnd
