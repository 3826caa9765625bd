package archive

import (
	"errors"
	"io"
	"os"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

// Item is a file that is meant to be a recording.
type Item struct {
	// File is where it lies, as the user wrote it or below that; Member is its name within File where
	// that is an archive.
	File, Member string
	// Size is how many bytes it has, and Weight how many of all that there is to read it stands for.
	Size, Weight int64
	// Err is why it can't be read.
	Err error

	kept *section // nil where the file is opened when it is needed
}

// Name is what a recording's name tells its particulars from: its path, within the archive where it
// is in one.
func (i *Item) Name() string {
	if i.Member != "" {
		return i.Member
	}
	return i.File
}

// String names it for people.
func (i *Item) String() string {
	if i.Member != "" {
		return i.File + ":" + i.Member
	}
	return i.File
}

// Content is a file that can be read several times. Closing it frees nothing that the Item still has.
type Content interface {
	io.ReadSeekCloser
}

// Open opens it.
func (i *Item) Open() (Content, error) {
	switch {
	case i.Err != nil:
		return nil, i.Err
	case i.kept != nil:
		return nopCloser{io.NewSectionReader(i.kept.file, i.kept.at, i.Size)}, nil
	}
	f, err := files.Open(i.File)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil {
		i.Size = info.Size()
	}
	return f, nil
}

type nopCloser struct{ *io.SectionReader }

func (nopCloser) Close() error { return nil }

// Release frees what a copy of it takes. It can't be opened any more then.
func (i *Item) Release() {
	if i.kept == nil {
		return
	}
	if i.kept.own {
		_ = i.kept.file.Close() // it has no name: this frees it
	}
	i.kept = nil
	i.Err = errReleased
}

var errReleased = errors.New("it was let go of")

// section is where a member of an archive was copied to.
type section struct {
	file *os.File
	at   int64
	own  bool // nothing else is in the file
}
