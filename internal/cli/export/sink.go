package export

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/files"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// sink takes the pieces of documents. end is called once, with why it ends early, nil where it
// doesn't.
type sink interface {
	take(m *pb.ExportVconsResponse) error
	end(why error) error
}

// standard writes all documents to one place, a line each.
type standard struct{ w io.Writer }

func (s *standard) take(m *pb.ExportVconsResponse) error {
	_, err := s.w.Write(m.GetChunk())
	return err
}

func (s *standard) end(error) error { return nil }

// folder writes a file for each document. One that was cut short is removed.
type folder struct {
	path string
	file *files.Out // nil between documents
}

func newFolder(path string) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	return &folder{path: path}, nil
}

func (f *folder) take(m *pb.ExportVconsResponse) (err error) {
	if f.file == nil {
		name := filepath.Join(f.path, fileName(m.GetCallId())+".vcon.json")
		if f.file, err = files.Create(name); err != nil {
			return err
		}
	}
	if _, err := f.file.Write(m.GetChunk()); err != nil {
		return err
	}
	if m.GetLast() {
		file := f.file
		f.file = nil
		return file.End(nil)
	}
	return nil
}

func (f *folder) end(why error) error {
	if f.file == nil {
		return nil
	}
	if why == nil {
		why = io.ErrUnexpectedEOF
	}
	_ = f.file.End(why) // it gives why again
	return why
}

// fileName is a call's id as a file's name in any system: other characters than letters, digits,
// ".", "-" and "_" are written as %XX, so that no two ids share a file.
func fileName(id string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(id) {
		c := id[i]
		plain := c == '-' || c == '_' || c == '.' && i > 0 ||
			'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if plain {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
