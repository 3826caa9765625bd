package upload

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/refrain-asr/refrain/internal/cli/files"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Recording is one recording to send.
type Recording struct {
	// File is as the user or the manifest wrote it, Path is where it lies.
	File, Path string
	// Meta is what is said of it.
	Meta *pb.RecordingMetadata
	// Err is why it can't even be tried.
	Err error
}

// manifestColumns are what a manifest may say of a recording; the needed ones first.
var manifestColumns = []string{"file", "call_id", "number", "part", "agent", "source",
	"customer_channel", "answer_offset", "started_at", "line", "priority"}

// neededColumns is how many of them a manifest must have.
const neededColumns = 3

// ReadManifest reads a manifest: CSV whose first line names the columns, or where its name ends with
// .jsonl, an object a line. Files are relative to it; what a row leaves out is taken from defaults. A row that can't be used is a Recording with
// its error.
func ReadManifest(path string, defaults *pb.RecordingMetadata) ([]Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the manifest: %w", err)
	}
	defer func() { _ = f.Close() }()
	parse := parseManifest
	if isJSONLines(path) {
		parse = parseJSONManifest
	}
	items, err := parse(f, filepath.Dir(path), defaults)
	if err != nil {
		return nil, fmt.Errorf("the manifest %s: %w", path, err)
	}
	return items, nil
}

// parseManifest reads CSV whose first line names the columns. Files are relative to
// dir; what a row leaves out is taken from defaults. A row that can't be used becomes
// a Recording with its error; the error returned is about the manifest as a whole.
func parseManifest(r io.Reader, dir string, defaults *pb.RecordingMetadata) ([]Recording, error) {
	in := csv.NewReader(files.SkipByteOrderMark(r))
	in.FieldsPerRecord, in.TrimLeadingSpace = -1, true
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; its first line must name the columns, such as " +
			"file,call_id,number,agent")
	}
	if err != nil {
		return nil, err
	}
	columns, err := readHeader(header)
	if err != nil {
		return nil, err
	}
	var items []Recording
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			items = append(items, Recording{File: fmt.Sprintf("line %d", parse.StartLine),
				Err: fmt.Errorf("not readable as CSV: %w", parse.Err)})
			continue
		}
		if err != nil {
			return nil, err
		}
		line, _ := in.FieldPos(0)
		items = append(items, columns.item(row, line, dir, defaults))
	}
}

// columns are the names of a manifest's columns, in the file's order.
type columns []string

func readHeader(header []string) (columns, error) {
	c := make(columns, len(header))
	for i, name := range header {
		c[i] = strings.ToLower(strings.TrimSpace(name))
		switch {
		case len(header) == 1 && strings.ContainsAny(name, ";\t"):
			return nil, errors.New("its columns are not separated by commas")
		case !slices.Contains(manifestColumns, c[i]):
			return nil, fmt.Errorf("column %q is not known; the columns are %s", name,
				strings.Join(manifestColumns, ", "))
		case slices.Contains(c[:i], c[i]):
			return nil, fmt.Errorf("column %q is there twice", name)
		}
	}
	for _, needed := range manifestColumns[:neededColumns] {
		if !slices.Contains(c, needed) {
			return nil, fmt.Errorf("the column %q is missing; needed are %s", needed,
				strings.Join(manifestColumns[:neededColumns], ", "))
		}
	}
	return c, nil
}

func (c columns) item(
	row []string, line int, dir string, defaults *pb.RecordingMetadata,
) Recording {
	it := Recording{File: fmt.Sprintf("line %d", line), Meta: proto.CloneOf(defaults)}
	if len(row) != len(c) {
		it.Err = fmt.Errorf("has %d columns, not %d as the first line", len(row), len(c))
		return it
	}
	for i, value := range row {
		value = strings.TrimSpace(value)
		if c[i] == "file" && value != "" {
			it.File, it.Path = value, within(dir, value)
			continue
		}
		if err := SetField(it.Meta, c[i], value); err != nil && it.Err == nil {
			it.Err = fmt.Errorf("line %d: %s %q %w", line, c[i], value, err)
		}
	}
	if it.Err == nil {
		it.Err = it.complete(line)
	}
	return it
}

// within is where a file lies that is named in a file in dir.
func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// complete says what a row of a manifest lacks.
func (it Recording) complete(line int) error {
	switch {
	case it.Path == "":
		return errors.New("names no file")
	case it.Meta.GetCallId() == "":
		return fmt.Errorf("line %d: call_id is empty", line)
	case it.Meta.GetNumber() == "":
		return fmt.Errorf("line %d: number is empty", line)
	}
	return nil
}
