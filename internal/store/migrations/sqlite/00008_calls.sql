-- +goose Up
-- +goose StatementBegin

-- Set where nobody said how long an answered call was: its talk is 0 then, and means nothing.
-- Of calls from before it isn't known whether somebody said it; they stay as they were counted.
ALTER TABLE calls ADD COLUMN talk_unknown INTEGER NOT NULL DEFAULT 0;
-- Set where the source said that the number stands for whoever uses it just now.
ALTER TABLE calls ADD COLUMN virtual INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recordings ADD COLUMN virtual INTEGER NOT NULL DEFAULT 0;
-- +goose StatementEnd
