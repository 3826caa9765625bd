package files

import (
	"context"
	"errors"
	"io"
	"os"
)

// TotalSize is the sum of the files' sizes in bytes.
func TotalSize(files []string) (total int64) {
	for _, f := range files {
		total += Size(f)
	}
	return total
}

// Size is a file's size in bytes, 0 for what is no file.
func Size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return 0 // opening it will say what is wrong
	}
	return info.Size()
}

// Open opens a file: no folder, and nothing that can't be read twice. Its errors don't name it.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	if err == nil {
		var f *os.File
		if f, err = os.Open(path); err == nil {
			return f, nil
		}
	}
	if p, ok := errors.AsType[*os.PathError](err); ok {
		err = p.Err // the caller names the file
	}
	return nil, err
}

// Reader is r until ctx ends, and then its error.
func Reader(ctx context.Context, r io.Reader) io.Reader { return contextReader{ctx, r} }

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
