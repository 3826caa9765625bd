package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/retention"
)

// aboutNumber says which rows of a table are about a number ($1) that has these names ($2 and on, in
// the place of MACS).
var aboutNumber = []struct{ table, where string }{
	{"calls", `number = $1`},
	{"recordings", `number = $1`},
	{"transcripts", `recording_id IN (SELECT id FROM recordings WHERE number = $1)`},
	{"hearings", `recording_id IN (SELECT id FROM recordings WHERE number = $1)`},
	{"judgements", `recording_id IN (SELECT id FROM recordings WHERE number = $1)`},
	{"recording_versions", `recording_id IN (SELECT id FROM recordings WHERE number = $1)`},
	{"suspects", `number = $1`},
	{"decisions", `suspect_id IN (SELECT id FROM suspects WHERE number = $1)`},
	{"run_changes", `recording_id IN (SELECT id FROM recordings WHERE number = $1)`},
	{"complaints", `number = $1`},
	{"holds", `number = $1`},
	{"ledger", `CAST($1 AS BIGINT) > 0 AND number_mac IN (MACS)`},
	{"ledger_personal", `CAST($1 AS BIGINT) > 0 AND seq IN (SELECT seq FROM ledger WHERE number_mac IN (MACS))`},
	{"freezes", `CAST($1 AS BIGINT) > 0 AND number_mac IN (MACS)`},
	{"allows", `CAST($1 AS BIGINT) > 0 AND number_mac IN (MACS)`},
	{"erasures", `CAST($1 AS BIGINT) > 0 AND number_mac IN (MACS)`},
}

// Dossier reads all that is held about a number.
func (s *Retention) Dossier(ctx context.Context, n number.Number) (retention.Dossier, error) {
	d := retention.Dossier{Number: n.E164(), Tables: map[string][]map[string]any{}, Audio: []string{}}
	args := []any{int64(n.Digits())}
	var places []string
	for _, mac := range macsOf(s.o.Keys, []number.Number{n}) {
		args = append(args, mac)
		places = append(places, fmt.Sprintf("$%d", len(args)))
	}
	macs := strings.Join(places, ", ")
	for _, of := range aboutNumber {
		given := args
		if !strings.Contains(of.where, "MACS") {
			given = args[:1]
		}
		rows, err := s.rows(ctx, `SELECT * FROM `+of.table+` WHERE `+strings.ReplaceAll(of.where, "MACS", macs),
			given...)
		if err != nil {
			return d, fmt.Errorf("read %s about a person: %w", of.table, err)
		}
		d.Tables[of.table] = rows
	}
	for _, r := range d.Tables["recordings"] {
		if id, ok := r["id"].(string); ok && r["erased_at"] == nil {
			d.Audio = append(d.Audio, id)
		}
	}
	return d, nil
}

// rows reads whole rows by the names of their columns.
func (s *Retention) rows(ctx context.Context, query string, args ...any) ([]map[string]any, error) {
	found := []map[string]any{}
	rows, err := s.r.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // what went wrong is in Err
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		r := make(map[string]any, len(names))
		for i, name := range names {
			r[name] = readable(values[i])
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// readable is a value as JSON shows it: JSON as it is, and bytes in hexadecimal.
func readable(v any) any {
	switch x := v.(type) {
	case []byte:
		return hex.EncodeToString(x)
	case string:
		if (strings.HasPrefix(x, "{") || strings.HasPrefix(x, "[")) && json.Valid([]byte(x)) {
			return json.RawMessage(x)
		}
	}
	return v
}
