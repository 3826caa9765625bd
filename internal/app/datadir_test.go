package app_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// copyDir copies a data directory as it is, readable by its owner only.
func copyDir(tb testing.TB, from string) string {
	tb.Helper()
	to := tb.TempDir()
	require.NoError(tb, filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		if !e.Type().IsRegular() { // the admin socket of a server that lives
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	}))
	return to
}

// freezeAll freezes numbers by hand.
func (s *server) freezeAll(tb testing.TB, numbers ...string) {
	tb.Helper()
	for _, n := range numbers {
		_, err := s.Freezes.CreateFreeze(as(tb.Context(), "ops"),
			&pb.CreateFreezeRequest{Number: n, Reason: "asked us to"})
		require.NoError(tb, err)
	}
}

// The numbers that killed has frozen, before and after its database was last whole in its
// file.
var (
	frozenFirst = []string{"13800138001", "13800138002"}
	frozenLast  = []string{"13800138003", "13800138004", "13800138005"}
)

// killed is the data directory of a server that was killed: two freezes lie in the database's
// file, and three more and a recording in its write-ahead log.
func killed(tb testing.TB) string {
	tb.Helper()
	cfg := testConfig(tb.TempDir())
	s := start(tb, cfg)
	s.freezeAll(tb, frozenFirst...)
	require.NoError(tb, s.stop())
	s = start(tb, cfg)
	s.freezeAll(tb, frozenLast...)
	_, err := s.Upload(tb.Context(), meta(1), bytes.NewReader(sample(tb, refusalSample)))
	require.NoError(tb, err)
	return copyDir(tb, cfg.Data)
}

// refused starts a server, which must not work, and gives the reason.
func refused(tb testing.TB, cfg config.Config) string {
	tb.Helper()
	a, err := app.New(tb.Context(), cfg, app.Options{Logger: newLogbook().Logger()})
	if err == nil {
		require.NoError(tb, a.Close())
	}
	require.Error(tb, err)
	return err.Error()
}

func in(dir, name string) string { return filepath.Join(dir, name) }

func remove(tb testing.TB, dir string, names ...string) {
	tb.Helper()
	for _, name := range names {
		require.NoError(tb, os.RemoveAll(in(dir, name)))
	}
}

func replace(tb testing.TB, dir, name, from string) {
	tb.Helper()
	b, err := os.ReadFile(in(from, name))
	require.NoError(tb, err)
	require.NoError(tb, os.WriteFile(in(dir, name), b, 0o600))
}

// standing are the frozen numbers among those of killed, as both the table and a
// reservation answer.
func standing(tb testing.TB, s *server) (asked, reserved []string) {
	tb.Helper()
	for _, n := range slices.Concat(frozenFirst, frozenLast) {
		if !s.Ask(tb, n).GetAllowed() {
			asked = append(asked, n)
		}
		r, err := s.Reserve(tb.Context(), "call-"+n, n)
		require.NoError(tb, err)
		if !r.GetAnswer().GetAllowed() {
			reserved = append(reserved, n)
		}
	}
	return asked, reserved
}

var databaseFiles = []string{"refrain.db", "refrain.db-wal", "refrain.db-shm"}

// A start believes nothing: what is not as it was is refused, with what to do, and changed
// in nothing; and what is meant so is believed, from then on.
func TestStartBelievesNothing(t *testing.T) {
	t.Parallel()
	whole, other := killed(t), killed(t)
	both := slices.Concat(frozenFirst, frozenLast)
	for name, tt := range map[string]struct {
		spoil  func(t *testing.T, dir string)
		accept datadir.Kind
		says   []string
		stands []string
	}{
		"the database is gone": {
			func(t *testing.T, dir string) { remove(t, dir, databaseFiles...) },
			datadir.MissingDatabase,
			[]string{"refrain.db is missing", "ledger.key", "audio/", "refrain restore"}, nil},
		"the database is gone, not its log": {
			func(t *testing.T, dir string) { remove(t, dir, "refrain.db") },
			datadir.MissingDatabase, []string{"refrain.db is missing", "refrain.db-wal"}, nil},
		"the database is empty": {
			func(t *testing.T, dir string) {
				remove(t, dir, databaseFiles...)
				require.NoError(t, os.WriteFile(in(dir, "refrain.db"), nil, 0o600))
			}, datadir.MissingDatabase, []string{"is empty (0 bytes)"}, nil},
		"only the key is left": {
			func(t *testing.T, dir string) {
				remove(t, dir, append(databaseFiles, "audio", "directory.json", "ledger.head")...)
			}, datadir.MissingDatabase, []string{"(ledger.key)"}, nil},
		"only audio is left": {
			func(t *testing.T, dir string) {
				remove(t, dir, append(databaseFiles, "ledger.key", "directory.json", "ledger.head")...)
			}, datadir.MissingDatabase, []string{"(audio/)"}, nil},
		"only the head is left": {
			func(t *testing.T, dir string) {
				remove(t, dir, append(databaseFiles, "ledger.key", "directory.json", "audio")...)
			}, datadir.MissingDatabase, []string{"(ledger.head)"}, nil},
		"the write-ahead log is gone": {
			func(t *testing.T, dir string) { remove(t, dir, "refrain.db-wal", "refrain.db-shm") },
			datadir.OlderDatabase,
			[]string{"ledger has 2 entries, while 5 were noted", "3 freezes or releases are lost"},
			frozenFirst},
		"another directory's database": {
			func(t *testing.T, dir string) {
				for _, f := range []string{"refrain.db", "refrain.db-wal", "ledger.key"} {
					replace(t, dir, f, other)
				}
				remove(t, dir, "refrain.db-shm")
			}, datadir.OtherDatabase, []string{"is the database of another data directory"}, both},
		"another key": {
			func(t *testing.T, dir string) { replace(t, dir, "ledger.key", other) },
			datadir.OtherKey, []string{"ledger.key is another key", "keep a copy"}, both},
		"the key is gone": {
			func(t *testing.T, dir string) { remove(t, dir, "ledger.key") },
			datadir.MissingKey, []string{"ledger.key is missing", datadir.PutKeyBack}, both},
		"the head is gone": {
			func(t *testing.T, dir string) { remove(t, dir, "ledger.head") },
			datadir.MissingHead, []string{"ledger.head is missing", "5 entries"}, both},
		"the head is damaged": {
			func(t *testing.T, dir string) {
				require.NoError(t, os.WriteFile(in(dir, "ledger.head"), make([]byte, 190), 0o600))
			}, datadir.MissingHead, []string{"ledger.head is damaged"}, both},
		"others may read the database": {
			func(t *testing.T, dir string) { require.NoError(t, os.Chmod(in(dir, "refrain.db"), 0o644)) },
			datadir.ReadableFiles, []string{"chmod 600 ", "refrain.db"}, both},
		"others may read the key": {
			func(t *testing.T, dir string) { require.NoError(t, os.Chmod(in(dir, "ledger.key"), 0o640)) },
			datadir.ReadableFiles, []string{"chmod 600 ", "ledger.key"}, both},
		"others may write to the directory": {
			func(t *testing.T, dir string) { require.NoError(t, os.Chmod(dir, 0o777)) },
			datadir.OpenDirectory, []string{"chmod go-w "}, both},
		"others may write to the audio": {
			func(t *testing.T, dir string) { require.NoError(t, os.Chmod(in(dir, "audio"), 0o702)) },
			datadir.OpenDirectory, []string{"chmod go-w ", "audio"}, both},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(copyDir(t, whole))
			tt.spoil(t, cfg.Data)
			before := contents(t, cfg.Data)
			got := refused(t, cfg)
			for _, part := range append(tt.says, "--accept "+string(tt.accept)) {
				require.Contains(t, got, part)
			}
			require.Equal(t, before, contents(t, cfg.Data), "a start that is refused changes nothing")

			cfg.Accept = []string{string(tt.accept)}
			s := start(t, cfg)
			asked, reserved := standing(t, s)
			require.Equal(t, tt.stands, asked)
			require.Equal(t, tt.stands, reserved)
			s.freezeAll(t, "13800138009")
			s.Sound(t)
			require.NoError(t, s.stop())
			require.Equal(t, audioOf(before), audioOf(contents(t, cfg.Data)), "no audio is deleted")

			if tt.accept == datadir.ReadableFiles || tt.accept == datadir.OpenDirectory {
				return // that stays as it is
			}
			cfg.Accept = nil
			s = start(t, cfg)
			s.Sound(t)
			require.False(t, s.Ask(t, "13800138009").GetAllowed())
		})
	}
}

// audioOf counts the files of audio, wherever it lies.
func audioOf(files map[string]string) (n int) {
	for name := range files {
		if strings.HasPrefix(name, "audio/") {
			n++
		}
	}
	return n
}

// contents are the files of a data directory; what SQLite makes to read is left out.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || rel == "refrain.db-shm" || rel == "refrain.lock" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || rel == "refrain.db-wal" && len(b) == 0 {
			return err
		}
		out[filepath.ToSlash(rel)] = string(b)
		return nil
	}))
	return out
}

// Whom a backup that was put back lets in again is told at the first start, and then no more.
func TestRevivedKeysAreTold(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg)
	for _, query := range []string{`INSERT INTO access_keys (id, name, role, lines, acts_for_others, created_at, created_by)
		VALUES ('1', 'pbx', 'dialler', '[]', 0, 1, 'x')`, `INSERT INTO access_users (id, name, role, lines, created_at, created_by)
		VALUES ('2', 'li', 'admin', '[]', 1, 'x')`} {
		require.NoError(t, s.app.Exec(t.Context(), query))
	}
	require.NoError(t, s.stop())
	state, err := datadir.ReadState(cfg.Data)
	require.NoError(t, err)
	state.Revived = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	require.NoError(t, datadir.WriteState(cfg.Data, *state))
	for _, want := range []int{1, 0} {
		logs := apitest.NewLogbook()
		s := start(t, cfg, logTo(logs))
		lines := logs.Lines("works again")
		require.Len(t, lines, want)
		if want > 0 {
			require.Contains(t, lines[0], "pbx (dialler)")
			require.Contains(t, lines[0], "li (admin)")
		}
		require.NoError(t, s.stop())
	}
}
