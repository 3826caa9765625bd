package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/store"
)

// dump are the rows of tables, as text, in the order of their first column.
func (b *bench) dump(t testing.TB, tables ...string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, table := range tables {
		out[table] = b.rows(t, `SELECT * FROM `+table+` ORDER BY 1, 2`)
	}
	return out
}

// rows are what a query gives, as text.
func (b *bench) rows(t testing.TB, query string) (all []string) {
	t.Helper()
	require.NoError(t, b.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		rows, err := tx.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			values, dest := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				dest[i] = &values[i]
			}
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			all = append(all, fmt.Sprint(values...))
		}
		return rows.Err()
	}))
	return all
}
