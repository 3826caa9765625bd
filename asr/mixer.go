package asr

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// mostWaiting is how many samples may wait for each window that is heard at once, beside one
// window of each run; who has more to give waits.
const mostWaiting = 4 * mostWindow

// Mixer lets recordings that are heard at the same time with one engine share windows, since a
// window costs much the same however little is said in it. A window of one call's utterances that
// is full goes as it is; what is left at each call's end waits for that of others, until it
// fills a window or no call is being read from which more could come. So a lone call waits for
// nothing. Where it isn't certain which call words belong to, each call's utterances are heard
// again without the others'.
//
// Where several windows are ready, a run of a higher priority goes first, and of equal ones that
// which was given the least since it came: so each gets its share, and a call that takes one window
// has it next, however many those beside it take.
//
// All who use a Mixer must use the same engine. It is safe for concurrent use.
type Mixer struct {
	mu       sync.Mutex
	apart    bool // nobody shares a window
	parallel int
	order    uint64 // of what came in
	waiting  int64  // samples
	// room is closed, and made anew, when samples have gone.
	room     chan struct{}
	readers  []*party // those that are still being read
	again    []batch  // to be heard again
	full     []batch
	loose    batch           // what is left of calls, to be mixed
	hearing  int             // windows that are with the Transcriber
	share    map[int]float64 // by priority: what the run had that was given a window last
	patience time.Duration
	sheaf    *sheaf // nil where who shares a window is left to the moment
	passing  time.Duration
}

// NewMixer readies a Mixer.
func NewMixer() *Mixer {
	return &Mixer{room: make(chan struct{}), share: map[int]float64{}, patience: patience,
		passing: passing}
}

// NewUnmixed readies a Mixer that puts windows in order, and lets none be shared.
func NewUnmixed() *Mixer {
	m := NewMixer()
	m.apart = true
	return m
}

// mixes tells that windows may be shared.
func (m *Mixer) mixes() bool { return m != nil && !m.apart }

// party is one run's part in a Mixer.
type party struct {
	m           *Mixer
	ctx         context.Context
	cancel      context.CancelFunc
	transcriber Transcriber
	model       Model
	priority    int
	alone       bool
	brief       bool   // windows that are half empty are heard in half of the time
	second      Second // nil where nothing is heard a second time
	watch       *stopwatch
	place       int // in a sheaf

	// The rest is guarded by m.mu.
	since   uint64 // when it last gave something, or began to be read
	blocked bool   // it waits for room
	read    bool   // to its end
	waiting int64  // samples
	left    int    // pieces that are not heard yet
	windows int
	had     float64 // windows, shared ones in part, and what others had before it came
	err     error
	over    chan struct{} // closed when all is heard; where something fails, ctx ends
}

// join begins a run. It must leave.
func (m *Mixer) join(ctx context.Context, t Transcriber, cfg Config, w *stopwatch) *party {
	traits := t.Traits()
	p := &party{m: m, transcriber: t, model: traits.Model, priority: cfg.Priority, alone: cfg.Alone,
		brief: cfg.brief, second: cfg.Second, watch: w, place: cfg.Place, over: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parallel = max(1, traits.Parallel)
	p.since, p.had = m.tick(), m.share[p.priority]
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
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if err := p.enter(b); err != nil {
		return err
	}
	p.m.full = append(p.m.full, b)
	p.m.kick()
	return nil
}

// finish hands in what is left, and says that nothing follows. All of it comes at once, so that
// what shares a window with what doesn't depend on when there was room.
func (p *party) finish(rest batch) error {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if err := p.enter(rest); err != nil {
		return err
	}
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
			m.gone(b)
		}
	}
	m.full = slices.DeleteFunc(m.full, ownBatch)
	m.again = slices.DeleteFunc(m.again, ownBatch)
	m.gone(m.loose.of(p))
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
			p.had += float64(b.of(p).samples()) / float64(max(1, b.samples()))
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
