package blob

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"

	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/recording"
)

// writeBuffer gathers the small pieces that uploads come in, in bytes.
const writeBuffer = 256 << 10

// blob is audio on its way into a Dir.
type blob struct {
	dir  *Dir
	file *atomicfile.File
	buf  *bufio.Writer
	// sealing encrypts into buf; nil for plain audio.
	sealing io.WriteCloser
}

// NewBlob implements recording.Blobs.
func (d *Dir) NewBlob() (recording.Blob, error) {
	if d.Room != nil { // no need to read what can't be kept
		done, err := d.Room(0)
		if err != nil {
			return nil, err
		}
		done()
	}
	f, err := atomicfile.Create(filepath.Join(d.root, tmpDir), "upload-*", 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil, unusable(err)
	case err != nil:
		return nil, fmt.Errorf("make a file for audio: %w", err)
	}
	buf := bufio.NewWriterSize(&earlyWriter{file: f.File, room: d.Room}, writeBuffer)
	b := &blob{dir: d, file: f, buf: buf}
	if c := d.cipher; c != nil && c.write {
		if b.sealing, err = age.Encrypt(buf, c.recipients...); err != nil {
			f.Discard()
			return nil, fmt.Errorf("encrypt audio: %w", err)
		}
	}
	return b, nil
}

// Write implements io.Writer.
func (b *blob) Write(p []byte) (int, error) {
	if b.sealing != nil {
		return b.sealing.Write(p)
	}
	return b.buf.Write(p)
}

// flush brings all that was written into the file. What is encrypted is complete then: nothing
// can be written behind it any more.
func (b *blob) flush() error {
	if s, ok := b.sealing.(ended); ok || b.sealing == nil {
		return errors.Join(s.err, b.buf.Flush())
	}
	err := b.sealing.Close()
	b.sealing = ended{err}
	return errors.Join(err, b.buf.Flush())
}

// ended stands for what was encrypted to its end, with what came of that.
type ended struct{ err error }

// Write implements io.Writer.
func (ended) Write([]byte) (int, error) { return 0, errors.New("the audio is complete already") }

// Close implements io.Closer.
func (e ended) Close() error { return e.err }

// Reread implements recording.Blob.
func (b *blob) Reread() (io.ReadCloser, error) {
	if err := b.flush(); err != nil {
		return nil, fmt.Errorf("write the audio: %w", err)
	}
	audio, err := b.dir.cipher.Plain(b.file.Name())
	return audio, wrap("read the audio that arrived", err)
}

// Commit implements recording.Blob. After an error the blob is not there, or the one before
// is, or what it has become where only its directory could not be synced. A crash may leave
// a file that no recording refers to, for Sweep.
func (b *blob) Commit(id recording.ID) error {
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

// Discard implements recording.Blob. A file that can't be removed now is removed by
// the next Sweep.
func (b *blob) Discard() { b.file.Discard() }
