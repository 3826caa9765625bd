package importer

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// reasonColumn is the column of rejects that says why. An import passes over it.
	reasonColumn = "rejected_because"
	// rawField holds what stands in the place of a JSON object.
	rawField = "row"
)

// rejects is a file of the rows that were not taken, in the form of the file they come
// from with a column more that says why; so it can be mended and imported again.
type rejects struct {
	path  string
	jsonl bool
	// reimport is set where the rows come from a file of rejects.
	reimport bool
	names    []string
	file     *os.File
}

// newRejects prepares a file that is made when there is something to put into it. One
// that is there already may not have been looked at yet: it stays, and is an error.
func newRejects(path string, s *table) (*rejects, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s is there already, from an earlier import; move it away or "+
			"name another with --rejects", path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("the file of rejects: %w", err)
	}
	names := slices.DeleteFunc(slices.Clone(s.names),
		func(name string) bool { return name == reasonColumn })
	return &rejects{path: path, jsonl: s.jsonl, reimport: slices.Contains(s.names, reasonColumn),
		names: names}, nil
}

func (r *rejects) add(rec Row, why string) error {
	err := r.open()
	if err == nil {
		_, err = fmt.Fprintln(r.file, r.row(rec, why))
	}
	if err != nil {
		return fmt.Errorf("the file of rejects: %w", err)
	}
	return nil
}

func (r *rejects) open() (err error) {
	if r.file != nil {
		return nil
	}
	if r.file, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil ||
		r.jsonl {
		return err
	}
	_, err = fmt.Fprintln(r.file, joinCSV(append(slices.Clone(r.names), reasonColumn)))
	return err
}

// row is the record as it stood there, with the reason.
func (r *rejects) row(rec Row, why string) string {
	switch {
	case r.jsonl:
		return rowJSON(rec.raw, why)
	case rec.Fields == nil && r.reimport: // it has a reason already, wherever that is
		return rec.raw
	case rec.Fields == nil:
		return rec.raw + "," + joinCSV([]string{why})
	}
	var row []string
	for _, name := range r.names {
		row = append(row, rec.Fields[name])
	}
	return joinCSV(append(row, why))
}

// rowJSON adds the reason to an object. What is no object becomes the text of one.
func rowJSON(raw, why string) string {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(raw), &fields); err != nil || fields == nil {
		fields = map[string]json.RawMessage{rawField: textJSON(raw)}
	}
	fields[reasonColumn] = textJSON(why)
	b, _ := json.Marshal(fields) //nolint:errchkjson // it is what was just read
	return string(b)
}

func textJSON(text string) json.RawMessage {
	b, _ := json.Marshal(text) //nolint:errchkjson // text never fails
	return b
}

// joinCSV is a row without its end.
func joinCSV(row []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(row) // a Builder takes all
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// close ends the file; it is nil where nothing was rejected.
func (r *rejects) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
