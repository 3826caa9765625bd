package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/internal/datadir"
)

// What lies in a backup, beside the files of the data directory under their names there.
const (
	// ManifestFile says what the backup is, and is written last.
	ManifestFile = "backup.json"
	// SumsFile has the SHA-256 of each other file, as sha256sum writes and checks it.
	SumsFile = "SHA256SUMS"
)

// format is the version of how a backup is laid out.
const format = 1

// Manifest says what a backup is.
type Manifest struct {
	Format int `json:"format"`
	// Made is when the database was copied: what came later is not in the backup.
	Made time.Time `json:"made"`
	About
	// Recordings is how many the database knows, and Bytes how much audio there is of them.
	Recordings int64 `json:"recordings"`
	Bytes      int64 `json:"bytes"`
	// Bucket is the id of the bucket that the audio lies in, and is left there; "" where it is in the backup.
	Bucket string `json:"bucket,omitempty"`
	// WithKey tells that the ledger's key is in the backup.
	WithKey bool `json:"with_key"`
	// Missing are recordings whose audio was not there when the backup was made, and Damaged
	// those whose audio was not what had been uploaded.
	Missing []string `json:"missing"`
	Damaged []string `json:"damaged"`
	// Newer are recordings whose audio was replaced by a longer file after the database was
	// copied.
	Newer []string `json:"newer"`
	// Sums is the SHA-256 of SumsFile.
	Sums string `json:"sums"`
}

// audioPath is the name of a recording's audio in a backup and in a data directory.
func audioPath(id string) string {
	return path.Join(datadir.AudioDir, id[max(0, len(id)-2):], id)
}

// ReadManifest reads what a backup is.
func ReadManifest(dir string) (Manifest, error) {
	var m Manifest
	text, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s is no backup, or one that was not finished: %s is missing in it", dir,
			ManifestFile)
	}
	if err != nil {
		return m, fmt.Errorf("read the backup: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s in %s is damaged: %w", ManifestFile, dir, err)
	}
	if m.Format != format {
		return m, fmt.Errorf("the backup %s has the format %d, but this program knows %d: use the "+
			"program that made it", dir, m.Format, format)
	}
	return m, nil
}

// sums are the SHA-256 of files, by their names with slashes.
type sums map[string]string

// write writes them in the order of names, and gives their own SHA-256.
func (s sums) write(name string) (string, error) {
	names := make([]string, 0, len(s))
	for n := range s {
		names = append(names, n)
	}
	slices.Sort(names)
	h := sha256.New()
	err := writeFile(name, func(w io.Writer) error {
		b := bufio.NewWriter(io.MultiWriter(w, h))
		for _, n := range names {
			if _, err := fmt.Fprintf(b, "%s  %s\n", s[n], n); err != nil {
				return err
			}
		}
		return b.Flush()
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// readSums reads them, and gives their own SHA-256.
func readSums(name string) (s sums, sum string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	s, err = parseSums(io.TeeReader(f, h))
	return s, hex.EncodeToString(h.Sum(nil)), err
}

// parseSums takes no name that leads out of the backup, and none twice.
func parseSums(r io.Reader) (sums, error) {
	s := sums{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if raw, err := hex.DecodeString(sum); err != nil || len(raw) != sha256.Size || !ok {
			return nil, fmt.Errorf("line %d of %s is no checksum and name", n, SumsFile)
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) || path.Clean(name) != name {
			return nil, fmt.Errorf("line %d of %s names %q, which is outside of the backup", n, SumsFile,
				name)
		}
		if s[name] != "" {
			return nil, fmt.Errorf("line %d of %s names %s again", n, SumsFile, name)
		}
		s[name] = sum
	}
	return s, lines.Err()
}
