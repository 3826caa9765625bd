-- +goose Up
-- +goose StatementBegin
CREATE TABLE lexicon_activations (
    id           TEXT    NOT NULL PRIMARY KEY,
    version      TEXT    NOT NULL,
    source       TEXT    NOT NULL, -- YAML
    actor        TEXT    NOT NULL,
    activated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX lexicon_activations_by_time ON lexicon_activations (activated_at, id);
CREATE INDEX lexicon_activations_by_version ON lexicon_activations (version, activated_at);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE lexicon_activations;
-- +goose StatementEnd
