package blob

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"filippo.io/age"

	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// writeBuffer gathers the small pieces that uploads come in, in bytes.
const writeBuffer = 256 << 10

// Draft is audio on its way into a store: in a file that nothing refers to, encrypted where its
// cipher encrypts. It is not safe for concurrent use.
type Draft struct {
	cipher *Cipher
	file   *atomicfile.File
	buf    *bufio.Writer
	// sealing encrypts into buf; nil for plain audio.
	sealing io.WriteCloser
}

// NewDraft begins one in a directory; room is asked before audio is written, nil for no limit.
func NewDraft(dir string, c *Cipher, room Room) (*Draft, error) {
	if room != nil { // no need to read what can't be kept
		done, err := room(0)
		if err != nil {
			return nil, err
		}
		done()
	}
	f, err := atomicfile.Create(dir, "upload-*", 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil, unusable(err)
	case err != nil:
		return nil, fmt.Errorf("make a file for audio: %w", err)
	}
	buf := bufio.NewWriterSize(&earlyWriter{file: f.File, room: room}, writeBuffer)
	d := &Draft{cipher: c, file: f, buf: buf}
	if c != nil && c.write {
		if d.sealing, err = age.Encrypt(buf, c.recipients...); err != nil {
			f.Discard()
			return nil, fmt.Errorf("encrypt audio: %w", err)
		}
	}
	return d, nil
}

// Write implements io.Writer.
func (d *Draft) Write(p []byte) (int, error) {
	if d.sealing != nil {
		return d.sealing.Write(p)
	}
	return d.buf.Write(p)
}

// flush brings all that was written into the file. What is encrypted is complete then: nothing
// can be written behind it any more.
func (d *Draft) flush() error {
	if s, ok := d.sealing.(ended); ok || d.sealing == nil {
		return errors.Join(s.err, d.buf.Flush())
	}
	err := d.sealing.Close()
	d.sealing = ended{err}
	return errors.Join(err, d.buf.Flush())
}

// ended stands for what was encrypted to its end, with what came of that.
type ended struct{ err error }

// Write implements io.Writer.
func (ended) Write([]byte) (int, error) { return 0, errors.New("the audio is complete already") }

// Close implements io.Closer.
func (e ended) Close() error { return e.err }

// Reread implements recording.Blob.
func (d *Draft) Reread() (io.ReadCloser, error) {
	if err := d.flush(); err != nil {
		return nil, fmt.Errorf("write the audio: %w", err)
	}
	audio, err := d.cipher.Plain(d.file.Name())
	return audio, wrap("read the audio that arrived", err)
}

// File is what was written, complete, to be read as it is to be kept. The Draft closes it.
func (d *Draft) File() (*os.File, error) {
	if err := d.flush(); err != nil {
		return nil, err
	}
	return d.file.File, nil
}

// Discard implements recording.Blob. A file that can't be removed now is removed by the next
// sweep of its directory.
func (d *Draft) Discard() { d.file.Discard() }
