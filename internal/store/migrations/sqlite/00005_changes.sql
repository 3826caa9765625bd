-- +goose Up
-- +goose StatementBegin

-- What transactions changed, numbered in the order of their commits, so that whoever keeps
-- a copy elsewhere can go on from a number. Old rows are pruned: who comes later than that
-- starts from a fresh copy.
CREATE TABLE changes (
    seq    INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- never given twice, also after pruning
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    id     TEXT    NOT NULL, -- of the freeze, entry, activation or recording; '' for denials
    number INTEGER -- whose denials changed, as its digits; null for the others
) STRICT;

-- The order in which versions came into force, whatever the clock said.
ALTER TABLE rule_activations ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE rule_activations SET seq = rowid;
CREATE UNIQUE INDEX rule_activations_by_seq ON rule_activations (seq);
ALTER TABLE lexicon_activations ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE lexicon_activations SET seq = rowid;
CREATE UNIQUE INDEX lexicon_activations_by_seq ON lexicon_activations (seq);
-- +goose StatementEnd
