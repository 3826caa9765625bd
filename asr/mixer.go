package asr

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// mostWaiting is how many samples may wait for each window that is heard at once; who has
// more to give waits.
const mostWaiting = 4 * mostWindow

// Mixer lets recordings that are heard at the same time with one engine share windows, since a
// window costs much the same however little is said in it. A window of one call's utterances that
// is full goes as it is; what is left at each call's end waits for that of others, until it
// fills a window or no call is being read from which more could come. So a lone call waits for
// nothing. Where it isn't certain which call words belong to, each call's utterances are heard
// again without the others'.
//
// All who use a Mixer must use the same engine. It is safe for concurrent use.
type Mixer struct {
	mu       sync.Mutex
	room     *semaphore.Weighted // in samples
	parallel int
	order    uint64   // of what came in
	readers  []*party // those that are still being read
	again    []batch  // to be heard again, ahead of all others
	full     []batch
	loose    batch // what is left of calls, to be mixed
	hearing  int   // windows that are with the Transcriber
	patience time.Duration
	sheaf    *sheaf // nil where who shares a window is left to the moment
}

// NewMixer readies a Mixer.
func NewMixer() *Mixer { return &Mixer{patience: patience} }

// party is one run's part in a Mixer.
type party struct {
	m           *Mixer
	ctx         context.Context
	cancel      context.CancelFunc
	transcriber Transcriber
	model       Model
	alone       bool
	brief       bool   // windows that are half empty are heard in half of the time
	second      Second // nil where nothing is heard a second time
	watch       *stopwatch
	place       int // in a sheaf

	// The rest is guarded by m.mu.
	since   uint64 // when it last gave something, or began to be read
	blocked bool   // it waits for room
	read    bool   // to its end
	left    int    // pieces that are not heard yet
	windows int
	err     error
	over    chan struct{} // closed when all is heard; where something fails, ctx ends
}

// join begins a run. It must leave.
func (m *Mixer) join(ctx context.Context, t Transcriber, cfg Config, w *stopwatch) *party {
	traits := t.Traits()
	p := &party{m: m, transcriber: t, model: traits.Model, alone: cfg.Alone, brief: cfg.brief,
		second: cfg.Second, watch: w, place: cfg.Place, over: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.room == nil {
		m.parallel = max(1, traits.Parallel)
		m.room = semaphore.NewWeighted(int64(m.parallel) * mostWaiting)
	}
	p.since = m.tick()
	m.readers = append(m.readers, p)
	return p
}

// tick is the next moment in the order of things.
func (m *Mixer) tick() uint64 {
	m.order++
	return m.order
}

// put hands in a full window, waiting while there is no room.
func (p *party) put(b batch) error {
	if err := p.enter(b); err != nil {
		return err
	}
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	p.arrive(b)
	p.m.full = append(p.m.full, b)
	p.m.kick()
	return nil
}

// finish hands in what is left, and says that nothing follows. All of it comes at once, so that
// what shares a window with what doesn't depend on when there was room.
func (p *party) finish(rest batch) error {
	if err := p.enterRest(rest); err != nil {
		return err
	}
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	p.arrive(rest)
	p.m.loose = append(p.m.loose, rest...)
	p.m.hurry(rest)
	p.read = true
	p.m.without(p)
	p.m.placeDone(p.place)
	p.settle()
	p.m.kick()
	return nil
}

// patience bounds how long what is loose waits for runs that are still being read: one whose
// source hangs must not hold the others up.
const patience = 10 * time.Second

// hurry has b go before long.
func (m *Mixer) hurry(b batch) {
	if len(b) == 0 || m.sheaf != nil {
		return
	}
	time.AfterFunc(m.patience, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, x := range b {
			x.late = true
		}
		m.kick()
	})
}

// enter waits for room.
func (p *party) enter(b batch) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	n := b.samples()
	if p.m.room.TryAcquire(n) {
		return nil
	}
	p.setBlocked(true) // so nobody waits for it meanwhile
	defer p.setBlocked(false)
	return p.m.room.Acquire(p.ctx, n)
}

func (p *party) setBlocked(blocked bool) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	p.blocked = blocked
	p.m.kick()
}

func (p *party) arrive(b batch) {
	for _, piece := range b {
		piece.run, piece.arrived = p, p.m.tick()
	}
	p.left += len(b)
	p.since = p.m.tick()
}

// wait waits until all is heard, or something failed, which it returns.
func (p *party) wait() error {
	select {
	case <-p.over:
		p.m.mu.Lock()
		defer p.m.mu.Unlock()
		return p.err
	case <-p.ctx.Done():
		return p.failure(p.ctx.Err())
	}
}

// failure is why the run failed, err where no window is to blame.
func (p *party) failure(err error) error {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	return err
}

// leave takes back what still waits. Windows under way that only it is in are broken off.
func (p *party) leave() {
	p.cancel()
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	p.m.without(p)
	p.m.takeBack(p)
	p.m.placeDone(p.place)
	p.m.kick()
}

func (m *Mixer) without(p *party) {
	m.readers = slices.DeleteFunc(m.readers, func(q *party) bool { return p == q })
}

func (m *Mixer) takeBack(p *party) {
	own := func(x *piece) bool { return x.run == p }
	ownBatch := func(b batch) bool { return own(b[0]) } // full ones and those again are one run's
	for _, b := range m.full {
		if ownBatch(b) {
			m.room.Release(b.samples())
		}
	}
	m.full = slices.DeleteFunc(m.full, ownBatch)
	m.again = slices.DeleteFunc(m.again, ownBatch)
	for _, x := range m.loose {
		if own(x) {
			m.vacate(batch{x})
		}
	}
	m.loose = slices.DeleteFunc(m.loose, own)
}

// kick starts on the windows that are ready, as many as are heard at once.
func (m *Mixer) kick() {
	for m.hearing < m.parallel {
		b := m.next()
		if b == nil {
			return
		}
		m.hearing++
		for _, p := range b.parties() {
			p.windows++
		}
		go m.work(b)
	}
}

func (m *Mixer) work(b batch) {
	defer func() {
		bug := recover()
		m.mu.Lock()
		defer m.mu.Unlock()
		if bug != nil { // it must not end a server: whoever is concerned fails
			for _, p := range b.parties() {
				p.fail(fmt.Errorf("a bug in refrain: %v\n%s", bug, debug.Stack()))
			}
		}
		m.hearing--
		m.kick()
	}()
	m.hear(b)
}

// next takes the window that has waited longest, nil where none is ready.
func (m *Mixer) next() batch {
	if len(m.again) > 0 {
		b := m.again[0]
		m.again = m.again[1:]
		return b
	}
	var b batch
	mixed := m.mixable()
	switch {
	case len(m.full) > 0 && (!mixed || m.full[0][0].arrived < m.loose[0].arrived):
		b, m.full = m.full[0], m.full[1:]
	case mixed:
		b = m.mix()
	default:
		return nil
	}
	m.vacate(b)
	return b
}

// mixable tells that what is loose may go: it fills a window, has waited for long, or none of the
// runs that were being read when it came can still bring more without having brought some or waited
// since.
func (m *Mixer) mixable() bool {
	if len(m.loose) == 0 {
		return false
	}
	if m.sheaf != nil {
		return m.sheaf.missing == 0
	}
	if m.loose[0].late || m.loose.samples() >= mostWindow {
		return true
	}
	return !slices.ContainsFunc(m.readers, func(p *party) bool {
		return !p.blocked && p.since < m.loose[0].arrived
	})
}

// mix takes the piece that has waited longest, and in the order of arrival those that fit in
// with it. A call's own words and the agent's echo don't: they would get mixed up.
func (m *Mixer) mix() batch {
	var b, rest batch
	echo := make(map[*party]bool)
	for _, x := range m.loose {
		is, known := echo[x.run]
		if b.room(x) > mostWindow && len(b) > 0 || known && is != x.echo {
			rest = append(rest, x)
			continue
		}
		echo[x.run] = x.echo
		b = b.with(x)
	}
	m.loose = rest
	return b
}

// with puts a piece behind those of its run.
func (b batch) with(x *piece) batch {
	for i, p := range slices.Backward(b) {
		if p.run == x.run {
			return slices.Insert(b, i+1, x)
		}
	}
	return append(b, x)
}

func (b batch) samples() (n int64) {
	for _, p := range b {
		n += int64(len(p.samples))
	}
	return n
}

// parties are the runs that the pieces are of.
func (b batch) parties() (out []*party) {
	for _, p := range b {
		if len(out) == 0 || out[len(out)-1] != p.run {
			out = append(out, p.run)
		}
	}
	return out
}

// of are the pieces of a run.
func (b batch) of(p *party) (out batch) {
	for _, x := range b {
		if x.run == p {
			out = append(out, x)
		}
	}
	return out
}
