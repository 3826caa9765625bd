package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// keptStatements are prepared once for all transactions of those who write often. Whoever
// uses them holds the write token.
type keptStatements struct {
	prepared map[string]*sql.Stmt
	// missed are those that the last transaction had to prepare for itself.
	missed []string
}

// through makes a querier that uses them of a transaction, and notes what it missed.
func (k *keptStatements) through(tx Tx) (q *preparedTx, done func()) {
	q = prepared(tx)
	q.shared = k.prepared
	return q, func() { k.missed = slices.Collect(maps.Keys(q.once)) }
}

// prepare prepares what the last transaction missed. It can't be done within one, since
// the one connection is taken then.
func (k *keptStatements) prepare(ctx context.Context, pool *sql.DB) error {
	if k.prepared == nil {
		k.prepared = map[string]*sql.Stmt{}
	}
	for _, query := range k.missed {
		if k.prepared[query] != nil {
			continue
		}
		s, err := pool.PrepareContext(ctx, query) //nolint:sqlclosecheck // closed by close
		if err != nil {
			return fmt.Errorf("prepare a statement: %w", err)
		}
		k.prepared[query] = s
	}
	k.missed = nil
	return nil
}

func (k *keptStatements) close() error {
	var errs []error
	for _, s := range k.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
