package store

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/disk"
)

// LockedReason is that of the fault of a database that another program holds.
const LockedReason = "DATABASE_LOCKED"

// soon is for how long whoever comes after a lock was found is not made to wait for it, too.
// Else as many as wait would wait one after another.
const soon = 500 * time.Millisecond

// writeState is how writing goes.
type writeState struct {
	// refused is why nothing is written here, for good.
	refused atomic.Pointer[fault.Error]
	// failing is why the last transaction could not be written, nil where it could.
	failing atomic.Pointer[fault.Error]
	// locked is when another program's lock was found last, by the clock of the machine, in
	// nanoseconds.
	locked atomic.Int64
}

// Refuse has every transaction that writes refused with f from now on.
func (e *engine) Refuse(f *fault.Error) { e.state.refused.Store(f) }

// Failing is why nothing can be written at the moment, as far as the last transaction tells; nil
// where it was written.
func (e *engine) Failing() error {
	for _, f := range []*fault.Error{e.state.refused.Load(), e.state.failing.Load()} {
		if f != nil {
			return f
		}
	}
	return e.place.check()
}

// Probe writes to the database, for the sake of knowing that it can be written.
func (e *engine) Probe(ctx context.Context) error {
	return e.inTx(ctx, func(ctx context.Context, tx Tx) error {
		return exec(ctx, tx, `UPDATE directory SET "only" = "only"`)
	})
}

// mayWrite tells why there is no sense in beginning a transaction.
func (e *engine) mayWrite() error {
	if f := e.state.refused.Load(); f != nil {
		return f
	}
	if f := e.state.failing.Load(); f != nil && f.Reason == LockedReason &&
		time.Now().UnixNano()-e.state.locked.Load() < int64(soon) {
		return f
	}
	if e.o.Before != nil {
		e.o.Before()
	}
	return e.place.check()
}

// wrote notes how a transaction ended, and says of what the disk or another program did that it
// was theirs.
func (e *engine) wrote(err error) error {
	f := e.explain(err)
	if f == nil {
		if err == nil {
			e.state.failing.Store(nil)
		}
		return err
	}
	if f.Reason == LockedReason {
		e.state.locked.Store(time.Now().UnixNano())
	}
	e.state.failing.Store(f)
	if e.o.Failed != nil {
		e.o.Failed(f)
	}
	return f
}

func (e *engine) explain(err error) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		if f.Reason == GoneReason || f.Reason == InUseReason {
			return f
		}
		return nil
	}
	f := Explain(err)
	if f != nil && f.Reason == LockedReason && !e.d.shared {
		f.Message = lockedBy(holders(e.path + "-shm"))
	}
	return f
}

// Explain makes a fault of an error of the database that is the disk's, another program's or the network's;
// nil of any other.
func Explain(err error) *fault.Error {
	if f := explainPostgres(err); f != nil {
		return f
	}
	s, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return nil
	}
	switch s.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return disk.Full(err)
	case sqlite3.SQLITE_READONLY:
		return disk.ReadOnly(err)
	case sqlite3.SQLITE_IOERR:
		return disk.Failed(err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &fault.Error{Kind: fault.Unavailable, Reason: LockedReason, Err: err,
			Message: lockedBy(nil)}
	}
	return nil
}

// NoFile tells that SQLite could not open or make a file.
func NoFile(err error) bool {
	s, ok := errors.AsType[*sqlite.Error](err)
	return ok && s.Code()&0xff == sqlite3.SQLITE_CANTOPEN
}
