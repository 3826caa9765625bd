-- +goose Up
-- +goose StatementBegin

-- The latest occasion on which a parked recording was taken up by itself, such as a program and a
-- model: on each it is once.
ALTER TABLE recordings ADD COLUMN taken_up TEXT NOT NULL DEFAULT '';
-- +goose StatementEnd
