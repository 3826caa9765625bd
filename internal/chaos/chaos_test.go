package chaos_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	faultsFlag = flag.Int("chaos.faults", 0, "how many faults; 0 for as many as -chaos.for allows")
	forFlag    = flag.Duration("chaos.for", 20*time.Second, "how long, where -chaos.faults is 0")
	seedFlag   = flag.Uint64("chaos.seed", 0, "the seed of what goes wrong; 0 for another every time")
)

// roundFaults is after how many faults everything is held against the model.
const roundFaults = 40

// A server that is broken in every way, again and again, while clients work with it has lost
// nothing that it acknowledged, has nothing twice, and lets nobody be called who is frozen.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: chaos takes its time")
	}
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	root, full := disk(t)
	w := newWorld(t, seed, filepath.Join(root, "data"))
	b := &breaker{world: w, rnd: w.random(0), root: root, spare: t.TempDir(), done: map[string]int{}}
	if full {
		b.disk = root
	}
	defer b.summary(time.Now())
	t.Logf("seed %d", seed)
	s, err := start(t, w.dir, 0)
	require.NoError(t, err)
	w.serve(s)
	require.NoError(t, b.prepare())
	w.uploads.first()
	b.storm()
	require.Empty(t, w.violations())
	b.last()
	require.Empty(t, w.violations())
}

// storm breaks the server for as long as it is to be broken.
func (b *breaker) storm() {
	var clients sync.WaitGroup
	stop := sync.OnceFunc(func() { close(b.quit) })
	defer clients.Wait()
	defer stop()
	b.clients(&clients)
	end := time.Now().Add(*forFlag)
	for n := 1; *faultsFlag > 0 && n <= *faultsFlag || *faultsFlag == 0 && time.Now().Before(end); n++ {
		require.NoError(b.t, b.one())
		b.progress(5)
		if n%roundFaults == 0 {
			b.round(func() {})
		}
		if len(b.violations()) > 0 {
			return
		}
	}
	b.round(stop)
}

// clients have the server work, until the end.
func (b *breaker) clients(clients *sync.WaitGroup) {
	part := uint64(0)
	client := func(every time.Duration, do func(*rand.Rand)) {
		part++
		rnd := b.random(part)
		clients.Go(func() { b.work(rnd, every, func() { do(rnd) }) })
	}
	b.reports = append(b.reports, b.newReports(0))
	for i := range 3 {
		var c *source
		client(40*time.Millisecond, func(rnd *rand.Rand) {
			now := b.reports[len(b.reports)-1]
			if c == nil || c.reports != now {
				c = &source{reports: now, name: fmt.Sprintf("s%d-%d", now.round, i), rnd: rnd}
			}
			c.once()
		})
	}
	for range 2 {
		client(100*time.Millisecond, b.hands.once)
		client(20*time.Millisecond, func(rnd *rand.Rand) {
			if number := b.frozen.some(rnd); number != "" {
				b.refused(rnd, number)
			}
		})
		client(300*time.Millisecond, b.uploads.once)
		client(200*time.Millisecond, b.reviews.once)
	}
	client(300*time.Millisecond, b.caps.burst)
	client(300*time.Millisecond, b.caps.reject)
	client(time.Second, b.versions.once)
}

// progress waits for so many more acknowledgements: every fault hits a server at work.
func (b *breaker) progress(n int) {
	goal := b.acked() + n
	end := time.Now().Add(2 * time.Minute)
	for b.acked() < goal {
		s, _ := b.current()
		select {
		case <-s.gone:
			require.FailNow(b.t, "the server ended by itself", "%v\n%s", s.failure, s.log.text())
		case <-time.After(5 * time.Millisecond):
		}
		require.True(b.t, time.Now().Before(end), "nothing is acknowledged any more\n%s", s.log.text())
	}
}

// round has all clients rest, holds everything against the model, and goes on with numbers that
// nobody knows.
func (b *breaker) round(then func()) {
	b.busy.Lock()
	defer b.busy.Unlock()
	require.NoError(b.t, b.setOff(0))
	s, _ := b.current()
	b.uploads.heard(s) // which faults keep from it, and then nobody would have anything to decide
	b.verify(s)
	b.reports = append(b.reports, b.newReports(len(b.reports)))
	then()
}

// verify holds everything against the model.
func (b *breaker) verify(s *server) {
	b.reports[len(b.reports)-1].verify(b.t, s)
	b.hands.verify(s)
	b.summed(s, b.caps.verify(s))
	b.uploads.verify(s, b.dir)
	b.reviews.verify(s)
	b.versions.verify(s)
	b.allFrozen(s, b.frozen.snapshot())
	s.Sound(b.t)
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	for _, line := range s.log.bad {
		b.fail("the server says %s", line)
	}
}

// last kills the server once more, has everything heard, and looks at all of it.
func (b *breaker) last() {
	s, _ := b.current()
	s.kill()
	require.NoError(b.t, b.again())
	s, _ = b.current()
	b.uploads.drained(s)
	b.reports = b.reports[:len(b.reports)-1] // nothing was reported in the last round
	for _, r := range b.reports[:len(b.reports)-1] {
		r.verify(b.t, s)
	}
	b.verify(s)
	b.uploads.noMore(b.dir)
	require.NoError(b.t, s.stop())
}

// summary says what was done, and how to do it again.
func (b *breaker) summary(began time.Time) {
	var text strings.Builder
	sum := 0
	count := func(title string, by map[string]int) {
		fmt.Fprintf(&text, "%s\n", title)
		for _, kind := range slices.Sorted(maps.Keys(by)) {
			fmt.Fprintf(&text, "  %7d  %s\n", by[kind], kind)
		}
	}
	for n := range maps.Values(b.done) {
		sum += n
	}
	count(fmt.Sprintf("%d faults in %s", sum, time.Since(began).Round(time.Second)), b.done)
	b.mu.Lock()
	count("acknowledged", b.acks)
	b.mu.Unlock()
	wrong := b.violations()
	fmt.Fprintf(&text, "violations: %d\n", len(wrong))
	for _, v := range wrong[:min(len(wrong), 20)] {
		fmt.Fprintf(&text, "  %s\n", v)
	}
	b.t.Logf("%sagain: make chaos FAULTS=%d SEED=%d", text.String(), max(sum, 1), b.seed)
}
