package store

import (
	"context"
	"iter"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// Freezes is the store of the ledger, of freezes, of the allow list and of complaints. It
// implements freeze.Store.
type Freezes struct{ *engine }

// Once implements freeze.Store. On SQLite one transaction at a time writes, so that what
// it reads of numbers, of requests and of the ledger's head can't change before its commit.
func (s *Freezes) Once(
	ctx context.Context, req request.Request, subject string, change freeze.Change,
) (ids []string, again bool, err error) {
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		t.querier = t.e.prepared(t.tx)
		ids, again, err = t.once(ctx, req, subject,
			func(ctx context.Context) ([]string, error) { return change(ctx, t) })
		return err
	})
	return ids, again, err
}

// selection is a portion of the values that a column may have.
type selection struct {
	column string
	values []any
}

// among cuts the ids or the numbers' names that a query of a table names into portions; without any
// there is one portion, nil, of everything.
func among[T ~string](table string, ids []T, macs [][]byte) iter.Seq[*selection] {
	switch {
	case len(ids) > 0:
		return portions(table+".id", texts(ids))
	case len(macs) > 0:
		return portions(table+".number_mac", macs)
	}
	return everything
}

func everything(yield func(*selection) bool) { yield(nil) }

func portions[T any](column string, values []T) iter.Seq[*selection] {
	return func(yield func(*selection) bool) {
		for some := range inSizes(values) {
			if !yield(&selection{column, some}) {
				return
			}
		}
	}
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// macsOf are the names under which the ledger knows the numbers.
func macsOf(keys freeze.Keys, numbers []number.Number) [][]byte {
	out := make([][]byte, 0, len(numbers))
	for _, n := range numbers {
		for _, mac := range keys.NumberMACs(n) {
			out = append(out, mac[:])
		}
	}
	return out
}
