-- +goose Up

-- As in SQLite's migration of the same number.
CREATE TABLE run_lexicons (
    run_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES runs (id),
    source TEXT COLLATE "C" NOT NULL -- YAML
);

-- +goose Down
DROP TABLE run_lexicons;
