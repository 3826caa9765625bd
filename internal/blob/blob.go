package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/recording"
)

// blob is audio on its way into a Dir.
type blob struct {
	*Draft
	dir *Dir
}

// NewBlob implements recording.Blobs.
func (d *Dir) NewBlob() (recording.Blob, error) {
	draft, err := NewDraft(d.Temp(), d.cipher, d.Room)
	if err != nil {
		return nil, err
	}
	return &blob{draft, d}, nil
}

// Commit implements recording.Blob. After an error the blob is not there, or the one before
// is, or what it has become where only its directory could not be synced. A crash may leave
// a file that no recording refers to, for Sweep.
func (b *blob) Commit(_ context.Context, id recording.ID) error {
	path, err := b.dir.path(id)
	if err != nil {
		return err
	}
	if err := b.flush(); err != nil {
		return fmt.Errorf("write the audio of recordings/%s: %w", id, err)
	}
	if err := b.dir.publish(b.file, path); err != nil {
		return fmt.Errorf("keep the audio of recordings/%s: %w", id, err)
	}
	return wrap("keep the audio of recordings/"+string(id), removeFile(path+referenceSuffix))
}

// publish gives a file its name, in a directory that it makes where it is missing.
func (d *Dir) publish(f *atomicfile.File, path string) error {
	if _, err := os.Stat(path); err == nil { // which must not be lost in any case
		return f.Commit(path)
	}
	made := os.Mkdir(filepath.Dir(path), 0o700)
	if made != nil && !errors.Is(made, fs.ErrExist) {
		return made
	}
	if err := f.Publish(path); err != nil || made != nil {
		return err
	}
	if err := atomicfile.SyncDir(d.root); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
