-- +goose Up
-- +goose StatementBegin
-- Whose database this is: the data directory's id, and the name of the key that its ledger
-- is sealed with. Both lie beside the database, too, and are compared at each start.
CREATE TABLE directory (
    only   INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    id     TEXT    NOT NULL,
    key_id TEXT    NOT NULL
) STRICT;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE directory;
-- +goose StatementEnd
