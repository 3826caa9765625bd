package datadir

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/seal"
)

// Head is how far a ledger has come: the number and the MAC of its last entry.
type Head struct {
	Entries int64
	MAC     freeze.MAC
}

// headLine is the length of a line of HeadFile: entries, MAC and checksum.
const headLine = 20 + 1 + 64 + 1 + 8 + 1

func (h Head) line() []byte {
	body := fmt.Sprintf("%020d %s", h.Entries, h.MAC)
	return fmt.Appendf(nil, "%s %08x\n", body, crc32.ChecksumIEEE([]byte(body)))
}

func (h Head) text() []byte { return append(h.line(), Head{}.line()...) }

// Text is the head as ParseHead reads it.
func (h Head) Text() []byte { return h.line() }

// ParseHead reads a head that lies elsewhere than in a data directory. ErrNoHead where it is damaged.
func ParseHead(text []byte) (Head, error) { return parseHead(text) }

// ErrNoHead is what ReadHead tells of a file that is missing or holds no head.
var ErrNoHead = errors.New("no head of the ledger can be read")

// ReadHead reads the head that lies in a data directory.
func ReadHead(dir string) (Head, error) {
	text, err := os.ReadFile(filepath.Join(dir, HeadFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Head{}, fmt.Errorf("%w: %s is missing", ErrNoHead, HeadFile)
	}
	if err != nil {
		return Head{}, fmt.Errorf("read the ledger's head: %w", err)
	}
	return parseHead(text)
}

// parseHead takes the later one of two lines: one of them may have been half written when
// the power went.
func parseHead(text []byte) (Head, error) {
	var last Head
	found := false
	for line := range bytes.Lines(text) {
		h, ok := parseLine(line)
		if ok && (!found || h.Entries > last.Entries) {
			last, found = h, true
		}
	}
	if !found {
		return Head{}, fmt.Errorf("%w: %s is damaged", ErrNoHead, HeadFile)
	}
	return last, nil
}

func parseLine(line []byte) (h Head, ok bool) {
	if len(line) != headLine {
		return Head{}, false
	}
	var err error
	if h.Entries, err = strconv.ParseInt(string(line[:20]), 10, 64); err != nil {
		return Head{}, false
	}
	if h.MAC, err = seal.ParseMAC(string(line[21 : 21+64])); err != nil {
		return Head{}, false
	}
	return h, bytes.Equal(line, h.line())
}

// Notebook keeps the ledger's head in a data directory. Its file has two lines, which are
// overwritten in turn, so that one of them is whole at any moment. It is safe for
// concurrent use.
type Notebook struct {
	path string
	mu   sync.Mutex
	file *os.File
	last Head
	turn int64
}

// OpenNotebook begins to note heads, the first of which is h. Where that is noted already,
// nothing is written: a server must start on a full disk, too.
func OpenNotebook(dir string, h Head) (*Notebook, error) {
	n := &Notebook{path: filepath.Join(dir, HeadFile), last: h, turn: 1}
	text, err := os.ReadFile(n.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("note the ledger's head: %w", err)
	}
	if had, err := parseHead(text); err != nil || had != h || len(text) != 2*headLine {
		if err := n.renew(); err != nil {
			return nil, err
		}
		return n, nil
	}
	if !bytes.HasPrefix(text, h.line()) {
		n.turn = 0
	}
	if n.file, err = os.OpenFile(n.path, os.O_WRONLY, 0); err != nil {
		return nil, fmt.Errorf("note the ledger's head: %w", err)
	}
	return n, nil
}

// renew makes the file anew.
func (n *Notebook) renew() error {
	err := atomicfile.Write(n.path, n.last.text(), 0o600)
	if err != nil {
		return fmt.Errorf("note the ledger's head: %w", err)
	}
	f, err := os.OpenFile(n.path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("note the ledger's head: %w", err)
	}
	if n.file != nil {
		_ = n.file.Close() // its contents were written anew
	}
	n.file, n.turn = f, 1
	return nil
}

// Note notes a head that is committed. It may be gone after a crash of the machine, in which
// case the one noted before is there.
func (n *Notebook) Note(h Head) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last = h
	if _, err := n.file.WriteAt(h.line(), n.turn*headLine); err != nil {
		return fmt.Errorf("note the ledger's head: %w", err)
	}
	n.turn = 1 - n.turn
	return nil
}

// Sync makes the head that was noted last survive a crash of the machine, and the file be
// there again where somebody removed it.
func (n *Notebook) Sync() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sync()
}

func (n *Notebook) sync() error {
	mine, err := n.file.Stat()
	if err != nil {
		return fmt.Errorf("sync the ledger's head: %w", err)
	}
	if there, err := os.Stat(n.path); err != nil || !os.SameFile(mine, there) {
		return n.renew()
	}
	if err := n.file.Sync(); err != nil {
		return fmt.Errorf("sync the ledger's head: %w", err)
	}
	return nil
}

// Close syncs and ends the notebook.
func (n *Notebook) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return errors.Join(n.sync(), n.file.Close())
}
