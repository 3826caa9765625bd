package upload

import (
	"errors"
	"fmt"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	"github.com/refrain-asr/refrain/internal/cli/sheet"
	"github.com/refrain-asr/refrain/internal/cli/when"
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

// manifest are the columns in which recordings are described.
var manifest = sheet.Layout{Needed: 3, Numbers: []string{"number"},
	Columns: []string{"file", "call_id", "number", "part", "agent", "source", "customer_channel",
		"answer_offset", "started_at", "line", "priority"},
	Names: map[string][][]string{
		"file": {{"文件", "文件名", "录音", "录音文件", "录音文件名", "录音路径", "filename", "file_name",
			"path", "recording", "recording_file"}},
		"call_id": {{"通话id", "呼叫id", "话单号", "通话编号", "流水号", "uuid", "call_uuid",
			"uniqueid"}},
		"number": sheet.NumberNames,
		"agent":  {{"工号", "坐席工号", "座席工号"}, {"坐席", "座席", "客服", "agent_id", "user"}},
		"started_at": {{"start", "start_time", "start_stamp", "calldate", "call_date", "开始时间",
			"呼叫时间", "通话开始时间"}, {"time", "时间"}},
	}}

// Manifests says how manifests are read. The zero value reads what needs no explanation.
type Manifests struct {
	sheet.Options
	// Times reads when calls started.
	Times when.Reader
	// Notes are what is to be said of the manifests that were read.
	Notes []string
}

// ReadManifest is Manifests.Read without anything explained.
func ReadManifest(path string, defaults *pb.RecordingMetadata) ([]Recording, error) {
	return new(Manifests).Read(path, defaults)
}

// Read reads a manifest: a table with a row for each recording. Files are relative to it;
// what a row leaves out is taken from defaults. A row that can't be used is a Recording with
// its error.
func (m *Manifests) Read(path string, defaults *pb.RecordingMetadata) ([]Recording, error) {
	t, err := sheet.Open(path, manifest, m.Options)
	if err != nil {
		return nil, fmt.Errorf("the manifest: %w", err)
	}
	defer t.Close()
	var items []Recording
	for row := range t.Rows(&err) {
		items = append(items, m.item(row, filepath.Dir(path), defaults))
	}
	if err != nil {
		return nil, fmt.Errorf("the manifest %s: %w", path, err)
	}
	m.note(path, t)
	return items, nil
}

func (m *Manifests) note(path string, t *sheet.Table) {
	for _, note := range append(t.Notes, m.Times.Note()) {
		if note != "" {
			m.Notes = append(m.Notes, path+": "+note)
		}
	}
}

func (m *Manifests) item(row sheet.Row, dir string, defaults *pb.RecordingMetadata) Recording {
	it := Recording{File: fmt.Sprintf("line %d", row.Place), Meta: proto.CloneOf(defaults)}
	if file := row.Fields["file"]; file != "" {
		it.File, it.Path = file, within(dir, file)
	}
	for _, field := range manifest.Columns[1:] {
		value := row.Fields[field]
		if err := m.set(it.Meta, field, value); err != nil && it.Err == nil {
			it.Err = fmt.Errorf("line %d: %s %q %w", row.Place, field, value, err)
		}
	}
	switch {
	case row.Fields != nil && it.Path == "":
		it.Err = errors.New("names no file")
	case row.Err != nil:
		it.Err = fmt.Errorf("line %d: %w", row.Place, row.Err)
	}
	return it
}

func (m *Manifests) set(meta *pb.RecordingMetadata, field, value string) (err error) {
	if field == "started_at" && value != "" {
		meta.StartTime, err = m.Times.Timestamp(value)
		return err
	}
	return SetField(meta, field, value)
}

// within is where a file lies that is named in a file in dir.
func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
