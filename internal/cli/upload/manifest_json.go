package upload

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/files"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// isJSONLines tells by its name that a manifest has an object a line.
func isJSONLines(path string) bool {
	ending := strings.ToLower(filepath.Ext(path))
	return ending == ".jsonl" || ending == ".ndjson"
}

// parseJSONManifest is parseManifest for JSON lines: each an object whose fields have the names of the
// columns.
func parseJSONManifest(r io.Reader, dir string, defaults *pb.RecordingMetadata) ([]Recording, error) {
	in := bufio.NewReader(files.SkipByteOrderMark(r))
	var items []Recording
	for number := 1; ; number++ {
		text, err := files.ReadLine(in)
		switch {
		case errors.Is(err, io.EOF) && len(items) == 0:
			return nil, errors.New(`it is empty; write a line such as {"file":"a.wav","call_id":"4711","number":"13800138000"}`)
		case errors.Is(err, io.EOF):
			return items, nil
		case err != nil && !errors.Is(err, files.ErrTooLong):
			return nil, err
		case err == nil && strings.TrimSpace(text) == "":
			continue
		}
		var c columns
		var row []string
		if err == nil {
			c, row, err = fields(text)
		}
		if err != nil {
			items = append(items, Recording{File: fmt.Sprintf("line %d", number), Err: err})
			continue
		}
		items = append(items, c.item(row, number, dir, defaults))
	}
}

// fields are the names and values of a line's object.
func fields(text string) (columns, []string, error) {
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		return nil, nil, fmt.Errorf("not readable as JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("not readable as JSON: something follows the object")
	}
	names := slices.Sorted(maps.Keys(object))
	row := make([]string, len(names))
	for i, name := range names {
		if !slices.Contains(manifestColumns, name) {
			return nil, nil, fmt.Errorf("field %q is not known; the fields are %s", name, strings.Join(manifestColumns, ", "))
		}
		switch v := object[name].(type) {
		case nil:
		case string:
			row[i] = v
		case json.Number:
			row[i] = v.String()
		default:
			return nil, nil, fmt.Errorf("field %q must be a text or a number", name)
		}
	}
	return names, row, nil
}
