package storetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/recording"
)

// Made gives what copies a database of SQLite, in which there is nothing but its tables, to where there is none yet: to make
// them by the migrations each time would be a tenth of what tests cost. More puts more into it, once; nil for nothing.
func Made(more func(ctx context.Context, db *store.DB) error) func(t testing.TB, path string) {
	made := sync.OnceValues(func() ([]byte, error) { return makeTables(context.Background(), more) })
	return func(t testing.TB, path string) {
		t.Helper()
		file, err := made()
		require.NoError(t, err)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return
		}
		require.NoError(t, err)
		_, err = f.Write(file)
		require.NoError(t, errors.Join(err, f.Close()))
	}
}

// Options are those of a database behind which no queue works, by the clock on the wall.
func Options() (store.Options, error) {
	keys, err := freeze.NewKeys([]byte("a secret that is thirty-two bytes"))
	return store.Options{
		Keys: keys, Now: time.Now,
		Enqueue: func(context.Context, store.Tx, recording.Recording) error { return nil },
	}, err
}

// makeTables is the file of a database with its tables.
func makeTables(ctx context.Context, more func(context.Context, *store.DB) error) (file []byte, err error) {
	dir, err := os.MkdirTemp("", "refrain-tables-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o, err := Options()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "refrain.db")
	db, err := store.Open(ctx, path, o)
	if err != nil {
		return nil, err
	}
	if more != nil {
		err = more(ctx, db)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
