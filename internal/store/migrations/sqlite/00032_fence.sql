-- +goose Up

-- PostgreSQL's alone: here the file's directory is locked.
SELECT 1;
