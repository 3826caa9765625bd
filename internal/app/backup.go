package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/recording"
)

// Databases does what backups do with database files: backup.Database.
type Databases struct{}

// Copy implements backup.Database.
func (Databases) Copy(
	ctx context.Context, from, to string, progress func(done, whole int64),
) error {
	return store.Copy(ctx, from, to, progress)
}

// Describe implements backup.Database.
func (Databases) Describe(ctx context.Context, path string) (backup.About, error) {
	i, err := store.Inspect(ctx, path, 0)
	if err == nil && i.Schema == 0 {
		err = fmt.Errorf("%s is no database of Refrain: it has no tables", path)
	}
	return backup.About{Directory: i.Directory, Key: i.Key, Schema: i.Schema, Entries: i.Entries,
		Head: i.Head.String()}, err
}

// EachAudio implements backup.Database.
func (Databases) EachAudio(
	ctx context.Context, path string, visit func(backup.Audio) error,
) error {
	return store.EachAudio(ctx, path, func(a store.Audio) error {
		return visit(backup.Audio{ID: string(a.ID), SHA256: a.SHA256, Size: a.Size})
	})
}

// SignOut implements backup.Database.
func (Databases) SignOut(ctx context.Context, path string) error { return store.SignOut(ctx, path) }

// TakeAccess implements backup.Database.
func (Databases) TakeAccess(ctx context.Context, path, from string) error {
	return store.TakeAccess(ctx, path, from)
}

// EachAdmitted implements backup.Database.
func (Databases) EachAdmitted(
	ctx context.Context, path string, now time.Time, visit func(backup.Admitted) error,
) error {
	return store.EachAdmitted(ctx, path, now, func(a store.Admitted) error {
		kind := "key"
		if a.Person {
			kind = "user"
		}
		return visit(backup.Admitted{Kind: kind, Name: a.Name, Role: a.Role, Lines: a.Lines, Tokens: a.Tokens})
	})
}

// Check implements backup.Database. The ledger of a database that an earlier program made is
// verified on a copy, whose tables are brought up to date.
func (Databases) Check(ctx context.Context, path string, secrets [][]byte) ([]string, error) {
	keys, err := keysOf(ctx, path, secrets)
	if err != nil {
		return nil, err
	}
	var wrong []string
	v, proven, err := store.Check(ctx, path, keys, func(what string) {
		wrong = append(wrong, "the database is damaged: "+what)
	})
	if err == nil && !proven && keys.Valid() && len(wrong) == 0 {
		v, err = proveOlder(ctx, path, keys)
	}
	for _, f := range v.Findings {
		wrong = append(wrong, f.Error())
	}
	return wrong, err
}

// keysOf are the keys as they were when the database was copied; the zero Keys without secrets.
func keysOf(ctx context.Context, path string, secrets [][]byte) (freeze.Keys, error) {
	if secrets == nil {
		return freeze.Keys{}, nil
	}
	keys, err := freeze.NewKeys(secrets...)
	if err != nil {
		return keys, err
	}
	is, err := store.Inspect(ctx, path, 0)
	if err != nil {
		return keys, err
	}
	if then, ok := keys.At(is.Key); ok {
		keys = then
	}
	for _, id := range is.Former {
		if _, ok := keys.At(id); !ok {
			return keys, fmt.Errorf("the key lacks the generation %s, which a part of the ledger was sealed with", id)
		}
	}
	return keys, nil
}

// proveOlder verifies the ledger of a database whose tables are of an earlier version.
func proveOlder(
	ctx context.Context, path string, keys freeze.Keys,
) (v freeze.Verification, err error) {
	dir, err := os.MkdirTemp("", "refrain-verify-*")
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	to := filepath.Join(dir, "copy.db")
	if err := store.Copy(ctx, path, to, func(int64, int64) {}); err != nil {
		return v, err
	}
	db, err := store.Open(ctx, to, store.Options{Keys: keys, Now: time.Now, Enqueue: nothing})
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Freezes.Verify(ctx, freeze.MAC{})
}

func nothing(context.Context, store.Tx, recording.Recording) error { return nil }
