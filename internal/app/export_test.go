package app

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/replica"
	"github.com/refrain-asr/refrain/number"
)

// FillGate puts n freezes into the gate's table without going through the ledger: every
// second of the numbers that BenchNumber makes.
func (a *App) FillGate(n int) error {
	from, until := a.now(), a.now().Add(60*24*time.Hour)
	for i := range n {
		num, err := number.FromE164(BenchNumber(2 * i))
		if err != nil {
			return err
		}
		a.table.Apply(freeze.Freeze{ID: freeze.ID(fmt.Sprintf("01K%023d", i)), Number: num, Reason: freeze.Refused, Class: "not_interested",
			From: from, Until: until, Seq: int64(i + 1)})
	}
	return nil
}

// benchPrefixes are prefixes of Chinese mobile numbers.
var benchPrefixes = [...]int{138, 139, 150, 159, 186, 188}

// BenchNumber makes numbers, all different for i below 600 million, in no order.
func BenchNumber(i int) string {
	const m = 100_000_000 // 61,803,399 and m have no common factor, so all are different
	rest := uint64(i) % m * 61_803_399 % m
	return fmt.Sprintf("+86%d%08d", benchPrefixes[i/m], rest)
}

// HeadAt is the ledger's head as it was after so many entries.
func (a *App) HeadAt(ctx context.Context, entries int64) (freeze.MAC, error) {
	i, err := a.db.Inspect(ctx, entries)
	return i.Noted, err
}

// CopyPrefix begins the names of copies of the database in a data directory.
func CopyPrefix(dir string) (string, error) {
	facts, err := datadir.Look(dir)
	return copyPrefix(facts), err
}

// Exec changes the database behind the server's back.
func (a *App) Exec(ctx context.Context, query string, args ...any) error {
	_, err := a.db.Writer().ExecContext(ctx, query, args...)
	return err
}

// LastChange is the number of the latest change.
func (a *App) LastChange(ctx context.Context) (int64, error) { return a.db.LastChange(ctx) }

// PruneChanges drops all changes.
func (a *App) PruneChanges(ctx context.Context) error {
	return a.db.PruneChanges(ctx, a.now().Add(time.Hour))
}

// State is how what the gate knows is.
func (p *Outpost) State() replica.State { return p.replica.State() }

// Report tells the server what was answered.
func (p *Outpost) Report(ctx context.Context) { p.report(ctx) }
