package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// Servers tries several servers on one database, each of which is a store of its own with its own memory.
type Servers struct {
	// Place gives an Opener of an empty database of the test's own.
	Place func(t *testing.T) Opener
	// Many is how many servers there are.
	Many int
	// Disturb breaks servers' connections while they work, nil where none are. It is called again and again.
	Disturb func(ctx context.Context)
}

// storm is what all servers do at once, and what came of it.
type storm struct {
	Servers

	servers  []*bench
	suspects []review.Suspect
	decided  []atomic.Int64
	granted  [stormReserved]atomic.Int64
	// frozen are the freezes that each server was told of, for each request that all of them send.
	frozen [][]freeze.ID
}

const (
	stormSuspects = 8
	stormReserved = 2
	stormTries    = 5
	stormShared   = 10
	stormOwn      = 5
	stormCalls    = 10
	// triesAgain is how often what was refused because the database can't be reached is sent again.
	triesAgain = 200
)

// Run has the servers do everything at once, and judges that nothing was done twice, lost, or kept from one of
// them.
func (s Servers) Run(t *testing.T) {
	t.Helper()
	w := &storm{Servers: s, servers: []*bench{newBench(t, s.Place(t))}, decided: make([]atomic.Int64, stormSuspects)}
	for len(w.servers) < s.Many {
		w.servers = append(w.servers, w.servers[0].beside(t, true))
	}
	for i := range stormSuspects {
		w.suspects = append(w.suspects, w.servers[0].suspect(t, i, keywords.Class("not_interested")))
	}
	w.frozen = make([][]freeze.ID, s.Many)
	calm := w.disturb(t)
	atOnce(s.Many*len(storms), func(i int) { storms[i%len(storms)](w, t, i/len(storms)) })
	calm()
	w.judge(t)
}

// disturb begins to disturb; calm ends that.
func (w *storm) disturb(t *testing.T) (calm func()) {
	t.Helper()
	if w.Disturb == nil {
		return func() {}
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			w.Disturb(ctx)
		}
	}()
	return func() { stop(); <-done }
}

// again does something until the database was there for it.
func again(t *testing.T, do func() error) error {
	t.Helper()
	var err error
	for range triesAgain {
		err = do()
		if err == nil || fault.KindOf(err) != fault.Unavailable && store.Explain(err) == nil {
			return err
		}
	}
	return err
}

// storms are what each server does, side by side.
var storms = []func(w *storm, t *testing.T, i int){
	(*storm).decide, (*storm).reserve, (*storm).order, (*storm).report,
}

// decide decides on all suspects, as the other servers do.
func (w *storm) decide(t *testing.T, i int) {
	for k, s := range w.suspects {
		err := again(t, func() error {
			_, err := w.servers[i].review.Decide(t.Context(), s.ID, fmt.Sprint("reviewer ", i), review.Order{Verdict: review.Confirm},
				request.Request{Method: "DecideSuspect", ID: fmt.Sprint("decide-", i, "-", k)})
			return err
		})
		if err == nil {
			w.decided[k].Add(1)
			continue
		}
		require.Equal(t, "ALREADY_DECIDED", fault.ReasonOf(err), err)
	}
}

// reserve asks for more calls than the rules permit.
func (w *storm) reserve(t *testing.T, i int) {
	for k := range stormTries * stormReserved {
		var got calls.Reserved
		require.NoError(t, again(t, func() (err error) {
			got, err = w.servers[i].reserve(t, fmt.Sprint("reserve-", i, "-", k), 50+k%stormReserved)
			return err
		}))
		if got.Granted {
			w.granted[k%stormReserved].Add(1)
		}
	}
}

// order sends the same requests as the other servers, and some of its own.
func (w *storm) order(t *testing.T, i int) {
	for k := range stormShared + stormOwn {
		n, id := 100+k, fmt.Sprint("same-", k)
		if k >= stormShared {
			n, id = 1000+100*i+k, fmt.Sprint("own-", i, "-", k)
		}
		require.NoError(t, again(t, func() error {
			f, err := w.servers[i].freeze.Order(t.Context(), request.Request{Method: "CreateFreeze", ID: id},
				[]freeze.Freeze{{Number: numberOf(t, n), Reason: freeze.Manual}})
			if err == nil && k < stormShared {
				w.frozen[i] = append(w.frozen[i], f[0].ID)
			}
			return err
		}))
	}
}

// report reports calls of its own, and one that all report.
func (w *storm) report(t *testing.T, i int) {
	for k := range stormCalls {
		mine, all := call(t, fmt.Sprint("call-", i, "-", k), 300+k, -time.Minute), call(t, fmt.Sprint("call-all-", k), 400+k, -time.Minute)
		mine.Outcome, all.Outcome = calls.NoAnswer, calls.NoAnswer
		require.NoError(t, again(t, func() error {
			out, err := w.servers[i].calls.Report(t.Context(), []calls.Call{mine, all})
			for _, r := range out {
				err = errors.Join(err, r.Err)
			}
			return err
		}))
	}
}

// judge looks at what came of it.
func (w *storm) judge(t *testing.T) {
	t.Helper()
	one := w.servers[0]
	for k := range w.decided {
		require.EqualValues(t, 1, w.decided[k].Load(), "decisions on one suspect")
	}
	for k := range w.granted {
		require.EqualValues(t, 6, w.granted[k].Load(), "calls granted of the six a day")
	}
	for _, of := range w.frozen {
		require.Equal(t, w.frozen[0], of, "a request that all send is carried out once")
	}
	require.NoError(t, one.sound(t.Context(), int64(stormSuspects+stormShared+w.Many*stormOwn)))
	require.Equal(t, 6*stormReserved+w.Many*stormCalls+stormCalls, one.count(t, `SELECT COUNT(*) FROM calls`))
	require.Equal(t, stormSuspects, one.count(t, `SELECT COUNT(*) FROM decisions`))

	last, err := one.LastChange(t.Context())
	require.NoError(t, err)
	for _, b := range w.servers {
		w.heardAll(t, b, last)
		for k := range w.granted {
			require.Len(t, b.denied(t, 50+k), 1)
			require.Equal(t, 6, b.denied(t, 50+k)[0].Count)
		}
		for _, n := range []int{0, stormSuspects - 1, 100, 100 + stormShared - 1, 1000 + stormShared} {
			_, frozen := b.table.Standing(numberOf(t, n), begin)
			require.True(t, frozen, "each server's memory has the number %d", n)
		}
	}
}

// heardAll waits until a server heard of all changes: each once, and in order. Where connections broke while
// it took something over, it may have heard some again.
func (w *storm) heardAll(t *testing.T, b *bench, last int64) {
	t.Helper()
	var heard []int64
	require.Eventually(t, func() bool {
		heard = nil
		for _, c := range b.since(0) {
			heard = append(heard, c.Seq)
		}
		return len(heard) > 0 && heard[len(heard)-1] >= last
	}, time.Minute, 10*time.Millisecond)
	if w.Disturb != nil {
		heard = firsts(heard)
	}
	want := make([]int64, last)
	for i := range want {
		want[i] = int64(i + 1)
	}
	// A server that came later heard nothing from before.
	require.Equal(t, want[len(want)-len(heard):], heard)
	require.GreaterOrEqual(t, len(heard), len(w.suspects))
}

// firsts leaves out what came before.
func firsts(all []int64) (out []int64) {
	for _, x := range all {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}
