package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
)

// What belongs together starts without a word, wherever it lies and however it ended.
func TestStartBelievesWhatBelongsTogether(t *testing.T) {
	t.Parallel()
	whole := killed(t)
	both := slices.Concat(frozenFirst, frozenLast)
	for name, change := range map[string]func(t *testing.T, dir string){
		"as it was": func(*testing.T, string) {},
		"the head is behind, as after a power cut": func(t *testing.T, dir string) {
			n, err := datadir.OpenNotebook(dir, headOf(t, dir, 3))
			require.NoError(t, err)
			require.NoError(t, n.Close())
		},
		"put together by hand": func(t *testing.T, dir string) {
			remove(t, dir, "ledger.head", "directory.json", "refrain.lock", "refrain.db-shm")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(copyDir(t, whole))
			change(t, cfg.Data)
			s := start(t, cfg)
			asked, reserved := standing(t, s)
			require.Equal(t, both, asked)
			require.Equal(t, both, reserved)
			require.EqualValues(t, 5, s.Sound(t).GetEntries())
		})
	}
}

// headOf is the head that the ledger had after so many entries.
func headOf(t *testing.T, dir string, entries int64) datadir.Head {
	t.Helper()
	s := start(t, testConfig(copyDir(t, dir)))
	head, err := s.app.HeadAt(context.WithoutCancel(t.Context()), entries)
	require.NoError(t, err)
	return datadir.Head{Entries: entries, MAC: head}
}

// A directory in which a first start was broken off is a new one.
func TestStartAfterAFirstStartWasBrokenOff(t *testing.T) {
	t.Parallel()
	for name, left := range map[string][]string{
		"an empty database": {"refrain.db"},
		"the lock":          {"refrain.lock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t.TempDir())
			for _, f := range left {
				require.NoError(t, os.WriteFile(in(cfg.Data, f), nil, 0o600))
			}
			require.NoError(t, os.MkdirAll(in(cfg.Data, "audio/tmp"), 0o700))
			s := start(t, cfg)
			s.freezeAll(t, "13800138001")
			s.Sound(t)
		})
	}
}

// The head lies beside the database as soon as a freeze is acknowledged, and is there again
// after a stop where somebody removed it.
func TestHeadIsNotedBesideTheDatabase(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg)
	for i, n := range frozenLast {
		s.freezeAll(t, n)
		head, err := datadir.ReadHead(cfg.Data)
		require.NoError(t, err)
		require.EqualValues(t, i+1, head.Entries)
		require.Equal(t, s.Sound(t).GetHead(), head.MAC.String())
	}
	want, err := datadir.ReadHead(cfg.Data)
	require.NoError(t, err)
	remove(t, cfg.Data, "ledger.head")
	require.NoError(t, s.stop())
	head, err := datadir.ReadHead(cfg.Data)
	require.NoError(t, err)
	require.Equal(t, want, head)
}

// The names in the configuration are those that refusals tell.
func TestAcceptableNames(t *testing.T) {
	t.Parallel()
	var names []string
	for _, k := range datadir.Kinds() {
		names = append(names, string(k))
	}
	require.Equal(t, names, config.Acceptable)
}

// Removing the lock's file does not let a second server in.
func TestLockOutlivesItsFile(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg)
	remove(t, cfg.Data, "refrain.lock")
	require.Contains(t, refused(t, cfg), "is in use by another process")
	link := in(t.TempDir(), "link")
	require.NoError(t, os.Symlink(cfg.Data, link))
	require.Contains(t, refused(t, testConfig(link)), "in use")
	require.NoError(t, s.stop())
	start(t, cfg)
}

// A database that is taken away from under a server is told of, and the server is not ready:
// what it is told from then on would be lost.
func TestDatabaseTakenAway(t *testing.T) {
	t.Parallel()
	log := newLogbook()
	minute := make(chan time.Time)
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, logTo(log), func(o *app.Options) {
		o.Every = func(d time.Duration) (<-chan time.Time, func()) {
			if d == time.Minute {
				return minute, func() {}
			}
			return nil, func() {}
		}
	})
	ready := "http://" + s.app.HTTPAddr() + "/readyz"
	tick := func() {
		minute <- time.Now()
		minute <- time.Now() // the first one is worked off
	}
	tick()
	code, _ := rest(t, "GET", ready, "", "")
	require.Equal(t, http.StatusOK, code)
	db := in(cfg.Data, "refrain.db")
	require.NoError(t, os.Rename(db, db+".away"))
	tick()
	log.Wait(t, 1, "level=ERROR", "the database is gone")
	code, _ = rest(t, "GET", ready, "", "")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.NoError(t, os.Rename(db+".away", db))
	tick()
	log.Wait(t, 1, "the database is back")
	code, _ = rest(t, "GET", ready, "", "")
	require.Equal(t, http.StatusOK, code)
}

// Damage in a part of the database that is seldom read is found after the start, before it is
// needed.
func TestDamagedDatabaseIsToldOf(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg)
	require.NoError(t, s.stop())
	path := in(cfg.Data, "refrain.db")
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	var page, size int64
	require.NoError(t, db.QueryRowContext(t.Context(),
		`SELECT rootpage FROM sqlite_schema WHERE name = 'complaints'`).Scan(&page))
	require.NoError(t, db.QueryRowContext(t.Context(), `PRAGMA page_size`).Scan(&size))
	require.NoError(t, db.Close())
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(fmt.Append(nil, "what a dying disk writes"), (page-1)*size)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	log := newLogbook()
	start(t, cfg, logTo(log))
	log.Wait(t, 1, "level=ERROR", "the database is damaged")
	log.Wait(t, 1, "level=ERROR", "damaged in the database")
}
