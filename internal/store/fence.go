package store

import (
	"context"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"

	"github.com/refrain-asr/refrain/fault"
)

// fence keeps out what a server writes whose place another one has taken. Its locks don't: they are those of one
// connection, and what it writes comes through others. Where the network between breaks, the database lets go of
// the locks when it notices, and of the other connections at other times; and the server, which notices later, opens
// new ones and goes on.
//
// So whoever takes a place writes into the row of the table writer who may write from then on, and each transaction
// that writes reads that when it has the row's lock. The one waits for the transaction that is under way, and
// those behind it are refused, whatever its server believes. Nobody's clock and no timeout counts, and as the row
// is read anyway it costs nothing.
//
// The job queue's own rows have no fence: they are hints, and what comes of one is written by a transaction that
// has.
type fence struct {
	// up tells that this server has a place at all: others, such as commands, write as they always did.
	up bool
	// number is the server's own where it works alone, else 0.
	number int64
}

// newFence is that of a server that takes a place.
func newFence(alone bool) fence {
	f := fence{up: true}
	if alone {
		f.number = 1 + rand.Int64N(1<<62) //nolint:gosec // it is no secret
	}
	return f
}

// claim keeps out whoever has another's place. Who is back, and works alone, is kept out himself where
// anybody was there meanwhile: what that one has heard or taken in lies elsewhere.
func (e *engine) claim(ctx context.Context, conn *pgx.Conn, starting bool) error {
	f := e.here.fence
	if f.number == 0 || starting {
		_, err := conn.Exec(ctx, `UPDATE writer SET fence = $1 WHERE fence <> $1`, f.number)
		return err
	}
	var is int64
	if err := conn.QueryRow(ctx, `SELECT fence FROM writer`).Scan(&is); err != nil {
		return err
	}
	return e.admit(is)
}

// admit is nil where this server may write while the row has that number; DATABASE_IN_USE else, and for good where
// it works alone.
func (e *engine) admit(is int64) error {
	f := e.here.fence
	if !f.up || is == f.number {
		return nil
	}
	lost := &fault.Error{Kind: fault.Unavailable, Reason: InUseReason, Message: "another server of Refrain took this one's " +
		"place at the database while the way there was broken, and keeps its audio in a directory, where no other finds it: " +
		"stop one of them, and start this one again if it is to go on"}
	if f.number != 0 {
		e.Refuse(lost)
	}
	return lost
}
