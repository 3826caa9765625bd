package importer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/refrain-asr/refrain/internal/cli/sheet"
)

// rawField holds what stands in the place of a JSON object.
const rawField = "row"

// rejects is a file of the rows that were not taken, in the form of the file they come
// from with a column more that says why; so it can be mended and imported again. It is
// UTF-8, whatever the file is.
type rejects struct {
	path  string
	table *sheet.Table
	file  *os.File
}

// newRejects prepares a file that is made when there is something to put into it. One
// that is there already may not have been looked at yet: it stays, and is an error.
func newRejects(path string, t *sheet.Table) (*rejects, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s is there already, from an earlier import; move it away or "+
			"name another with --rejects", path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("the file of rejects: %w", err)
	}
	return &rejects{path: path, table: t}, nil
}

func (r *rejects) add(row sheet.Row, why string) error {
	err := r.open()
	if err == nil {
		_, err = fmt.Fprintln(r.file, r.row(row, why))
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
		r.table.JSONL() {
		return err
	}
	_, err = fmt.Fprintln(r.file, r.table.RejectedHeader())
	return err
}

// row is the row as it stood there, with the reason.
func (r *rejects) row(row sheet.Row, why string) string {
	if r.table.JSONL() {
		return rowJSON(row.Raw, why)
	}
	return r.table.Rejected(row, why)
}

// rowJSON adds the reason to an object. What is no object becomes the text of one.
func rowJSON(raw, why string) string {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(raw), &fields); err != nil || fields == nil {
		fields = map[string]json.RawMessage{rawField: textJSON(raw)}
	}
	fields[sheet.ReasonColumn] = textJSON(why)
	b, _ := json.Marshal(fields) //nolint:errchkjson // it is what was just read
	return string(b)
}

func textJSON(text string) json.RawMessage {
	b, _ := json.Marshal(text) //nolint:errchkjson // text never fails
	return b
}

// close ends the file; it is nil where nothing was rejected.
func (r *rejects) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
