package demo

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/upload"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const (
	manifestName = "manifest.csv"
	textsName    = "texts.tsv"
)

// samples are calls to try, and what is to be found in them.
type samples struct {
	items    []upload.Recording
	expected map[string]expectation // by call id
}

// expectation is the class of which a call should become a suspect, "" for none.
type expectation struct{ class string }

func openSamples(dir string) (*samples, error) {
	items, err := upload.ReadManifest(filepath.Join(dir, manifestName), &pb.RecordingMetadata{})
	if err != nil {
		return nil, err
	}
	expected, err := readExpectations(filepath.Join(dir, textsName))
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		if _, ok := expected[it.Meta.GetCallId()]; !ok {
			return nil, fmt.Errorf("%s says nothing of call %q", filepath.Join(dir, textsName),
				it.Meta.GetCallId())
		}
	}
	return &samples{items, expected}, nil
}

// readExpectations takes what is to be found in the calls from the table of their texts.
func readExpectations(path string) (map[string]expectation, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the sample calls' texts: %w", err)
	}
	defer func() { _ = f.Close() }()
	in := csv.NewReader(f)
	in.Comma = '\t'
	rows, err := in.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(rows) == 0 || len(rows[0]) < 3 ||
		strings.Join(rows[0][:3], " ") != "call_id suspect class" {
		return nil, fmt.Errorf("%s must begin with the columns call_id, suspect and class", path)
	}
	expected := map[string]expectation{}
	for _, row := range rows[1:] {
		class := row[2]
		if row[1] != "yes" {
			class = ""
		}
		expected[row[0]] = expectation{class}
	}
	return expected, nil
}

// begin gives calls without a start the present one, as a recorder would.
func (s *samples) begin(now *timestamppb.Timestamp) {
	for _, it := range s.items {
		if it.Meta != nil && it.Meta.StartTime == nil {
			it.Meta.StartTime = now
		}
	}
}
