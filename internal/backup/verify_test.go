package backup_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/backup"
)

// Whatever is changed in a backup is found, and nothing is restored from it.
func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	d := filled(t)
	whole, _ := d.backUp(t, withKey)
	other, _ := filled(t).backUp(t, withKey)
	edit := func(name, from, to string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Contains(t, string(b), from)
			require.NoError(t, os.WriteFile(path, bytes.Replace(b, []byte(from), []byte(to), 1), 0o600))
		}
	}
	from := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			b, err := os.ReadFile(filepath.Join(other, name))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
		}
	}
	gone := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, name))) }
	}
	audio := audioName(d.ids[2])
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, dir string)
		says  string
	}{
		"a byte of audio":      {edit(audio, "audio 2", "audio 3"), audio + " was changed"},
		"audio is gone":        {gone(audio), audio + " is missing"},
		"a byte of the db":     {edit("refrain.db", "asked us to", "asked us no"), "refrain.db was changed"},
		"another db":           {from("refrain.db"), "refrain.db was changed"},
		"the db is gone":       {gone("refrain.db"), "refrain.db is missing"},
		"another key":          {from("ledger.key"), "is another key"},
		"the sums are gone":    {gone("SHA256SUMS"), "SHA256SUMS is missing"},
		"the sums were edited": {edit("SHA256SUMS", "audio/", "audiO/"), "SHA256SUMS is missing, or not"},
		"another manifest":     {from("backup.json"), "SHA256SUMS is missing, or not"},
		"another length":       {edit("backup.json", `"entries": 3`, `"entries": 4`), "its ledger has 3 entries"},
		"another directory":    {edit("backup.json", `"dir-1"`, `"dir-2"`), "is not the one"},
		"audio is left out": {func(t *testing.T, dir string) {
			id := string(d.ids[2])
			forge(t, dir, func(sums string) string {
				var out []string
				for line := range strings.Lines(sums) {
					if !strings.Contains(line, id) {
						out = append(out, line)
					}
				}
				return strings.Join(out, "")
			})
		}, "is not in the backup"},
		"a name leads out": {func(t *testing.T, dir string) {
			forge(t, dir, func(sums string) string { return strings.ReplaceAll(sums, "audio/", "../") })
		}, "outside of the backup"},
		"the ledger was edited": {func(t *testing.T, dir string) {
			edit("refrain.db", "manual", "manuel")(t, dir)
			forge(t, dir, nil)
		}, "was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "copy")
			require.NoError(t, os.CopyFS(dir, os.DirFS(whole)))
			tt.spoil(t, dir)
			v := verify(t, dir, "")
			require.Contains(t, strings.Join(v.Wrong, "\n"), tt.says)
			to := filepath.Join(t.TempDir(), "data")
			_, err := backup.Restore(t.Context(), restoring(dir, to, ""))
			require.ErrorContains(t, err, "nothing was restored")
			require.NoDirExists(t, to)
		})
	}
}

// forge edits the checksums, has them fit the files, and the manifest fit them.
func forge(t *testing.T, dir string, edit func(string) string) {
	t.Helper()
	path := filepath.Join(dir, "SHA256SUMS")
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	before := sha256.Sum256(b)
	text := string(b)
	if edit != nil {
		text = edit(text)
	} else {
		var out strings.Builder
		for line := range strings.Lines(text) {
			name := strings.TrimSpace(line[66:])
			file, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(file), name)
		}
		text = out.String()
	}
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	manifest, err := os.ReadFile(filepath.Join(dir, "backup.json"))
	require.NoError(t, err)
	manifest = bytes.Replace(manifest, fmt.Appendf(nil, "%x", before),
		fmt.Appendf(nil, "%x", sha256.Sum256([]byte(text))), 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "backup.json"), manifest, 0o600))
}
