package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// keptStatements are prepared once for all transactions of those who write often. Whoever
// uses them holds the write token.
type keptStatements struct {
	prepared map[string]*sql.Stmt
	// last is what the last transaction used: what came once there is to be kept, too.
	last *preparedTx
}

// through makes a querier that uses them of a transaction.
func (k *keptStatements) through(tx Tx) querier {
	k.last = prepared(tx)
	k.last.shared = k.prepared
	return k.last
}

// prepare prepares what the last transaction missed. It can't be done within one, since
// the one connection is taken then.
func (k *keptStatements) prepare(ctx context.Context, pool *sql.DB) error {
	if k.prepared == nil {
		k.prepared = map[string]*sql.Stmt{}
	}
	if k.last == nil { // nobody used them, or the driver keeps statements by itself
		return nil
	}
	for query := range k.last.once {
		if k.prepared[query] != nil {
			continue
		}
		s, err := pool.PrepareContext(ctx, query) //nolint:sqlclosecheck // closed by close
		if err != nil {
			return fmt.Errorf("prepare a statement: %w", err)
		}
		k.prepared[query] = s
	}
	k.last = nil
	return nil
}

func (k *keptStatements) close() error {
	var errs []error
	for _, s := range k.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
