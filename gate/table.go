package gate

import (
	"sync"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Table holds the freezes that may stand, by number. It is safe for concurrent use.
type Table struct {
	mu       sync.RWMutex
	byNumber map[number.Number][]freeze.Freeze
	seq      int64
}

// NewTable makes an empty table.
func NewTable() *Table {
	return &Table{byNumber: map[number.Number][]freeze.Freeze{}}
}

// Apply takes over what became of freezes: new ones, and ones that were released.
// It can be repeated, and needs no order: a released freeze never comes back.
func (t *Table) Apply(freezes ...freeze.Freeze) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range freezes {
		t.applyOne(f)
	}
}

func (t *Table) applyOne(f freeze.Freeze) {
	t.seq = max(t.seq, f.Seq)
	if f.Release != nil {
		t.seq = max(t.seq, f.Release.Seq)
	}
	list := t.byNumber[f.Number]
	for i, old := range list {
		if old.ID == f.ID {
			if old.Release == nil {
				list[i] = f
			}
			return
		}
	}
	t.byNumber[f.Number] = append(list, f)
}

// Standing is the freeze that answers for the number at that moment.
func (t *Table) Standing(n number.Number, at time.Time) (freeze.Freeze, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return freeze.Latest(t.byNumber[n], at)
}

// Seq is the highest place in the ledger that the table has seen.
func (t *Table) Seq() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.seq
}
