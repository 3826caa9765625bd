package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
)

// The bounds of what an archive may unpack to, so that a small file can't take a machine's time and
// disk: sound is seldom packed to less than half.
const (
	mostExpansion = 250
	freeExpansion = 1 << 30
)

var errBomb = fmt.Errorf("it unpacks to more than %d times its size, so it is no archive of recordings; what was read so "+
	"far is kept", mostExpansion)

// budget is how much an archive may still unpack to.
type budget struct{ left int64 }

func newBudget(size int64) *budget { return &budget{freeExpansion + mostExpansion*size} }

// reader counts what is read, and fails beyond the budget.
func (b *budget) reader(r io.Reader) io.Reader { return budgeted{r, b} }

type budgeted struct {
	r io.Reader
	b *budget
}

func (r budgeted) Read(p []byte) (int, error) {
	if r.b.left <= 0 {
		return 0, errBomb
	}
	n, err := r.r.Read(p)
	r.b.left -= int64(n)
	return n, err
}

// members copies the members of an archive out of it.
type members struct {
	r       *reading
	gather  *gatherer
	file    string
	waiting *os.File // of those that wait for others
	end     int64    // of what is in it
}

// take reads a member, and gives it where it is meant to be a recording. An error of the archive itself
// comes back; one of the member alone is the item's.
func (m *members) take(name string, weight int64, body io.Reader) error {
	body = whole{body}
	head := make([]byte, headBytes)
	n, err := io.ReadFull(body, head)
	head = head[:n]
	item := &Item{File: m.file, Member: name, Weight: weight}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.Join(m.failed(item, err), archiveError(err))
	}
	switch kindOf(name, head, false) {
	case other:
		m.r.NotAudio++
		return nil
	case sound:
	default:
		item.Err = errNested
		return m.gather.add(item)
	}
	if err := m.copy(item, head, body); err != nil {
		return errors.Join(m.failed(item, err), archiveError(err))
	}
	return m.gather.add(item)
}

// whole tells a member that is cut off from one that is short.
type whole struct{ r io.Reader }

var errCut = errors.New("the archive ends in the midst of it")

func (w whole) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errCut
	}
	return n, err
}

// failed gives an item that could not be read.
func (m *members) failed(i *Item, err error) error {
	i.Err = fmt.Errorf("it can't be unpacked: %w", err)
	return m.gather.add(i)
}

// archiveError is err where nothing more can be read of the archive.
func archiveError(err error) error {
	if errors.Is(err, errBomb) {
		return err
	}
	return nil
}

// copy copies a member to where it can be read several times.
func (m *members) copy(i *Item, head []byte, body io.Reader) error {
	s, err := m.place(i.Member)
	if err != nil {
		return err
	}
	w := io.NewOffsetWriter(s.file, s.at)
	_, err = w.Write(head)
	n := int64(0)
	if err == nil {
		n, err = io.Copy(w, io.LimitReader(body, m.r.options.MaxMember-int64(len(head))+1))
	}
	i.Size = int64(len(head)) + n
	if err == nil && i.Size > m.r.options.MaxMember {
		err = fmt.Errorf("it has more than %d MiB", m.r.options.MaxMember>>20)
	}
	if err != nil {
		if s.own {
			_ = s.file.Close()
		}
		i.Size = 0
		return err
	}
	if !s.own {
		m.end += i.Size
	}
	i.kept = s
	return nil
}

// place is a file of the member's own, or the end of the one of those that wait: there may be very
// many of these.
func (m *members) place(name string) (*section, error) {
	if !m.gather.waits(name) {
		f, err := nameless(m.r.options.Temp)
		return &section{f, 0, true}, err
	}
	var err error
	if m.waiting == nil {
		m.waiting, err = nameless(m.r.options.Temp)
	}
	return &section{m.waiting, m.end, false}, err
}

// nameless makes a file that goes with whoever has it open, whatever happens.
func nameless(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "refrain-member-*")
	if err != nil {
		return nil, fmt.Errorf("a place for it: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("a place for it: %w", err), f.Close())
	}
	return f, nil
}

// weigher divides an archive's bytes among its members by their size.
type weigher struct{ archive, members int64 }

func (w weigher) weight(size int64) int64 {
	if w.members <= 0 {
		return 0
	}
	return int64(float64(w.archive) * float64(size) / float64(w.members))
}

// clean is a member's name without what some programs put before it.
func clean(name string) string { return path.Clean("/" + name)[1:] }
