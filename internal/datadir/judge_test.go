package datadir

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
)

func keysOf(t *testing.T, secrets ...[]byte) freeze.Keys {
	t.Helper()
	k, err := freeze.NewKeys(secrets...)
	require.NoError(t, err)
	return k
}

// What is not as it was is found, and what is, is not.
func TestJudge(t *testing.T) {
	t.Parallel()
	secret := bytes.Repeat([]byte{1}, freeze.SecretSize)
	mine, others := keysOf(t, secret), keysOf(t, bytes.Repeat([]byte{2}, freeze.SecretSize))
	first := mine.Seal(0, freeze.MAC{}, freeze.Entry{Kind: freeze.Opened, FreezeID: "a"})
	facts := func() Facts {
		return Facts{Dir: "d", KeyFrom: "d/ledger.key", Secrets: [][]byte{secret}, State: &State{ID: "dir-1", Key: mine.ID(), Schema: 12},
			Head: Head{Entries: 5, MAC: freeze.MAC{5}}}
	}
	db := func() *Database {
		return &Database{Directory: "dir-1", Key: mine.ID(), Schema: 12, Entries: 5, First: first,
			Noted: freeze.MAC{5}}
	}
	old := &Database{Schema: 7, Entries: 5, First: first, Noted: freeze.MAC{5}}
	for name, tt := range map[string]struct {
		facts func(*Facts)
		db    func(*Database) *Database
		want  []Kind
	}{
		"as it was":     {nil, nil, nil},
		"it went on":    {nil, func(d *Database) *Database { d.Entries = 9; return d }, nil},
		"newer tables":  {nil, func(d *Database) *Database { d.Schema = 14; return d }, nil},
		"nothing noted": {func(f *Facts) { f.Head = Head{} }, nil, nil},
		"new": {func(f *Facts) { *f = Facts{Missing: true, NoHead: ErrNoHead} },
			func(*Database) *Database { return nil }, nil},
		"a file of 0 bytes and nothing beside": {
			func(f *Facts) { *f = Facts{Empty: true, NoHead: ErrNoHead} },
			func(*Database) *Database { return nil }, nil},
		"of an earlier program": {func(f *Facts) { f.State, f.NoHead = nil, ErrNoHead },
			func(*Database) *Database { return old }, nil},
		"of an earlier program, another key": {
			func(f *Facts) { f.State, f.NoHead = nil, ErrNoHead },
			func(*Database) *Database {
				return &Database{Schema: 7, Entries: 1, First: others.Seal(0, freeze.MAC{}, freeze.Entry{})}
			}, []Kind{OtherKey}},
		"of an earlier program, nothing sealed": {
			func(f *Facts) { f.State, f.NoHead = nil, ErrNoHead },
			func(*Database) *Database { return &Database{Schema: 7} }, nil},
		"no key, nothing sealed": {
			func(f *Facts) { f.State, f.NoHead, f.Secrets = nil, ErrNoHead, nil },
			func(*Database) *Database { return &Database{Schema: 12} }, nil},
		"no key": {func(f *Facts) { f.Secrets = nil }, nil, []Kind{MissingKey}},
		"no key for no entry": {func(f *Facts) { f.Secrets, f.Head = nil, Head{} },
			func(d *Database) *Database { d.Entries = 0; return d }, []Kind{MissingKey}},
		"another key": {nil, func(d *Database) *Database { d.Key = others.ID(); return d },
			[]Kind{OtherKey}},
		"another directory's": {nil, func(d *Database) *Database { d.Directory = "dir-2"; return d },
			[]Kind{OtherDatabase}},
		"another directory's, with its key": {nil, func(d *Database) *Database {
			d.Directory, d.Key = "dir-2", others.ID()
			return d
		}, []Kind{OtherKey, OtherDatabase}},
		"shorter": {nil, func(d *Database) *Database { d.Entries, d.Noted = 4, freeze.MAC{}; return d },
			[]Kind{OlderDatabase}},
		"nothing in it": {nil, func(d *Database) *Database {
			d.Entries, d.Noted, d.First = 0, freeze.MAC{}, freeze.Entry{}
			return d
		}, []Kind{OlderDatabase}},
		"older tables": {nil, func(*Database) *Database { return old }, []Kind{OlderDatabase}},
		"as long, another end": {nil, func(d *Database) *Database { d.Noted = freeze.MAC{6}; return d },
			[]Kind{OtherDatabase}},
		"the state is gone, shorter": {func(f *Facts) { f.State = nil },
			func(d *Database) *Database { d.Entries = 4; return d }, []Kind{OlderDatabase}},
		"the head is gone": {func(f *Facts) { f.NoHead = ErrNoHead }, nil, []Kind{MissingHead}},
		"the database is gone": {func(f *Facts) { f.Missing, f.Beside = true, []string{KeyFile} },
			func(*Database) *Database { return nil }, []Kind{MissingDatabase}},
		"no tables": {func(f *Facts) { f.Beside = []string{KeyFile} },
			func(*Database) *Database { return nil }, []Kind{MissingDatabase}},
		"moved away": {func(f *Facts) { f.Moved = &Moved{Database: "d"} }, nil, []Kind{MovedAway}},
		"open": {func(f *Facts) { f.Readable, f.Writable = []string{"a"}, []string{"b"} }, nil,
			[]Kind{ReadableFiles, OpenDirectory}},
	} {
		f, d := facts(), db()
		if tt.facts != nil {
			tt.facts(&f)
		}
		if tt.db != nil {
			d = tt.db(d)
		}
		found, err := Judge(f, d)
		require.NoError(t, err, name)
		var kinds []Kind
		var accepted []string
		for _, x := range found {
			kinds, accepted = append(kinds, x.Kind), append(accepted, string(x.Kind))
		}
		require.Equal(t, tt.want, kinds, name)
		_, err = Refuse(found, nil)
		require.Equal(t, len(found) > 0, err != nil, name)
		meant, err := Refuse(found, accepted)
		require.NoError(t, err, name)
		require.Len(t, meant, len(found), name)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: modes tell nothing here")
	}
	for _, tt := range []struct {
		db, key, dir os.FileMode
		readable     []string
		open         bool
	}{
		{0o600, 0o600, 0o700, nil, false},
		{0o400, 0o600, 0o755, nil, false},
		{0o644, 0o600, 0o700, []string{DBFile}, false},
		{0o640, 0o660, 0o700, []string{KeyFile, DBFile}, false},
		{0o600, 0o602, 0o700, []string{KeyFile}, false},
		{0o600, 0o600, 0o777, nil, true},
		{0o600, 0o600, 0o1777, nil, true},
	} {
		dir := t.TempDir()
		require.NoError(t, WriteKey(filepath.Join(dir, KeyFile), NewKey()))
		require.NoError(t, os.WriteFile(filepath.Join(dir, DBFile), []byte("x"), 0o600))
		require.NoError(t, os.Chmod(filepath.Join(dir, DBFile), tt.db))
		require.NoError(t, os.Chmod(filepath.Join(dir, KeyFile), tt.key))
		require.NoError(t, os.Chmod(dir, tt.dir))
		f, err := Look(dir)
		require.NoError(t, err)
		var readable []string
		for _, name := range f.Readable {
			readable = append(readable, filepath.Base(name))
		}
		require.Equal(t, tt.readable, readable, "%+v", tt)
		require.Equal(t, tt.open, len(f.Writable) > 0, "%+v", tt)
	}
}

// A key that is none is not taken for a missing one.
func TestBrokenKeys(t *testing.T) {
	t.Parallel()
	_, err := ParseKey([]byte("refrain_abcdefgh_secret\n"))
	require.EqualError(t, err, "holds a key to the API; what is wanted is the ledger's key (ledger.key)")
	for _, text := range []string{"", "zz", "00ff", string(make([]byte, 64))} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, KeyFile), []byte(text), 0o600))
		_, err := Look(dir)
		require.ErrorContains(t, err, PutKeyBack)
	}
}
