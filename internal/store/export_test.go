package store

import (
	"context"
	"database/sql"
	"errors"
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

// DecodedColumns are those that are read into a type, with what they are read into.
func DecodedColumns() map[string]any {
	all := map[string]any{}
	for name, c := range decodedColumns {
		all[name] = c.into()
	}
	return all
}
