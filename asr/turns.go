package asr

import (
	"cmp"
	"slices"
)

// compareTurns is below 0 where x goes before y: it was passed over for long; its run's priority is
// higher; that was given less; it is to be heard again, which its run waits for; or it came first.
func compareTurns(x, y *piece) int {
	p, q := x.run, y.run
	return cmp.Or(
		-compareBools(x.passed, y.passed),
		cmp.Compare(p.priority, q.priority),
		cmp.Compare(p.had, q.had),
		cmp.Compare(p.windows, q.windows), // who has just come begins with what others had
		-compareBools(x.heardAgain, y.heardAgain),
		cmp.Compare(x.arrived, y.arrived),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// next takes the window whose turn it is, nil where none is ready.
func (m *Mixer) next() batch {
	again, full := first(m.again), first(m.full)
	mixed := -1
	if m.mixable() {
		mixed = 0
	}
	if mixed == 0 && m.sheaf == nil { // a sheaf's are in an order that no moment changes
		slices.SortStableFunc(m.loose, compareTurns)
	}
	var best *piece
	for _, x := range []*piece{at(m.again, again), at(m.full, full), m.loose.at(mixed)} {
		if x != nil && (best == nil || compareTurns(x, best) < 0) {
			best = x
		}
	}
	if best == nil {
		return nil
	}
	m.share[best.run.priority] = max(m.share[best.run.priority], best.run.had)
	var b batch
	switch best {
	case at(m.again, again):
		b = m.again[again] // its room was given back when it was heard first
		m.again = slices.Delete(m.again, again, again+1)
		return b
	case at(m.full, full):
		b = m.full[full]
		m.full = slices.Delete(m.full, full, full+1)
	default:
		b = m.mix()
	}
	m.gone(b)
	return b
}

// first is which of the windows goes first, -1 where there are none.
func first(windows []batch) int {
	best := -1
	for i, b := range windows {
		if best < 0 || compareTurns(b[0], windows[best][0]) < 0 {
			best = i
		}
	}
	return best
}

func at(windows []batch, i int) *piece {
	if i < 0 {
		return nil
	}
	return windows[i][0]
}

func (b batch) at(i int) *piece {
	if i < 0 {
		return nil
	}
	return b[i]
}

// mixable tells that what is loose may go: it fills a window, some of it has waited for long, or
// some of it waits for nobody.
func (m *Mixer) mixable() bool {
	if m.sheaf != nil {
		return m.sheaf.missing == 0 && len(m.loose) > 0
	}
	return len(m.loose) > 0 && (m.apart || m.loose.samples() >= mostWindow ||
		slices.ContainsFunc(m.loose, func(x *piece) bool { return x.late || !m.moreFor(x) }))
}

// moreFor tells that a run that was being read when x came can still bring more to go with it, and
// hasn't brought some or waited since. Those of a lower priority are not waited for.
func (m *Mixer) moreFor(x *piece) bool {
	return slices.ContainsFunc(m.readers, func(p *party) bool {
		return !p.blocked && p.since < x.arrived && p.priority <= x.run.priority
	})
}

// mix takes the piece whose turn it is, which is the first, and in order those that fit in with
// it. A call's own words and the agent's echo don't: they would get mixed up.
func (m *Mixer) mix() batch {
	var b, rest batch
	echo := make(map[*party]bool)
	for _, x := range m.loose {
		is, known := echo[x.run]
		if b.room(x) > mostWindow && len(b) > 0 || known && is != x.echo ||
			m.apart && len(b) > 0 && b[0].run != x.run {
			rest = append(rest, x)
			continue
		}
		echo[x.run] = x.echo
		b = b.with(x)
	}
	m.loose = rest
	return b
}
