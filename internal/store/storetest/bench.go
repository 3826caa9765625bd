package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// bench is a store, the services over it, and a gate that follows what they change.
type bench struct {
	*store.DB
	open Opener
	// fresh is another one, with an empty database.
	fresh  func() *bench
	keys   freeze.Keys
	freeze *freeze.Service
	calls  *calls.Service
	review *review.Service
	table  *gate.Table

	mu  sync.Mutex
	now time.Time
	// made is how many recordings the tests made.
	made int
	news
	rules calls.Timeline
	// enqueueErr is what Enqueue fails with after it has written.
	enqueueErr error
	// atClock, where it is set, is called whenever the clock is read.
	atClock func()
}

func newBench(t *testing.T, open Opener) *bench {
	t.Helper()
	b := idleBench(t, open)
	b.start(t)
	require.NoError(t, b.write(t, `CREATE TABLE jobs_of_test (recording_id TEXT NOT NULL)`))
	t.Cleanup(func() { b.stop(t) })
	return b
}

// idleBench is one whose store is not open yet.
func idleBench(t *testing.T, open Opener) *bench {
	t.Helper()
	keys, err := freeze.NewKeys([]byte("a secret that is thirty-two bytes"))
	require.NoError(t, err)
	return &bench{open: open, keys: keys, now: begin,
		rules: calls.Timeline{{RuleSet: parseRules(t, rulesOfTest)}}, news: news{
			changed: map[recording.ID]int{}, heard: map[freeze.ID]freeze.Freeze{},
			denials: map[number.Number][]calls.Denial{},
		}}
}

// beside is another bench on the same database: over a store of its own, or else over the
// same one.
func (b *bench) beside(t *testing.T, ownStore bool) *bench {
	t.Helper()
	other := idleBench(t, b.open)
	if ownStore {
		other.start(t)
		t.Cleanup(func() { other.stop(t) })
		return other
	}
	other.DB, other.table = b.DB, b.table
	other.serve()
	t.Cleanup(other.calls.Close)
	return other
}

// reopen opens the store, after closing it, as a start of the program does.
func (b *bench) reopen(t *testing.T) {
	t.Helper()
	b.stop(t)
	b.start(t)
}

func (b *bench) start(t *testing.T) {
	t.Helper()
	var err error
	b.table = gate.NewTable()
	b.DB, err = b.open(t.Context(), store.Options{Keys: b.keys, Enqueue: b.enqueue, Now: b.clock})
	require.NoError(t, err)
	b.Follow(b.follow)
	b.serve()
}

// serve puts the services over the store.
func (b *bench) serve() {
	b.freeze = &freeze.Service{Store: b.Freezes, Keys: b.keys, Now: b.clock}
	b.calls = calls.NewService(b.Calls, b.keys, b.timeline, b.clock)
	b.calls.Denied = b.deniedLast
	b.review = &review.Service{Store: b.Suspects, Periods: periods, Keys: b.keys,
		Lease: 10 * time.Minute, Now: b.clock}
}

func (b *bench) stop(t *testing.T) {
	t.Helper()
	b.calls.Close()
	require.NoError(t, b.Close())
}

func (b *bench) clock() time.Time {
	if b.atClock != nil {
		b.atClock()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// later moves the clock on.
func (b *bench) later(d time.Duration) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
	return b.now
}

func (b *bench) enqueue(ctx context.Context, tx store.Tx, r recording.Recording) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO jobs_of_test (recording_id) VALUES ($1)`,
		string(r.ID)); err != nil {
		return err
	}
	return b.enqueueErr
}

// timeline is which rules were in force when.
func (b *bench) timeline() calls.Timeline {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rules
}

// putInForce reads which rules were activated, on top of those of the test.
func (b *bench) putInForce() error {
	history, err := b.Rules.History(context.Background())
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = b.rules[:1:1]
	for _, v := range history {
		set, err := calls.Parse([]byte(v.Source))
		if err != nil {
			return err
		}
		b.rules = append(b.rules, calls.Activation{RuleSet: set, Since: v.At, Actor: v.Actor})
	}
	return nil
}

// write runs a statement past the store.
func (b *bench) write(t *testing.T, query string, args ...any) error {
	t.Helper()
	return b.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

// count asks the database past the store.
func (b *bench) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	n := -1
	require.NoError(t, b.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		return tx.QueryRowContext(ctx, query, args...).Scan(&n)
	}))
	return n
}

func (b *bench) jobs(t *testing.T) int {
	t.Helper()
	return b.count(t, `SELECT COUNT(*) FROM jobs_of_test`)
}
