package gate

import (
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Find implements Present.
func (t *Table) Find(ask Ask, at time.Time) Found {
	best := t.find(ask, micros(at))
	return t.decode(&best)
}

func (t *Table) decode(best *answering) (out Found) {
	if out.Frozen = best.frozen.key != 0; out.Frozen {
		out.Freeze = t.freeze(&best.frozen)
	}
	if out.Allowed = best.allowed.key != 0; out.Allowed {
		out.Allow = t.allow(&best.allowed)
	}
	if out.Denied = best.denied.key != 0; out.Denied {
		out.Denial = t.denial(&best.denied)
	}
	return out
}

// Standing is the freeze that answers for the number at that moment, wherever the call
// comes from, without what the gate has no use for: Note, Evidence, Actor and Release.
func (t *Table) Standing(n number.Number, at time.Time) (freeze.Freeze, bool) {
	best := t.find(Ask{Number: n}, micros(at))
	if best.frozen.key == 0 {
		return freeze.Freeze{}, false
	}
	return t.freeze(&best.frozen), true
}

// answering are the records that answer an ask, of each kind the one that ends last. A
// zero record is none.
type answering struct{ frozen, allowed, denied record }

func (t *Table) find(ask Ask, at int64) answering {
	if t.blind {
		return t.findNamed(ask, at)
	}
	best := t.findKey(ask.Number.Digits(), ask, at)
	for _, key := range t.erasedKeys(ask.Number) {
		best = t.better(best, t.findKey(key, ask, at))
	}
	return best
}

func (t *Table) findKey(key uint64, ask Ask, at int64) answering {
	return t.findSpot(spot{t.hash(key), key}, ask, at)
}

func (t *Table) findSpot(s spot, ask Ask, at int64) answering {
	p := t.part(s.hash)
	p.mu.RLock()
	defer p.mu.RUnlock()
	return t.answering(s.hash, s.key, ask, at)
}

// answering must be called under the lock of the hash's part.
func (t *Table) answering(hash, key uint64, ask Ask, at int64) (out answering) {
	p := t.part(hash)
	for _, r := range p.of(hash, key) {
		if !r.stands(at) || !t.concerns(r, ask) {
			continue
		}
		best := out.of(r)
		if best.key == 0 || t.before(r, best) {
			*best = *r
		}
	}
	return out
}

func (a *answering) of(r *record) *record {
	switch {
	case r.is(isFreeze):
		return &a.frozen
	case r.is(isAllow):
		return &a.allowed
	default:
		return &a.denied
	}
}

// concerns reports whether the record answers the ask's line and agent: a freeze of a
// line answers for its line and where no line is named; a denial of an agent for that
// agent alone.
func (t *Table) concerns(r *record, ask Ask) bool {
	switch {
	case r.is(isFreeze) && ask.Line != "":
		line := t.labels.value(r.label()).line
		return line == "" || line == ask.Line
	case r.is(isDenial) && r.id[0] != 0:
		return t.agents.value(uint32(r.id[0])) == ask.Agent
	}
	return true
}

// before orders records of one kind, as freezeBefore and its kin do.
func (t *Table) before(a, b *record) bool {
	if a.until != b.until {
		return a.until > b.until
	}
	if a.is(isDenial) {
		x, y := t.denial(a), t.denial(b)
		return denialBefore(&x, &y)
	}
	return t.idOf(a) < t.idOf(b)
}
