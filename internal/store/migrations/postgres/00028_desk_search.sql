-- +goose Up

-- As in SQLite's migration of the same number.
CREATE INDEX recordings_by_tail ON recordings ((number % 10000), number);
CREATE INDEX ledger_personal_by_tail ON ledger_personal ((number % 10000), number) WHERE number IS NOT NULL;
DROP INDEX complaints_by_time;
CREATE INDEX complaints_by_time ON complaints (at, id);
CREATE INDEX suspects_by_holder ON suspects (claim_by, id) WHERE claim_by IS NOT NULL AND verdict = '';
CREATE INDEX decisions_reversed ON decisions (made_by, suspect_id) WHERE reversed_at IS NOT NULL;

-- +goose Down
DROP INDEX decisions_reversed;
DROP INDEX suspects_by_holder;
DROP INDEX complaints_by_time;
CREATE INDEX complaints_by_time ON complaints (at);
DROP INDEX ledger_personal_by_tail;
DROP INDEX recordings_by_tail;
