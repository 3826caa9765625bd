package batch

import (
	"path/filepath"
	"strings"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/batch/journal"
	"github.com/refrain-asr/refrain/internal/cli/batch/table"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// channels are where the customer may be, as a manifest says.
var channels = map[pb.Channel]audio.Channel{
	pb.Channel_CHANNEL_LEFT: audio.Left, pb.Channel_CHANNEL_RIGHT: audio.Right, pb.Channel_CHANNEL_MONO: audio.Mono,
}

func size(path string) int64 { return files.Size(path) }

// outFiles are the files that a run writes.
type outFiles struct {
	journal, errors string
	// table is "" where the journal is all that is wanted.
	table  string
	format table.Format
}

// outputs tells the files by the name of the one that a user wants.
func outputs(out string) (outFiles, error) {
	o := outFiles{journal: out, errors: out + ".errors.jsonl"}
	switch ending := strings.ToLower(filepath.Ext(out)); ending {
	case ".csv":
		o.table, o.format = out, table.CSV
	case ".parquet":
		o.table, o.format = out, table.Parquet
	case ".jsonl", ".ndjson", "":
	default:
		return o, usage.Errorf("--out %q: write .jsonl, .csv or .parquet", out)
	}
	if o.table != "" {
		o.journal = out + ".journal.jsonl"
	}
	if out == "" {
		return o, usage.Errorf("say where the result goes: --out FILE.jsonl, .csv or .parquet")
	}
	return o, nil
}

// write makes the table of the journal.
func (o outFiles) write(j *journal.Journal) error {
	if o.table == "" {
		return nil
	}
	return table.Write(o.table, o.format, j)
}
