package archive

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/refrain-asr/refrain/asr/audio"
)

// kind is what a file is.
type kind int

const (
	other kind = iota
	sound
	zipArchive
	tarArchive
	gzipArchive
	foreignArchive
)

var (
	errForeign = errors.New("it is an archive of a kind that is not read: unpack it, or make it a tar, tar.gz or zip")
	errNested  = errors.New("it is an archive within an archive, which is not read: unpack it")
)

// headBytes are enough to tell what a file is.
const headBytes = 4096

// lookAt tells what a file is. One that is named by the user is read as an archive whatever its name; others only
// where the name says so, since many documents are archives inside.
func lookAt(name string, named bool) (kind, int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return other, 0, err
	}
	if !info.Mode().IsRegular() {
		return other, 0, errors.New("it is not a file")
	}
	f, err := os.Open(name)
	if err != nil {
		return other, 0, err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, headBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return other, 0, err
	}
	k := kindOf(name, head[:n], named)
	if k == other && named && info.Size() > 0 && !clutter(name) {
		k = sound // whoever names a file gets told what it is
	}
	return k, info.Size(), nil
}

// archiveKinds are how archives begin, and end their names.
var archiveKinds = []struct {
	kind    kind
	at      int
	magic   string
	endings string
}{
	{zipArchive, 0, "PK\x03\x04", ".zip"},
	{zipArchive, 0, "PK\x05\x06", ".zip"},
	{gzipArchive, 0, "\x1f\x8b", ".gz .tgz"},
	{tarArchive, 257, "ustar", ".tar"},
	{foreignArchive, 0, "7z\xbc\xaf\x27\x1c", ".7z"},
	{foreignArchive, 0, "Rar!\x1a\x07", ".rar"},
	{foreignArchive, 0, "\xfd7zXZ\x00", ".xz .txz"},
	{foreignArchive, 0, "BZh", ".bz2 .tbz .tbz2"},
	{foreignArchive, 0, "\x28\xb5\x2f\xfd", ".zst .tzst"},
}

func kindOf(name string, head []byte, named bool) kind {
	ending := strings.ToLower(path.Ext(name))
	for _, a := range archiveKinds {
		if len(head) < a.at || !bytes.HasPrefix(head[a.at:], []byte(a.magic)) {
			continue
		}
		if named || ending != "" && strings.Contains(a.endings+" ", ending+" ") {
			return a.kind
		}
	}
	switch {
	case ending == ".tar" && len(head) > 0: // of before 1988, without a mark, or broken
		return tarArchive
	case clutter(name):
		return other
	case audio.LooksLikeSound(name, head):
		return sound
	}
	return other
}

// clutter are the files in which macOS keeps what its own file system has room for.
func clutter(name string) bool {
	slashed := filepath.ToSlash(name)
	return strings.HasPrefix(path.Base(slashed), "._") || strings.HasPrefix(slashed, "__MACOSX/") ||
		strings.Contains(slashed, "/__MACOSX/")
}
