package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/recording"
)

// TempDir is where blobs lie until they are committed, in the same file system.
const TempDir = "tmp"

const tmpDir = TempDir

// Dir is a directory of blobs. It implements recording.Blobs, and is safe for
// concurrent use. One process at a time may have it open.
//
// A blob's file is named after its recording's id and lies in a subdirectory named
// after the id's last two characters: the first ones tell the time, and would put a
// day's blobs into one.
type Dir struct {
	// Room is asked before audio is written; nil for no limit. To be set before the directory is
	// used.
	Room Room
	Archives

	root string
	// cipher encrypts; nil for none.
	cipher *Cipher
}

// Room takes room for so many bytes that are about to be written; done is to be called once they
// are. Where there is none, its error says so.
type Room func(bytes int64) (done func(), err error)

// Open opens a directory of blobs, and makes it, for its owner only, where it is
// missing.
func Open(dir string) (*Dir, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the audio directory: %w", err)
	}
	tmp := filepath.Join(dir, tmpDir)
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return nil, fmt.Errorf("make the audio directory: %w", err)
	}
	for d := range parents(tmp, filepath.Dir(dir)) {
		if err := atomicfile.SyncDir(d); err != nil {
			return nil, fmt.Errorf("make the audio directory: %w", err)
		}
	}
	return &Dir{root: dir}, nil
}

// OpenReadOnly opens a directory of blobs that can't be changed. It makes nothing.
func OpenReadOnly(dir string, room Room) (*Dir, error) {
	dir, err := filepath.Abs(dir)
	return &Dir{root: dir, Room: room}, wrap("open the audio directory", err)
}

// Ready is nil where audio can be taken as far as the directory goes, and else says what is wrong
// with it.
func (d *Dir) Ready() error { return Usable(d.Temp()) }

// Usable is nil where a directory can be read in which audio lies until it is committed, and else says
// what is wrong with it.
func Usable(temp string) error {
	if _, err := os.ReadDir(temp); err != nil {
		return unusable(err)
	}
	return nil
}

// unusable is that no audio can be kept, whatever is sent.
func unusable(err error) error {
	return &fault.Error{Kind: fault.Unavailable, Reason: "AUDIO_DIRECTORY_GONE",
		Message: "the server's directory of audio can't be used: it was removed, or its permissions were " +
			"changed; put it back, and send the recording again", Err: err}
}

// Temp is a directory for files that nothing refers to yet; the next Sweep removes what is
// left there.
func (d *Dir) Temp() string { return filepath.Join(d.root, tmpDir) }

// parents are the directories above path, up to and with top.
func parents(path, top string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for d := filepath.Dir(path); yield(d) && d != top; d = filepath.Dir(d) {
		}
	}
}

// path is where the blob of that id lies. It fails on what is not an id, so that no
// name can lead out of the directory.
func (d *Dir) path(id recording.ID) (string, error) {
	name, err := Name(id)
	return filepath.Join(d.root, filepath.FromSlash(name)), err
}

// Name is where a blob lies below the root of its store, with slashes. It fails on what is not an id.
func Name(id recording.ID) (string, error) {
	if _, err := ulid.ParseStrict(string(id)); err != nil {
		return "", fmt.Errorf("%q is no recording's id: %w", id, err)
	}
	return shard(string(id)) + "/" + string(id), nil
}

// IDOf is the id of the blob, or of the reference, that lies there by Name; ok is false for anything
// else.
func IDOf(name string) (id recording.ID, ok bool) {
	sub, file, _ := strings.Cut(name, "/")
	text := strings.TrimSuffix(file, referenceSuffix)
	_, err := ulid.ParseStrict(text)
	return recording.ID(text), err == nil && shard(text) == sub
}

func shard(id string) string { return id[len(id)-2:] }

// Open opens a committed blob for reading. The error wraps fs.ErrNotExist where there is
// none.
func (d *Dir) Open(_ context.Context, id recording.ID) (io.ReadCloser, error) {
	path, err := d.path(id)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err == nil {
		audio, err := d.cipher.plainFile(f)
		return audio, wrap("open the audio of recordings/"+string(id), err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the audio of recordings/%s: %w", id, err)
	}
	referred, err := d.openReferred(path)
	if _, is := errors.AsType[*fs.PathError](err); is && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the audio of recordings/%s is missing in %s: restore it from a "+
			"backup: %w", id, d.root, fs.ErrNotExist)
	}
	return referred, wrap("open the audio of recordings/"+string(id), err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Has implements recording.Blobs.
func (d *Dir) Has(_ context.Context, id recording.ID) (bool, error) {
	path, err := d.path(id)
	if err != nil {
		return false, err
	}
	for _, name := range []string{path, path + referenceSuffix} {
		if _, err = os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// Remove deletes a committed blob; what it may refer to stays. It is no error where there is none.
func (d *Dir) Remove(_ context.Context, id recording.ID) error {
	return d.remove(id)
}

func (d *Dir) remove(id recording.ID) error {
	path, err := d.path(id)
	if err != nil {
		return err
	}
	return wrap("remove the audio of recordings/"+string(id),
		errors.Join(removeFile(path), removeFile(path+referenceSuffix)))
}

// removeFile removes a file; it is no error where there is none.
func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
