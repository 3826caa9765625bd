package whisper

import (
	"errors"

	"github.com/refrain-asr/refrain/asr"
)

// call is a window in flight.
type call struct {
	id      uint64
	alone   bool
	done    chan struct{}
	release func() // gives back the state that the window holds

	phrases []asr.Phrase // valid once done is closed
	voices  []byte
	err     error
}

// errGone: the child died before it was given the window.
var errGone = errors.New("whisper: the speech process is gone")

// begin sends a window, or a sound for its voices. The call ends by an answer or by the child's death; alone is
// only said of it.
func (p *process) begin(w request, alone bool, release func()) (*call, error) {
	c := &call{id: w.id, alone: alone, done: make(chan struct{}), release: release}
	frame := encodeRequest(w)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.death != nil {
		return nil, errGone
	}
	select {
	case p.queue <- frame:
	default: // the child reads no more
		return nil, errors.New("whisper: the speech process doesn't answer")
	}
	p.calls[c.id] = c
	return c, nil
}

// cancel asks the child to give the window up. A request that is not there any more
// or a full queue do no harm: at worst the window is heard to its end.
func (p *process) cancel(id uint64) {
	select {
	case p.queue <- encodeCancel(id):
	default:
	}
}

func (p *process) finish(r reply) {
	p.mu.Lock()
	c := p.calls[r.id]
	delete(p.calls, r.id)
	if r.failure == "" && r.voices == nil {
		p.served++
	}
	p.mu.Unlock()
	if c == nil {
		return
	}
	if r.failure != "" {
		c.err = errors.New(r.failure)
	}
	c.phrases, c.voices = r.phrases, r.voices
	c.end()
}

func (c *call) end() {
	c.release()
	close(c.done)
}

// fail ends all calls with err, and those still to come. Only the first err counts.
func (p *process) fail(err error) {
	p.mu.Lock()
	if p.death == nil {
		p.death = err
	}
	calls := p.calls
	p.calls = make(map[uint64]*call)
	death := p.death
	p.mu.Unlock()
	for _, c := range calls {
		c.err = death
		if died, ok := errors.AsType[*ChildDiedError](death); ok {
			own := *died
			own.Alone = c.alone
			c.err = &own
		}
		c.end()
	}
}
