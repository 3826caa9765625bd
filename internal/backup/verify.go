package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/datadir"
)

// VerifyOptions say what to check.
type VerifyOptions struct {
	Dir string
	// Key is a file with the ledger's key; "" for the one in the backup, if it has one.
	Key      string
	Database Database
	// Plain gives a file's audio as it was uploaded, where it is encrypted; nil where nobody can.
	Plain    func(name string) (io.ReadCloser, error)
	Progress func(done, whole int64)
}

// Verified is what a check brought to light.
type Verified struct {
	Manifest
	// Proven tells that the ledger was verified, for which its key must be there.
	Proven bool
	// Wrong is what is wrong with the backup.
	Wrong []string

	secrets [][]byte
}

// maxWrong is how many wrong files are named: a broken disk makes millions.
const maxWrong = 100

// Verify checks a backup: that each file is what was copied and none is missing, that the
// database is whole and the one that the manifest tells of, and its ledger, where the key is
// there. It changes nothing. The error is about reading only.
func Verify(ctx context.Context, o VerifyOptions) (Verified, error) {
	m, err := ReadManifest(o.Dir)
	v := &verifier{VerifyOptions: o, found: Verified{Manifest: m}}
	if err != nil {
		return v.found, err
	}
	for _, step := range []func(context.Context) error{v.files, v.key, v.database} {
		if err := step(ctx); err != nil {
			return v.found, err
		}
	}
	return v.found, nil
}

type verifier struct {
	VerifyOptions
	found Verified
	sums  sums
}

func (v *verifier) wrong(format string, args ...any) {
	if len(v.found.Wrong) < maxWrong {
		v.found.Wrong = append(v.found.Wrong, fmt.Sprintf(format, args...))
	}
}

// files compares all files with their sums.
func (v *verifier) files(ctx context.Context) error {
	var sum string
	var err error
	v.sums, sum, err = readSums(filepath.Join(v.Dir, SumsFile))
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && sum != v.found.Sums:
		v.wrong("%s is missing, or not the one that %s tells of", SumsFile, ManifestFile)
	case err != nil:
		v.wrong("%v", err)
	}
	meter := meter{whole: v.found.Bytes, watch: v.Progress}
	if info, err := os.Stat(filepath.Join(v.Dir, datadir.DBFile)); err == nil {
		meter.whole += info.Size()
	}
	for _, name := range v.names() {
		sum, _, err := sumFile(ctx, filepath.Join(v.Dir, name), meter.add)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			v.wrong("%s is missing", name)
		case err != nil:
			v.wrong("%s can't be read: %v", name, err)
		case sum != v.sums[name]:
			v.wrong("%s was changed or is damaged: its SHA-256 is %s, not %s", name, sum, v.sums[name])
		}
	}
	return nil
}

func (v *verifier) names() []string {
	names := make([]string, 0, len(v.sums))
	for name := range v.sums {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// key reads the key and checks that it is the one that belongs to the ledger.
func (v *verifier) key(context.Context) error {
	name := v.Key
	if name == "" {
		name = filepath.Join(v.Dir, datadir.KeyFile)
	}
	if strings.HasPrefix(v.Key, "refrain_") { // which is secret: it is not shown
		return errors.New("--key is a key to the API; what is wanted is the file with the ledger's key (" +
			datadir.KeyFile + ")")
	}
	secrets, ok, err := datadir.ReadKey(name)
	switch {
	case err != nil:
		return err
	case !ok && v.Key != "":
		return fmt.Errorf("there is no file %s with the ledger's key", v.Key)
	case !ok:
		return nil
	}
	keys, err := freeze.NewKeys(secrets...)
	if err != nil {
		return err
	}
	if _, known := keys.At(v.found.Manifest.Key); v.found.Manifest.Key != "" && !known {
		v.wrong("%s is another key (%s) than the one that the ledger was sealed with (%s)", name,
			keys.ID(), v.found.Manifest.Key)
		return nil
	}
	v.found.secrets = secrets
	return nil
}

// database checks the database, and that the audio of all its recordings is there.
func (v *verifier) database(ctx context.Context) error {
	path := filepath.Join(v.Dir, datadir.DBFile)
	if v.sums[datadir.DBFile] == "" {
		v.wrong("the backup has no database")
		return nil
	}
	about, err := v.Database.Describe(ctx, path)
	if err != nil {
		v.wrong("%v", err)
		return ctx.Err()
	}
	if about != v.found.About {
		v.wrong("the database is not the one that %s tells of: its ledger has %d entries and the head "+
			"%s", ManifestFile, about.Entries, about.Head)
	}
	wrong, err := v.Database.Check(ctx, path, v.found.secrets)
	if err != nil {
		v.wrong("%v", err)
		return ctx.Err()
	}
	for _, w := range wrong {
		v.wrong("%s", w)
	}
	v.found.Proven = v.found.secrets != nil
	return v.audio(ctx, path)
}

func (v *verifier) audio(ctx context.Context, db string) error {
	if v.found.Bucket != "" { // where it was left
		return nil
	}
	missing := map[string]bool{}
	for _, id := range v.found.Missing {
		missing[id] = true
	}
	return v.Database.EachAudio(ctx, db, func(a Audio) error {
		if v.sums[a.path()] == "" && v.sums[a.path()+referenceSuffix] == "" && !missing[a.ID] {
			v.wrong("the audio of recordings/%s is not in the backup", a.ID)
		}
		return v.plain(ctx, a)
	})
}

// plain compares encrypted audio with what was uploaded, where its identity is there.
func (v *verifier) plain(ctx context.Context, a Audio) error {
	if v.Plain == nil || v.sums[a.path()] == "" || slices.Contains(v.found.Newer, a.ID) {
		return nil
	}
	name := filepath.Join(v.Dir, a.path())
	if sealed, err := isSealed(name); err != nil || !sealed {
		return nil //nolint:nilerr // of what can't be read files has told
	}
	r, err := v.Plain(name)
	if err != nil {
		v.wrong("the audio of recordings/%s can't be decrypted: %v", a.ID, err)
		return nil
	}
	sum, err := sumOf(ctx, r)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		v.wrong("the audio of recordings/%s can't be decrypted: %v", a.ID, err)
	case sum != a.SHA256:
		v.wrong("the audio of recordings/%s is not what was uploaded: its SHA-256 is %s, not %s", a.ID, sum, a.SHA256)
	}
	return nil
}

// head is the ledger's as the data directory notes it.
func (a About) head() (h datadir.Head, err error) {
	h.Entries = a.Entries
	raw, err := hex.DecodeString(a.Head)
	if err == nil && len(raw) != len(h.MAC) {
		err = errors.New("the ledger's head in the manifest is none")
	}
	copy(h.MAC[:], raw)
	return h, err
}
