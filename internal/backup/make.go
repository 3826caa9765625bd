package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/internal/datadir"
)

// Options say what to back up, and where to.
type Options struct {
	// Data is the data directory, whose server may run; Dir is the backup, which is made.
	Data, Dir string
	// Previous is an earlier backup in the same file system: audio that it holds is not copied
	// again, but gets a second name. "" for none.
	Previous string
	// Link gives the data directory's own audio a second name instead of copying it, where Dir
	// is in the same file system.
	Link bool
	// WithKey puts the ledger's key into the backup.
	WithKey bool
	// Database is required, Now too.
	Database Database
	Now      func() time.Time
	// Progress is told how many bytes of how many were copied; nil for nobody.
	Progress func(done, whole int64)
}

// Made is what Make did.
type Made struct {
	Manifest
	// Files of audio are in the backup: Copied, or Linked because they were there already.
	Copied, Linked int64
}

// partial is the suffix of a backup that is being made.
const partial = ".partial"

// Make makes a backup while the server runs: first the database, as it is at one moment, and
// then the audio that it knows, which never changes but that a longer file takes the place of
// its beginning. The backup is complete or has another name; what is left of one that was
// broken off is gone on with. It fails for no recording's sake: what is missing or damaged is in
// the manifest.
func Make(ctx context.Context, o Options) (Made, error) {
	o.Dir = filepath.Clean(o.Dir)
	m := &maker{Options: o, to: o.Dir + partial, sums: sums{},
		made: Made{Manifest: Manifest{Format: format, Missing: []string{}, Damaged: []string{},
			Newer: []string{}}}}
	if err := m.begin(); err != nil {
		return m.made, err
	}
	defer m.unlock()
	for _, step := range []func(context.Context) error{m.database, m.key, m.audio, m.stillThere,
		m.judgeOdd, m.erasures, m.finish} {
		if err := step(ctx); err != nil {
			return m.made, err
		}
	}
	return m.made, nil
}

type maker struct {
	Options
	to     string
	unlock func()
	made   Made
	sums   sums
	// before are the sums of the previous backup.
	before sums
	meter  meter
	// odd are the sums of files that are not what the copy of the database says.
	odd map[string]string
}

// lockName keeps a second backup from the same directory.
const lockName = "backup.lock"

func (m *maker) begin() error {
	if empty, err := isEmpty(m.Dir); err != nil {
		return err
	} else if !empty {
		return fmt.Errorf("%s is there already: every backup is a directory of its own, so name one "+
			"that is not there, such as one with the date", m.Dir)
	}
	if inside, err := within(m.Dir, m.Data); err != nil {
		return err
	} else if inside {
		return fmt.Errorf("%s is in the data directory %s and would be lost with it: name another place",
			m.Dir, m.Data)
	}
	if m.Previous != "" {
		if _, err := ReadManifest(m.Previous); err != nil {
			return err
		}
		var err error
		if m.before, _, err = readSums(filepath.Join(m.Previous, SumsFile)); err != nil {
			return fmt.Errorf("read the previous backup: %w", err)
		}
	}
	if err := os.MkdirAll(m.to, 0o700); err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	lock := flock.New(filepath.Join(m.to, lockName), flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err == nil && !got {
		err = fmt.Errorf("another process is making the backup %s", m.Dir)
	}
	m.unlock = func() { _ = lock.Close() }
	return err
}

// within tells whether a path lies in a directory.
func within(path, dir string) (bool, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return false, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return false, err
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel), nil
}

func (m *maker) database(ctx context.Context) error {
	to := filepath.Join(m.to, datadir.DBFile)
	m.made.Made = m.Now().UTC().Truncate(time.Second)
	err := m.Database.Copy(ctx, filepath.Join(m.Data, datadir.DBFile), to, func(int64, int64) {})
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database in the data directory %s: name another one with "+
			"--data", m.Data)
	}
	if err != nil {
		return err
	}
	if m.made.About, err = m.Database.Describe(ctx, to); err != nil {
		return err
	}
	m.sums[datadir.DBFile], _, err = sumFile(ctx, to, nil)
	return err
}

func (m *maker) key(ctx context.Context) error {
	if !m.WithKey {
		return nil
	}
	var err error
	m.made.WithKey = true
	m.sums[datadir.KeyFile], _, err = copyFile(ctx, filepath.Join(m.Data, datadir.KeyFile),
		filepath.Join(m.to, datadir.KeyFile), nil)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s in %s: where the key comes from elsewhere, keep it there, and leave "+
			"--with-key out", datadir.KeyFile, m.Data)
	}
	if err != nil {
		return fmt.Errorf("copy the ledger's key: %w", err)
	}
	return nil
}

// audio takes over the audio that the copy of the database knows.
func (m *maker) audio(ctx context.Context) error {
	m.odd = map[string]string{}
	m.meter.watch = m.Progress
	db := filepath.Join(m.to, datadir.DBFile)
	state, err := datadir.ReadState(m.Data)
	if err != nil {
		return err
	}
	if state != nil && state.Bucket != "" {
		m.made.Bucket = state.Bucket
		return m.Database.EachAudio(ctx, db, func(Audio) error { m.made.Recordings++; return nil })
	}
	err = m.Database.EachAudio(ctx, db, func(a Audio) error { m.meter.whole += a.Size; return nil })
	if err != nil {
		return err
	}
	return m.Database.EachAudio(ctx, db, func(a Audio) error {
		if _, err := ulid.ParseStrict(a.ID); err != nil {
			return fmt.Errorf("the database names a recording %q: %w", a.ID, err)
		}
		m.made.Recordings++
		sum, size, err := m.take(ctx, a)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return m.reference(ctx, a)
		case err != nil:
			return fmt.Errorf("copy the audio of recordings/%s: %w", a.ID, err)
		}
		m.made.Bytes += size
		m.sums[a.path()] = sum
		if sealed, err := isSealed(filepath.Join(m.to, a.path())); err != nil {
			return err
		} else if sum != a.SHA256 && !sealed { // what is encrypted tells nothing without its identity
			m.odd[a.ID] = sum
		}
		return nil
	})
}

// reference takes over what says where a recording lies whose audio is in an archive outside. That is the
// archive's to keep.
func (m *maker) reference(ctx context.Context, a Audio) error {
	name := a.path() + referenceSuffix
	sum, _, err := copyFile(ctx, filepath.Join(m.Data, name), filepath.Join(m.to, name), nil)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m.made.Missing = append(m.made.Missing, a.ID)
		return nil
	case err != nil:
		return fmt.Errorf("copy where the audio of recordings/%s lies: %w", a.ID, err)
	}
	m.sums[name] = sum
	m.made.Copied++
	return nil
}

// take takes over one file, and gives its SHA-256 and size.
func (m *maker) take(ctx context.Context, a Audio) (sum string, size int64, err error) {
	to := filepath.Join(m.to, a.path())
	from := filepath.Join(m.Data, a.path())
	if sealed, err := isSealed(from); err != nil {
		return "", 0, err
	} else if sealed {
		return m.takeSealed(ctx, a, from, to)
	}
	if m.before[a.path()] == a.SHA256 && m.sameSize(filepath.Join(m.Previous, a.path()), a) &&
		link(filepath.Join(m.Previous, a.path()), to) == nil {
		m.made.Linked++
		m.meter.add(a.Size)
		return a.SHA256, a.Size, nil
	}
	if m.sameSize(to, a) { // of a backup that was broken off
		if sum, size, err = sumFile(ctx, to, nil); err == nil && sum == a.SHA256 {
			m.made.Copied++
			m.meter.add(size)
			return sum, size, nil
		}
	}
	return m.copy(ctx, from, to)
}

// copy takes over a file that is not there yet.
func (m *maker) copy(ctx context.Context, from, to string) (sum string, size int64, err error) {
	if m.Link && link(from, to) == nil {
		m.made.Linked++
		return sumFile(ctx, to, m.meter.add)
	}
	if sum, size, err = copyFile(ctx, from, to, m.meter.add); err == nil {
		m.made.Copied++
	}
	return sum, size, err
}

func (m *maker) sameSize(name string, a Audio) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular() && info.Size() == a.Size
}

// erasures takes over which people were erased: those that were since the database was copied, too.
func (m *maker) erasures(ctx context.Context) error {
	sum, _, err := copyFile(ctx, filepath.Join(m.Data, datadir.ErasuresFile),
		filepath.Join(m.to, datadir.ErasuresFile), nil)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("copy which people were erased: %w", err)
	}
	m.sums[datadir.ErasuresFile] = sum
	return nil
}

// stillThere leaves what was erased since the database was copied out of what is missing.
func (m *maker) stillThere(ctx context.Context) error {
	if len(m.made.Missing) == 0 {
		return nil
	}
	there := map[string]bool{}
	err := m.Database.EachAudio(ctx, filepath.Join(m.Data, datadir.DBFile), func(a Audio) error {
		there[a.ID] = true
		return nil
	})
	m.made.Missing = slices.DeleteFunc(m.made.Missing, func(id string) bool { return err == nil && !there[id] })
	return err
}

// judgeOdd tells files that were replaced since the database was copied from damaged ones: by
// what the database says now.
func (m *maker) judgeOdd(ctx context.Context) error {
	if len(m.odd) == 0 {
		return nil
	}
	newer := map[string]bool{}
	db := filepath.Join(m.Data, datadir.DBFile)
	err := m.Database.EachAudio(ctx, db, func(a Audio) error {
		newer[a.ID] = m.odd[a.ID] == a.SHA256
		return nil
	})
	for id := range m.odd {
		if newer[id] {
			m.made.Newer = append(m.made.Newer, id)
		} else {
			m.made.Damaged = append(m.made.Damaged, id)
		}
	}
	return err
}

// finish writes what the backup is, and gives it its name.
func (m *maker) finish(context.Context) error {
	var err error
	if m.made.Sums, err = m.sums.write(filepath.Join(m.to, SumsFile)); err != nil {
		return fmt.Errorf("write the checksums: %w", err)
	}
	text, err := json.MarshalIndent(m.made.Manifest, "", "  ")
	if err != nil {
		return err
	}
	err = writeFile(filepath.Join(m.to, ManifestFile), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("write what the backup is: %w", err)
	}
	if err := m.tidy(); err != nil {
		return fmt.Errorf("sync the backup: %w", err)
	}
	if err := os.Remove(m.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("give the backup its name: %w; it is complete as %s", err, m.to)
	}
	return atomicfile.Rename(m.to, m.Dir)
}

// tidy removes what a backup that was broken off left and this one does not tell of, and syncs
// the names of the rest.
func (m *maker) tidy() error {
	root, err := os.OpenRoot(m.to)
	if err != nil {
		return err
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir():
			return atomicfile.SyncDir(filepath.Join(m.to, filepath.FromSlash(name)))
		case m.sums[name] != "", name == SumsFile, name == ManifestFile:
			return nil
		}
		return root.Remove(name)
	})
	return errors.Join(err, root.Close())
}
