package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/retention"
	"github.com/refrain-asr/refrain/review"
)

// OpenUnserialised opens a database whose transactions come in by the pool that is given,
// which may do without what keeps two writers apart.
func OpenUnserialised(ctx context.Context, path string, o Options, pool *sql.DB) (*DB, error) {
	db, err := Open(ctx, path, o)
	if err != nil {
		return nil, err
	}
	err = db.w.Close()
	db.w = pool
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Pools are those that statements go through, that which may remove the log last.
func (db *DB) Pools() []*sql.DB { return []*sql.DB{db.r, db.w} }

// SuspectQuery is the query of a list of suspects' ids, with values in place of its parameters.
func SuspectQuery(f review.Filter) string {
	c := suspectConditions(f)
	return inlined(suspectIDs(&c, f, 9), c.args)
}

// LookingQueries are those by which people look for numbers and through complaints, by what they look for.
func LookingQueries() map[string]string {
	tail, args := tailQuery("005678", nil, 9)
	all := map[string]string{"tail": inlined(tail, args), "call": inlined(byCall, []any{"c"})}
	n, _ := number.FromDigits(8613800138000)
	for name, f := range map[string]freeze.ComplaintFilter{
		"complaints": {From: time.UnixMicro(1), Before: &request.Cursor{At: time.UnixMicro(9), ID: "x"}},
		"of a line":  {From: time.UnixMicro(1), Line: "l", Agent: "a"}, "of a number": {Number: n},
	} {
		query, args := complaintList(f)
		all[name] = inlined(query, args)
	}
	return all
}

// CountQuery is that of their count.
func CountQuery(f review.Filter) string {
	query, args := countSuspects(f)
	return inlined(query, args)
}

// KeptQuery is that of what is kept of their count.
func KeptQuery(f review.Filter) string {
	query, args := keptCounts(f)
	return inlined(query, args)
}

// DetailQueries are those of the parts of a report that are asked for, by what they count.
func DetailQueries() map[string]string {
	agents, suspects, complaints := groupQueries(figures.AgentsPart)
	lines, _, _ := groupQueries(figures.LinesPart)
	all := map[string]string{"hits": decidedHits, "decided": decidedBy, "passed": passedBy, "took": tookOf, "pairs": pairsBy,
		"day": day, "classes": classesOf, "agents": agents, "lines": lines, "suspects": suspects, "complaints": complaints, "audio": audioSize}
	for name, query := range all {
		all[name] = inlined(query, []any{1, 2, "2026-03-02", "rejected", "checks", "avoided"})
	}
	return all
}

// CountAnew counts what the filter selects from the suspects themselves.
func (s *Suspects) CountAnew(ctx context.Context, f review.Filter) (review.Counts, error) {
	query, args := countSuspects(f)
	return s.counts(ctx, query, args)
}

func inlined(query string, args []any) string {
	for i := len(args); i > 0; i-- { // so that $1 is not taken for the begin of $10
		value := fmt.Sprintf("'%v'", args[i-1])
		if reflect.ValueOf(args[i-1]).Kind() != reflect.String {
			value = fmt.Sprint(args[i-1])
		}
		query = strings.ReplaceAll(query, "$"+strconv.Itoa(i), value)
	}
	return query
}

// DecodedColumns are those that are read into a type, with what they are read into.
func DecodedColumns() map[string]any {
	all := map[string]any{}
	for name, c := range decodedColumns {
		all[name] = c.into()
	}
	return all
}

// Query is a statement with its arguments.
type Query struct {
	SQL  string
	Args []any
}

// ErasingQueries are those that look for what is to be erased while nobody else writes, by what they are for.
func ErasingQueries() map[string]Query {
	policy := retention.Policy{Periods: retention.Default(), Lines: map[string]map[retention.Kind]time.Duration{}}
	all := map[string]Query{
		"holds on a number":           {holdsOn, []any{1}},
		"a person's recordings":       {recordingsOf, []any{1}},
		"what the ledger says":        {personalGone, []any{[]byte{0}}},
		"changes since":               {untold, []any{1, 1}},
		"a recording that goes":       {`DELETE FROM recordings WHERE id = $1`, []any{"r"}},
		"a suspect that goes":         {`DELETE FROM suspects WHERE recording_id = $1`, []any{"r"}},
		"a call that goes":            {`DELETE FROM calls WHERE rowid = $1`, []any{1}},
		"a person's calls":            {`SELECT rowid FROM calls WHERE number = $1 LIMIT $2`, []any{1, 1}},
		"a person's complaints":       {`DELETE FROM complaints WHERE number = $1`, []any{1}},
		"recordings of a call's line": {callLine, []any{"l", "c"}},
	}
	for kind, query := range goingWith {
		all[kind+" of a person"] = Query{query, []any{1}}
	}
	for kind, rows := range erasedRows {
		policy.Lines["l"] = map[retention.Kind]time.Duration{kind: retention.Day}
		for i, k := range rows {
			query, args := k.amongOver(policy.Cut(kind, time.Now()), anys(make([]int64, listSizes[0])))
			all[string(kind)+" "+strconv.Itoa(i)] = Query{query, args}
		}
	}
	return all
}

// OldestOver are the queries by which portions of a kind are found that an index leads to.
func OldestOver(c retention.Cut) (queries []string, args [][]any) {
	for _, k := range erasedRows[c.Kind] {
		if strings.HasPrefix(k.from, "recordings") || strings.HasPrefix(k.from, "suspects") || strings.HasPrefix(k.from, "complaints") {
			query, a := k.oldest(c, 100)
			queries, args = append(queries, query), append(args, a)
		}
	}
	return queries, args
}
