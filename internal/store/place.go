package store

import (
	"errors"
	"io/fs"
	"os"

	"github.com/refrain-asr/refrain/fault"
)

// GoneReason is that of the fault of a database that was taken away.
const GoneReason = "DATABASE_GONE"

// place is where the database's files were when they were opened. What is written to files
// that were removed or replaced since is lost once they are closed.
type place []placed

type placed struct {
	path string
	was  os.FileInfo
}

// placeOf is where a database's files are now.
func placeOf(path string) (place, error) {
	var p place
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		p = append(p, placed{name, info})
	}
	return p, nil
}

// check is nil where the files are where they were. Whether they are can't always be told; they
// may be there all the same.
func (p place) check() error {
	for _, f := range p {
		now, err := os.Stat(f.path)
		if errors.Is(err, fs.ErrPermission) {
			continue
		}
		if err == nil && !os.SameFile(now, f.was) {
			err = errors.New(f.path + " is another file than the one that was opened")
		}
		if err != nil {
			return &fault.Error{Kind: fault.Unavailable, Reason: GoneReason, Err: err,
				Message: "the database was removed or replaced under the server: nothing more is kept, " +
					"and checks are answered from memory; put the file back, or stop the server and restore " +
					"the latest backup"}
		}
	}
	return nil
}

// InPlace is nil where the database's files are where they were opened, else a fault that says
// so.
func (e *engine) InPlace() error { return e.place.check() }
