-- +goose Up
-- +goose StatementBegin

-- PostgreSQL's alone: here the file's directory is locked.
SELECT 1;
-- +goose StatementEnd
