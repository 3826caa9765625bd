package asr

import "time"

// enter takes b in, waiting while there is no room; m.mu, which is held, is let go of meanwhile. A
// run that has nothing waiting is let in at once: else a call's only window would wait until those beside it, of
// which many are full, were heard.
func (p *party) enter(b batch) error {
	m, n := p.m, b.samples()
	full := func() bool { return m.waiting+n > int64(m.parallel)*mostWaiting }
	for p.ctx.Err() == nil && n > 0 && p.waiting > 0 && full() {
		p.blocked = true // so nobody waits for it meanwhile
		room := m.room
		m.kick()
		m.mu.Unlock()
		select {
		case <-room:
		case <-p.ctx.Done():
		}
		m.mu.Lock()
		p.blocked = false
	}
	if err := p.ctx.Err(); err != nil {
		return err
	}
	if p.waiting == 0 { // for the time in which it wanted nothing it gets nothing afterwards
		p.had = max(p.had, m.share[p.priority])
	}
	p.waiting += n
	m.waiting += n
	p.arrive(b)
	return nil
}

// gone makes room: b doesn't wait any more.
func (m *Mixer) gone(b batch) {
	if len(b) == 0 {
		return
	}
	for _, x := range b {
		n := int64(len(x.samples))
		x.run.waiting -= n
		m.waiting -= n
	}
	close(m.room)
	m.room = make(chan struct{})
}

func (p *party) arrive(b batch) {
	for _, piece := range b {
		piece.run, piece.arrived = p, p.m.tick()
	}
	p.left += len(b)
	p.since = p.m.tick()
	if p.priority > 0 {
		p.m.remember(b)
	}
}

// passing bounds how long a window waits for runs of a higher priority: who has begun is to end
// some time, before its own limit is over. As no more than what is under way waits here, that
// costs the others little.
const passing = time.Minute

// remember has b go ahead of all others once it was passed over for long.
func (m *Mixer) remember(b batch) {
	if len(b) == 0 {
		return
	}
	time.AfterFunc(m.passing, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, x := range b {
			x.passed = true
		}
	})
}
