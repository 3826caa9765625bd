package importer

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/sheet"
)

// The file of rejects is made with the first row, never over another, and is read again as
// the table was.
func TestRejects(t *testing.T) {
	t.Parallel()
	layout := sheet.Layout{Needed: 2, Columns: []string{"number", "time"}}
	for _, tt := range []struct{ name, text, want string }{
		{"t.csv", "Number;Time;x\n138;t;\"a;b\"\n139\n", "Number;Time;x;rejected_because\n" +
			"138;t;\"a;b\";\"is \"\"wrong\"\"\"\n139;\"is \"\"wrong\"\"\"\n"},
		{"t.jsonl", "{\"number\":138,\"time\":\"t\",\"rejected_because\":\"old\"}\nnull\n",
			`{"number":138,"rejected_because":"is \"wrong\"","time":"t"}` + "\n" +
				`{"rejected_because":"is \"wrong\"","row":"null"}` + "\n"},
	} {
		path := filepath.Join(t.TempDir(), tt.name)
		require.NoError(t, os.WriteFile(path, []byte(tt.text), 0o600))
		table, err := sheet.Open(path, layout, sheet.Options{})
		require.NoError(t, err)
		t.Cleanup(table.Close)
		r, err := newRejects(path+".rejects", table)
		require.NoError(t, err)
		require.NoFileExists(t, path+".rejects")
		rows := slices.Collect(table.Rows(&err))
		require.NoError(t, err)
		for _, row := range rows {
			require.NoError(t, r.add(row, `is "wrong"`))
		}
		require.NoError(t, r.close())
		got, err := os.ReadFile(path + ".rejects")
		require.NoError(t, err)
		require.Equal(t, tt.want, string(got))
		_, err = newRejects(path+".rejects", table)
		require.ErrorContains(t, err, "is there already, from an earlier import")
	}
}
