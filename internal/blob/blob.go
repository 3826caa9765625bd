package blob

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/refrain-asr/refrain/recording"
)

// writeBuffer gathers the small pieces that uploads come in, in bytes.
const writeBuffer = 256 << 10

// blob is audio on its way into a Dir.
type blob struct {
	dir  *Dir
	file *os.File
	buf  *bufio.Writer
	over bool // committed or discarded
}

// NewBlob implements recording.Blobs.
func (d *Dir) NewBlob() (recording.Blob, error) {
	f, err := os.CreateTemp(filepath.Join(d.root, tmpDir), "upload-*") // for its owner only
	if err != nil {
		return nil, fmt.Errorf("make a file for audio: %w", err)
	}
	return &blob{dir: d, file: f, buf: bufio.NewWriterSize(&earlyWriter{file: f}, writeBuffer)}, nil
}

// Write implements io.Writer.
func (b *blob) Write(p []byte) (int, error) { return b.buf.Write(p) }

// Commit implements recording.Blob. After an error the blob is not there.
//
// The file gets its name before it is synced: a journalling file system then commits
// data and names at once, and the syncs of the directories behind find nothing left to
// do. A crash in between leaves a file that no recording refers to, for Sweep.
func (b *blob) Commit(id recording.ID) error {
	path, err := b.dir.path(id)
	if err != nil {
		return err
	}
	if err := b.buf.Flush(); err != nil {
		return fmt.Errorf("write the audio of recordings/%s: %w", id, err)
	}
	if err := b.publish(path); err != nil {
		return fmt.Errorf("keep the audio of recordings/%s: %w", id, err)
	}
	b.over = true
	return nil
}

// publish gives the file its name and makes both durable.
func (b *blob) publish(path string) error {
	dir := filepath.Dir(path)
	made := os.Mkdir(dir, 0o700)
	if made != nil && !errors.Is(made, fs.ErrExist) {
		return made
	}
	if err := os.Rename(b.file.Name(), path); err != nil {
		return err
	}
	err := errors.Join(b.file.Sync(), b.file.Close(), syncDir(dir))
	if made == nil {
		err = errors.Join(err, syncDir(b.dir.root))
	}
	if err != nil {
		b.over = true // its file has another name now
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// Discard implements recording.Blob. A file that can't be removed now is removed by
// the next Sweep.
func (b *blob) Discard() {
	if b.over {
		return
	}
	b.over = true
	_ = b.file.Close()
	_ = os.Remove(b.file.Name())
}
