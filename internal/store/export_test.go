package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

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

// CountQuery is that of their count.
func CountQuery(f review.Filter) string {
	query, args := countSuspects(f)
	return inlined(query, args)
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
