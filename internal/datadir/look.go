package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/refrain-asr/refrain/freeze"
)

// Facts are what lies in a data directory, before anything in it is opened for writing.
type Facts struct {
	Dir string
	// Missing and Empty tell that there is no database, or a file of 0 bytes.
	Missing, Empty bool
	// Elsewhere names the database where it is no file in the directory, "" where it is.
	Elsewhere string
	// Secrets are the key's, of its first generation first; nil where there is none.
	Secrets [][]byte
	// KeyFrom says where the key comes from, or is missing.
	KeyFrom string
	// State is nil where the directory does not say what it is.
	State *State
	// Head is the ledger's as it was noted last; NoHead says why there is none.
	Head   Head
	NoHead error
	// Moved is where what the directory keeps was moved, nil where it was not.
	Moved *Moved
	// Beside is what else there is that a database belongs to.
	Beside []string
	// Readable are files that others may read, and Writable directories that others may
	// change.
	Readable, Writable []string
}

// NoDatabase tells that there is none, or an empty one.
func (f Facts) NoDatabase() bool { return f.Missing || f.Empty }

// databaseName names the database that belongs to the directory.
func (f Facts) databaseName() string {
	if f.Elsewhere != "" {
		return f.Elsewhere
	}
	return f.Path(DBFile)
}

// Path names something in the directory.
func (f Facts) Path(name string) string { return filepath.Join(f.Dir, name) }

// Keys are those of the secret; the zero Keys where there is none.
func (f Facts) Keys() (freeze.Keys, error) {
	if f.Secrets == nil {
		return freeze.Keys{}, nil
	}
	return freeze.NewKeys(f.Secrets...)
}

// Look finds out what lies in a data directory. It changes nothing.
func Look(dir string) (Facts, error) {
	return look(Facts{Dir: dir, KeyFrom: filepath.Join(dir, KeyFile)})
}

// LookWithKey is Look where the ledger's key comes from elsewhere.
func LookWithKey(dir, from string, secrets [][]byte) (Facts, error) {
	return look(Facts{Dir: dir, KeyFrom: from, Secrets: secrets})
}

func look(f Facts) (Facts, error) {
	for _, look := range []func() error{f.database, f.key, f.said, f.audio, f.permissions} {
		if err := look(); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *Facts) database() error {
	info, err := os.Stat(f.Path(DBFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Missing = true
	case err != nil:
		return fmt.Errorf("look at the database: %w", err)
	default:
		f.Empty = info.Size() == 0
	}
	if f.NoDatabase() { // else it is the database's own
		return f.beside(WALFile)
	}
	return nil
}

// beside notes that a file is there.
func (f *Facts) beside(name string) error {
	_, err := os.Lstat(f.Path(name))
	if err == nil {
		f.Beside = append(f.Beside, name)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look at the data directory: %w", err)
	}
	return nil
}

func (f *Facts) key() error {
	if f.Secrets == nil {
		var err error
		if f.Secrets, _, err = ReadKey(f.Path(KeyFile)); err != nil {
			return err
		}
	}
	return f.beside(KeyFile)
}

func (f *Facts) said() error {
	var err error
	if f.State, err = ReadState(f.Dir); err != nil {
		return err
	}
	if f.Moved, err = ReadMoved(f.Dir); err != nil {
		return err
	}
	if f.Head, f.NoHead = ReadHead(f.Dir); f.NoHead != nil && !errors.Is(f.NoHead, ErrNoHead) {
		return f.NoHead
	}
	return errors.Join(f.beside(StateFile), f.beside(HeadFile))
}

// audio looks for one file of audio, but for uploads that were under way.
func (f *Facts) audio() error {
	root := f.Path(AudioDir)
	found := errors.New("there is audio")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && path == filepath.Join(root, "tmp"):
			return fs.SkipDir
		case e.Type().IsRegular():
			return found
		}
		return nil
	})
	switch {
	case errors.Is(err, found):
		f.Beside = append(f.Beside, AudioDir+"/")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look at the audio: %w", err)
	}
	return nil
}

func (f *Facts) permissions() error {
	for _, name := range []string{KeyFile, DBFile, WALFile} {
		path := f.Path(name)
		if info, err := os.Stat(path); err == nil && readable(info) {
			f.Readable = append(f.Readable, path)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look at the data directory: %w", err)
		}
	}
	for _, path := range []string{f.Dir, f.Path(AudioDir)} {
		if info, err := os.Stat(path); err == nil && writable(info) {
			f.Writable = append(f.Writable, path)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look at the data directory: %w", err)
		}
	}
	return nil
}
