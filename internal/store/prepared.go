package store

import (
	"context"
	"database/sql"
)

// preparedTx is a transaction that prepares statements which come again: to prepare one
// costs as much as to run it.
type preparedTx struct {
	tx Tx
	// shared are prepared already, for all transactions.
	shared map[string]*sql.Stmt
	// mine are those of this transaction, and end with it.
	mine map[string]*sql.Stmt
	// once are those that came and are not shared.
	once map[string]bool
}

func prepared(tx Tx) *preparedTx {
	return &preparedTx{tx: tx, mine: map[string]*sql.Stmt{}, once: map[string]bool{}}
}

// statement is nil for one that comes for the first time, or can't be prepared: to run
// it then tells why.
func (p *preparedTx) statement(ctx context.Context, query string) *sql.Stmt {
	if s := p.mine[query]; s != nil {
		return s
	}
	switch {
	case p.shared[query] != nil:
		p.mine[query] = p.tx.StmtContext(ctx, p.shared[query])
	case p.once[query]:
		//nolint:sqlclosecheck // closed with the transaction
		s, err := p.tx.PrepareContext(ctx, query)
		if err != nil {
			return nil
		}
		p.mine[query] = s
	default:
		p.once[query] = true
	}
	return p.mine[query]
}

// QueryContext implements querier.
func (p *preparedTx) QueryContext(
	ctx context.Context, query string, args ...any,
) (*sql.Rows, error) {
	s := p.statement(ctx, query) //nolint:sqlclosecheck // closed with the transaction
	if s == nil {
		return p.tx.QueryContext(ctx, query, args...)
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext implements querier.
func (p *preparedTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s := p.statement(ctx, query) //nolint:sqlclosecheck // closed with the transaction
	if s == nil {
		return p.tx.QueryRowContext(ctx, query, args...)
	}
	return s.QueryRowContext(ctx, args...)
}

// ExecContext implements querier.
func (p *preparedTx) ExecContext(
	ctx context.Context, query string, args ...any,
) (sql.Result, error) {
	s := p.statement(ctx, query) //nolint:sqlclosecheck // closed with the transaction
	if s == nil {
		return p.tx.ExecContext(ctx, query, args...)
	}
	return s.ExecContext(ctx, args...)
}
