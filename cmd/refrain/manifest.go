package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// item is one recording to send.
type item struct {
	// file is as the user or the manifest wrote it; path is where it lies.
	file, path string
	meta       *pb.RecordingMetadata
	// err tells why it can't even be tried.
	err error
}

// manifestColumns are what a manifest may say of a recording; the needed ones first.
var manifestColumns = []string{"file", "call_id", "number", "part", "agent", "source", "customer_channel", "answer_offset", "started_at"}

const neededColumns = 3

func openManifest(path string, defaults *pb.RecordingMetadata) ([]item, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the manifest: %w", err)
	}
	defer func() { _ = f.Close() }()
	items, err := parseManifest(f, filepath.Dir(path), defaults)
	if err != nil {
		return nil, fmt.Errorf("the manifest %s: %w", path, err)
	}
	return items, nil
}

// parseManifest reads CSV whose first line names the columns. Files are relative to
// dir; what a row leaves out is taken from defaults. A row that can't be used becomes
// an item with its error; the error returned is about the manifest as a whole.
func parseManifest(r io.Reader, dir string, defaults *pb.RecordingMetadata) ([]item, error) {
	in := csv.NewReader(skipBOM(r))
	in.FieldsPerRecord, in.TrimLeadingSpace = -1, true
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; its first line must name the columns, such as file,call_id,number,agent")
	}
	if err != nil {
		return nil, err
	}
	columns, err := readHeader(header)
	if err != nil {
		return nil, err
	}
	var items []item
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			items = append(items, item{file: fmt.Sprintf("line %d", parse.StartLine), err: fmt.Errorf("not readable as CSV: %w", parse.Err)})
			continue
		}
		if err != nil {
			return nil, err
		}
		line, _ := in.FieldPos(0)
		items = append(items, columns.item(row, line, dir, defaults))
	}
}

// byteOrderMark is what spreadsheet programs put before UTF-8.
const byteOrderMark = "\ufeff"

// skipBOM drops the byte order mark.
func skipBOM(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if start, err := b.Peek(len(byteOrderMark)); err == nil && string(start) == byteOrderMark {
		_, _ = b.Discard(len(byteOrderMark)) // they were just peeked at
	}
	return b
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
			return nil, fmt.Errorf("column %q is not known; the columns are %s", name, strings.Join(manifestColumns, ", "))
		case slices.Contains(c[:i], c[i]):
			return nil, fmt.Errorf("column %q is there twice", name)
		}
	}
	for _, needed := range manifestColumns[:neededColumns] {
		if !slices.Contains(c, needed) {
			return nil, fmt.Errorf("the column %q is missing; needed are %s", needed, strings.Join(manifestColumns[:neededColumns], ", "))
		}
	}
	return c, nil
}

func (c columns) item(row []string, line int, dir string, defaults *pb.RecordingMetadata) item {
	it := item{file: fmt.Sprintf("line %d", line), meta: proto.CloneOf(defaults)}
	if len(row) != len(c) {
		it.err = fmt.Errorf("has %d columns, not %d as the first line", len(row), len(c))
		return it
	}
	for i, value := range row {
		value = strings.TrimSpace(value)
		if c[i] == "file" && value != "" {
			it.file, it.path = value, value
			if !filepath.IsAbs(value) {
				it.path = filepath.Join(dir, value)
			}
			continue
		}
		if err := setField(it.meta, c[i], value); err != nil && it.err == nil {
			it.err = fmt.Errorf("line %d: %s %q %w", line, c[i], value, err)
		}
	}
	if it.err == nil {
		it.err = it.complete(line)
	}
	return it
}

// complete tells what a row of a manifest lacks.
func (it item) complete(line int) error {
	switch {
	case it.path == "":
		return errors.New("names no file")
	case it.meta.GetCallId() == "":
		return fmt.Errorf("line %d: call_id is empty", line)
	case it.meta.GetNumber() == "":
		return fmt.Errorf("line %d: number is empty", line)
	}
	return nil
}

// setField sets what a manifest or a file name says of a recording; "" says nothing.
// Its errors follow the field's name and value.
func setField(m *pb.RecordingMetadata, field, value string) (err error) {
	if value == "" {
		return nil
	}
	if !utf8.ValidString(value) {
		return errors.New("is not UTF-8; save the file as UTF-8")
	}
	switch field {
	case "call_id":
		m.CallId = value
	case "number":
		m.Number = value
	case "part":
		m.Part = value
	case "agent":
		m.Agent = value
	case "source":
		m.Source = value
	case "customer_channel":
		m.CustomerChannel, err = parseChannel(value)
	case "answer_offset":
		m.AnswerOffset, err = parseOffset(value)
	case "started_at":
		m.StartTime, err = parseTime(value)
	}
	return err
}

// parseOffset reads seconds.
func parseOffset(s string) (*durationpb.Duration, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0 && v <= (24*time.Hour).Seconds()) { // NaN is neither
		return nil, errors.New("must be seconds from the start of the file, such as 3.2")
	}
	return durationpb.New(fromSeconds(v)), nil
}
