package store

import (
	"context"
	"fmt"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// resealedAtOnce is how many entries are held in memory.
const resealedAtOnce = 1000

// Reseal seals the whole ledger anew under the store's keys, for whoever lost the ones
// before: numbers whose personal data were erased keep a name that nobody can match any more,
// and heads noted before prove nothing. It is one transaction, which keeps everybody else from
// writing; what was wrong with the ledger is right afterwards.
func (s *Freezes) Reseal(ctx context.Context) error {
	return s.exclusively(ctx, func() error {
		return s.transaction(ctx, s.prepared,
			func(ctx context.Context, t *writeTx) error { return s.d.unguarded(ctx, t, t.reseal) })
	})
}

func (t *writeTx) reseal(ctx context.Context) error {
	var last freeze.Entry
	for {
		lines, err := list(ctx, t, scanLine, selectLines+` LIMIT $2`, last.Seq, resealedAtOnce)
		if err != nil {
			return fmt.Errorf("seal the ledger anew: %w", err)
		}
		for _, l := range lines {
			if last, err = t.resealLine(ctx, last, l); err != nil {
				return fmt.Errorf("seal entry %d of the ledger anew: %w", l.Seq, err)
			}
		}
		if len(lines) < resealedAtOnce {
			break
		}
	}
	if last.Seq > 0 {
		t.entered(last)
	}
	return t.renameNumbers(ctx)
}

// resealLine seals a line behind the one that was sealed last.
func (t *writeTx) resealLine(
	ctx context.Context, last freeze.Entry, l freeze.Line,
) (freeze.Entry, error) {
	e := l.Entry
	if l.Personal != nil && l.Personal.Number != "" {
		n, err := number.FromE164(l.Personal.Number)
		if err != nil {
			return e, err
		}
		e.NumberMAC = t.e.o.Keys.NumberMAC(n)
	}
	seq := e.Seq
	if e = t.e.o.Keys.Seal(last.Seq, last.MAC, e); e.Seq != seq {
		return e, fmt.Errorf("entry %d is missing", e.Seq)
	}
	return e, exec(ctx, t, `UPDATE ledger SET number_mac = $1, prev = $2, mac = $3 WHERE seq = $4`,
		e.NumberMAC[:], e.Prev[:], e.MAC[:], e.Seq)
}

// renameNumbers gives the freezes and the allow list the numbers' names of the ledger.
func (t *writeTx) renameNumbers(ctx context.Context) error {
	for _, table := range []string{"freezes", "allows"} {
		err := exec(ctx, t, `UPDATE `+table+` SET number_mac =
			(SELECT l.number_mac FROM ledger l WHERE l.seq = `+table+`.opened_seq)`)
		if err != nil {
			return fmt.Errorf("name the numbers of the %s anew: %w", table, err)
		}
	}
	return nil
}
