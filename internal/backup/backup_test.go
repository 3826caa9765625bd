package backup_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
)

var made = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

func clock() time.Time { return made }

// data is a data directory that is open.
type data struct {
	dir    string
	secret []byte
	db     *store.DB
	blobs  *blob.Dir
	keys   freeze.Keys

	mu  sync.Mutex
	ids []recording.ID
	n   int
}

func open(t *testing.T) *data {
	t.Helper()
	d := &data{dir: t.TempDir(), secret: datadir.NewKey()}
	require.NoError(t, datadir.WriteKey(d.path("ledger.key"), d.secret))
	var err error
	d.keys, err = freeze.NewKeys(d.secret)
	require.NoError(t, err)
	d.db, err = store.Open(t.Context(), d.path("refrain.db"), store.Options{Keys: d.keys,
		Now:     time.Now,
		Enqueue: func(context.Context, store.Tx, recording.Recording) error { return nil }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.db.Close()) })
	require.NoError(t, d.db.Belong(t.Context(), "dir-1", d.keys.ID()))
	d.blobs, err = blob.Open(d.path("audio"))
	require.NoError(t, err)
	return d
}

func (d *data) path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

func audioName(id recording.ID) string { return "audio/" + string(id[24:]) + "/" + string(id) }

// put writes audio, and its row where that is new.
func (d *data) put(id recording.ID, text string) error {
	b, err := d.blobs.NewBlob()
	if err != nil {
		return err
	}
	defer b.Discard()
	if _, err := b.Write([]byte(text)); err != nil {
		return err
	}
	return b.Commit(context.Background(), id)
}

// upload takes a recording in, as a server does.
func (d *data) upload(ctx context.Context, text string) error {
	id := recording.ID(ulid.MustNewDefault(time.Now()).String())
	if err := d.put(id, text); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(text))
	d.mu.Lock()
	d.n++
	n := d.n
	d.mu.Unlock()
	num, err := number.Parse("13800138000", "CN")
	if err != nil {
		return err
	}
	_, _, err = d.db.Recordings.CreateRecording(ctx, recording.Recording{ID: id,
		CallID: fmt.Sprint("call-", n), Number: num, CustomerChannel: "right",
		State: recording.Queued, CreatedAt: time.Now(), UpdatedAt: time.Now(),
		SHA256: hex.EncodeToString(sum[:]), Size: int64(len(text))})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ids = append(d.ids, id)
	return err
}

// freeze puts n entries into the ledger.
func (d *data) freeze(ctx context.Context, n int) error {
	s := freeze.Service{Store: d.db.Freezes, Keys: d.keys, Now: time.Now}
	for i := range n {
		num, err := number.Parse(fmt.Sprintf("1390013%04d", i), "CN")
		if err != nil {
			return err
		}
		_, err = s.Order(ctx, request.Request{}, []freeze.Freeze{{Number: num, Reason: freeze.Manual,
			Actor: "ops", Note: "asked us to"}})
		if err != nil {
			return err
		}
	}
	return nil
}

// filled has three freezes and some recordings.
func filled(t *testing.T) *data {
	t.Helper()
	d := open(t)
	for i := range 5 {
		require.NoError(t, d.upload(t.Context(), fmt.Sprint("audio ", i, strings.Repeat("~", i*1000))))
	}
	require.NoError(t, d.freeze(t.Context(), 3))
	return d
}

func (d *data) options(dir string) backup.Options {
	return backup.Options{Data: d.dir, Dir: dir, Database: app.Databases{}, Now: clock}
}

func (d *data) backUp(t *testing.T, edit ...func(*backup.Options)) (string, backup.Made) {
	t.Helper()
	o := d.options(filepath.Join(t.TempDir(), "backup"))
	for _, f := range edit {
		f(&o)
	}
	m, err := backup.Make(t.Context(), o)
	require.NoError(t, err)
	return o.Dir, m
}

func withKey(o *backup.Options) { o.WithKey = true }

func verify(t *testing.T, dir, key string) backup.Verified {
	t.Helper()
	v, err := backup.Verify(t.Context(), backup.VerifyOptions{Dir: dir, Key: key,
		Database: app.Databases{}})
	require.NoError(t, err)
	return v
}

func restoring(dir, to, key string) backup.RestoreOptions {
	return backup.RestoreOptions{Dir: dir, Data: to, Key: key, Database: app.Databases{}, Now: clock}
}

// tree are the files below a directory, with their contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	}))
	return out
}

func names(files map[string]string) []string {
	var out []string
	for name := range files {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
