package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/retention"
)

// RestoreOptions say which backup to put back, and where.
type RestoreOptions struct {
	// Dir is the backup, Data the data directory, which must be empty or not there.
	Dir, Data string
	// Key is a file with the ledger's key; "" for the one in the backup.
	Key string
	// Erasures are files that tell which people were erased after the backup was made, beside those of
	// other backups in the same directory.
	Erasures []string
	// Former is the data directory of which the backup is an earlier state, or a newer backup of it; "" for
	// none. Keys and people are let in as it has them.
	Former string
	// KeepAccess lets keys and people in as the backup has them, whatever was revoked since.
	KeepAccess bool
	Database   Database
	Now        func() time.Time
	Progress   func(done, whole int64)
}

// Restored is what Restore did.
type Restored struct {
	Manifest
	// Files of audio are there again.
	Files int64
	// Erasures is how many people were erased after the backup was made: the server carries them out
	// when it starts.
	Erasures int
	// Admitted are the keys and the people who are let in.
	Admitted []Admitted
	// Doubts say what beside the backup could not be read.
	Doubts []string
}

// WrongError is that a backup, or what became of it, is not what it should be.
type WrongError struct {
	What  string
	Wrong []string
}

// Error implements error.
func (e *WrongError) Error() string { return e.What }

// Restore puts a backup back. AdmittedError where the backup lets somebody in, and neither Former nor
// KeepAccess says whether it is to. It checks all of it before it touches anything, copies audio, key
// and, last, the database, so that no server starts on a part of it; and then verifies the
// ledger. The backup stays as it is.
func Restore(ctx context.Context, o RestoreOptions) (Restored, error) {
	r := &restorer{RestoreOptions: o}
	for _, step := range []func(context.Context) error{r.target, r.access, r.verify, r.erased, r.lock,
		r.audio, r.erasures, r.keyAndDatabase, r.prove} {
		if err := step(ctx); err != nil {
			if r.unlock != nil {
				r.unlock()
			}
			return r.done, err
		}
	}
	r.unlock()
	return r.done, nil
}

type restorer struct {
	RestoreOptions
	from   Verified
	sums   sums
	done   Restored
	unlock func()
	// gone are the erasures of people that are known.
	gone []retention.Erasure
}

// target refuses a directory in which something lies, and says how that compares.
func (r *restorer) target(ctx context.Context) error {
	empty, err := isEmpty(r.Data)
	if err != nil || empty {
		return err
	}
	m, err := ReadManifest(r.Dir)
	if err != nil {
		return err
	}
	there, err := r.Database.Describe(ctx, filepath.Join(r.Data, datadir.DBFile))
	compared := "no database can be read there"
	if err == nil {
		compared = m.compare(there)
	}
	return fmt.Errorf("%s is not empty, and nothing is put over what is there (%s): name a directory "+
		"that is not there with --data, or move this one away", r.Data, compared)
}

// compare says which of two states of a ledger is the newer one.
func (m Manifest) compare(there About) string {
	switch more := there.Entries - m.Entries; {
	case m.Directory != there.Directory:
		return "it is the data directory " + there.Directory + ", and the backup is one of " + m.Directory
	case more > 0:
		return fmt.Sprintf("its ledger is newer: it has %d entries, %d more than the backup of %s",
			there.Entries, more, m.Made.Format(time.RFC3339))
	case more < 0:
		return fmt.Sprintf("its ledger is older: it has %d entries, %d less than the backup of %s",
			there.Entries, -more, m.Made.Format(time.RFC3339))
	}
	return fmt.Sprintf("its ledger has %d entries, as many as the backup of %s", there.Entries,
		m.Made.Format(time.RFC3339))
}

func (r *restorer) verify(ctx context.Context) error {
	var err error
	r.from, err = Verify(ctx, VerifyOptions{Dir: r.Dir, Key: r.Key, Database: r.Database,
		Progress: r.Progress})
	r.done.Manifest = r.from.Manifest
	switch {
	case err != nil:
		return err
	case len(r.from.Wrong) > 0:
		return &WrongError{"the backup is not what was written, and nothing was restored: try another " +
			"one", r.from.Wrong}
	case r.from.secrets == nil:
		return fmt.Errorf("the ledger's key is not in the backup, and without it no server starts on "+
			"it: name the file in which you keep it with --key (%s)", r.from.Manifest.Key)
	}
	r.sums, _, err = readSums(filepath.Join(r.Dir, SumsFile))
	return err
}

func (r *restorer) lock(context.Context) (err error) {
	r.unlock, err = datadir.Lock(r.Data)
	return err
}

// audio copies what is in the backup but the key and the database.
func (r *restorer) audio(ctx context.Context) error {
	meter := meter{whole: r.from.Bytes, watch: r.Progress}
	for name := range r.sums {
		if name == datadir.DBFile || name == datadir.KeyFile {
			continue
		}
		if err := r.copy(ctx, name, name, meter.add); err != nil {
			return err
		}
		r.done.Files++
	}
	return nil
}

// copy copies a file of the backup, which must not have changed since it was verified.
func (r *restorer) copy(ctx context.Context, name, to string, done func(int64)) error {
	sum, _, err := copyFile(ctx, filepath.Join(r.Dir, name), filepath.Join(r.Data, to), done)
	if err == nil && sum != r.sums[name] {
		err = errors.New("it changed meanwhile")
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w; empty %s before you try again", name, err, r.Data)
	}
	return nil
}

func (r *restorer) keyAndDatabase(ctx context.Context) error {
	err := datadir.WriteKey(filepath.Join(r.Data, datadir.KeyFile), r.from.secrets...)
	if err != nil {
		return err
	}
	head, err := r.from.head()
	if err != nil {
		return err
	}
	notebook, err := datadir.OpenNotebook(r.Data, head)
	if err != nil {
		return err
	}
	if err := notebook.Close(); err != nil {
		return err
	}
	if r.from.Directory != "" {
		state := datadir.State{ID: r.from.Directory, Key: r.from.Manifest.Key, Schema: r.from.Schema,
			Made: r.Now().UTC().Truncate(time.Second), Bucket: r.from.Bucket}
		if r.Former == "" {
			state.Revived = r.from.Made
		}
		err := datadir.WriteState(r.Data, state)
		if err != nil {
			return err
		}
	}
	const unfinished = datadir.DBFile + partial
	if err := r.copy(ctx, datadir.DBFile, unfinished, nil); err != nil {
		return err
	}
	if err := r.admit(ctx, filepath.Join(r.Data, unfinished)); err != nil {
		return err
	}
	return atomicfile.Rename(filepath.Join(r.Data, unfinished), filepath.Join(r.Data, datadir.DBFile))
}

// prove verifies what was restored.
func (r *restorer) prove(ctx context.Context) error {
	wrong, err := r.Database.Check(ctx, filepath.Join(r.Data, datadir.DBFile), r.from.secrets)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return &WrongError{"what was restored is not what was in the backup: is the disk in order?", wrong}
	}
	return os.Chmod(r.Data, 0o700) //nolint:gosec // a directory
}
