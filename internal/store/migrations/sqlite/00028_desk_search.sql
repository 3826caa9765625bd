-- +goose Up
-- +goose StatementBegin

-- Numbers are found by their last digits, of which people have four or more. Calls have no such index, as each costs
-- every report a page: what was recorded, frozen or complained of is enough.
CREATE INDEX recordings_by_tail ON recordings (number % 10000, number);
CREATE INDEX ledger_personal_by_tail ON ledger_personal (number % 10000, number) WHERE number IS NOT NULL;
-- For lists of complaints, from page to page.
DROP INDEX complaints_by_time;
CREATE INDEX complaints_by_time ON complaints (at, id);
-- What a reviewer holds, or held last; and what waits again since a decision of his was taken back.
CREATE INDEX suspects_by_holder ON suspects (claim_by, id) WHERE claim_by IS NOT NULL AND verdict = '';
CREATE INDEX decisions_reversed ON decisions (made_by, suspect_id) WHERE reversed_at IS NOT NULL;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP INDEX decisions_reversed;
DROP INDEX suspects_by_holder;
DROP INDEX complaints_by_time;
CREATE INDEX complaints_by_time ON complaints (at);
DROP INDEX ledger_personal_by_tail;
DROP INDEX recordings_by_tail;
-- +goose StatementEnd
