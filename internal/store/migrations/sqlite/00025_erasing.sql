-- +goose Up
-- +goose StatementBegin

-- What is known of a number is found without looking through all that is kept: legal holds ask for it within
-- the transactions that erase, and so does whoever is erased.
CREATE INDEX recordings_by_number ON recordings (number);
CREATE INDEX ledger_by_number ON ledger (number_mac);
CREATE INDEX ledger_personal_by_number ON ledger_personal (number) WHERE number IS NOT NULL;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP INDEX ledger_personal_by_number;
DROP INDEX ledger_by_number;
DROP INDEX recordings_by_number;
-- +goose StatementEnd
