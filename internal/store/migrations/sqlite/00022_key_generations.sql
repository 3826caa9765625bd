-- +goose Up
-- +goose StatementBegin
-- The keys that parts of the ledger were sealed with before key_id, the latest first, with a space
-- between them.
ALTER TABLE directory ADD COLUMN former_keys TEXT NOT NULL DEFAULT '';

-- The ledger learns of its key's rotation. SQLite can't change a CHECK, and to make a ledger of
-- millions of entries anew takes long: its documentation gives this way for a constraint that becomes
-- wider (https://sqlite.org/lang_altertable.html).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''disallow'')', '''disallow'', ''rotate-key'')')
    WHERE type = 'table' AND name = 'ledger';
PRAGMA writable_schema = RESET;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
ALTER TABLE directory DROP COLUMN former_keys;
-- +goose StatementEnd
