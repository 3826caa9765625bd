package store

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// LogLimit is what the write-ahead log may be left at, in bytes. It grows beyond while
// somebody reads what is in it.
const LogLimit = 64 << 20

// trimPatience is for how long a trim waits for a writer, in milliseconds.
const trimPatience = 200

// TrimLog brings what is in the write-ahead log into the database, and makes the log small, where
// it is larger than the limit and nobody reads what is in it. It keeps nobody from writing but
// for a moment; busy tells that somebody reads, so that it has to be tried again.
func (e *engine) TrimLog(ctx context.Context, limit int64) (busy bool, err error) {
	if e.d.shared { // PostgreSQL does that by itself
		return false, nil
	}
	info, err := os.Stat(e.path + "-wal")
	if err != nil || info.Size() <= limit {
		return false, nil
	}
	if err := e.place.check(); err != nil {
		return false, err
	}
	pool, err := openPool(e.path, 1, fmt.Sprintf("_busy_timeout=%d&_dqs=0", trimPatience))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	for _, way := range []string{"PASSIVE", "TRUNCATE"} { // the former keeps nobody from writing
		var held, frames, done int64
		if err := pool.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+way+")").
			Scan(&held, &frames, &done); err != nil {
			return false, wrap("trim the database's log", err)
		}
		if held != 0 || done < frames {
			return true, nil
		}
	}
	return false, nil
}
