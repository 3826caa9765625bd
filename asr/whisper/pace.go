package whisper

import (
	"sync"
	"time"

	"github.com/refrain-asr/refrain/asr"
)

const (
	// leastPatience is how long any window may take: a machine that is busy with
	// something else, or that pages, is no hung process.
	leastPatience = time.Minute
	// patience is how many times longer than usual a window may take. A decoding that
	// fails its tests is tried up to five times again, and other processes may want the
	// processors, too.
	patience = 10
	// patienceSteps is how many timers one limit is made of. While the whole machine or
	// container stands still only one of them runs out, so that a pause of everything is
	// not taken for a hung child.
	patienceSteps = 12
	// learning is the weight of the latest window in the moving mean.
	learning = 0.1
)

// pace knows how long hearing takes. The encoder's share goes with the context it is run on
// and not with what is said, so times are counted per second of context.
type pace struct {
	mu    sync.Mutex
	means [kindsOfWork]float64 // seconds for a second of context; 0 where none was heard yet
}

// work is a kind of request with a pace of its own.
type work int

const (
	firstLook  work = iota // a window, the best hypothesis alone
	secondLook             // a window with beams
	sounding               // a sound for its voices
	kindsOfWork
)

func workOf(r request) work {
	switch {
	case r.sound:
		return sounding
	case r.beams > 0:
		return secondLook
	}
	return firstLook
}

// span is the audio that the model works on for a request, in seconds.
func span(r request) float64 {
	switch {
	case r.sound:
		return duration(len(r.samples)).Seconds()
	case r.slots == 0:
		return maxWindow.Seconds()
	}
	return (time.Duration(r.slots) * slot).Seconds()
}

// note learns from a request that took so long. One that went on while everything stood
// still took longer than it could have, so more than the limit counts as the limit.
func (p *pace) note(r request, took time.Duration) {
	took = min(took, p.limit(r))
	p.mu.Lock()
	defer p.mu.Unlock()
	latest := took.Seconds() / span(r)
	mean := &p.means[workOf(r)]
	if *mean == 0 {
		*mean = latest
		return
	}
	*mean += learning * (latest - *mean)
}

// limit is how long a request may take: ten times what such have taken, and a minute at
// least. Beams that were never followed are taken to cost a decoding each.
func (p *pace) limit(r request) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	mean := p.means[workOf(r)]
	if mean == 0 && workOf(r) == secondLook {
		mean = float64(r.beams) * p.means[firstLook]
	}
	return max(leastPatience, time.Duration(patience*mean*span(r)*float64(time.Second)))
}

// known tells that a window was heard.
func (p *pace) known() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.means[firstLook] > 0
}

// trial is the window that a child hears when it starts, to prove that the model hears at
// all and to tell how fast: half of a window of digital silence, which every model takes.
func trial() request {
	return request{slots: contextSlots(asr.HalfContext), samples: make([]float32, asr.SampleRate)}
}

// watch kills the child where a window is not over within its limit, also one that nobody
// waits for any more: a child that hangs would keep its state for ever.
func (s *Supervisor) watch(c *call, p *process, r request) {
	begun, limit := s.cfg.now(), s.pace.limit(r)
	for range patienceSteps {
		select {
		case <-c.done:
			if c.err == nil {
				s.pace.note(r, s.cfg.now().Sub(begun))
			}
			return
		case <-s.cfg.expires(limit / patienceSteps):
		}
	}
	s.log.Error("speech process hangs: a window is not heard within its limit; killing it",
		"pid", p.cmd.Process.Pid, "limit", limit)
	p.hung(limit)
}
