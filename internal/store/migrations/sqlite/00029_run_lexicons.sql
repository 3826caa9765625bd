-- +goose Up
-- +goose StatementBegin

-- The lexicons of runs that try one which is not in force: they came with the order, and may never be.
CREATE TABLE run_lexicons (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (id),
    source TEXT NOT NULL -- YAML
) STRICT;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE run_lexicons;
-- +goose StatementEnd
