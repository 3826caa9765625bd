package gate

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// record is a freeze, an entry of the allow list, or a rule's denial, in 48 bytes and
// without pointers, so that the garbage collector does not look at millions of them.
// Times are in unix microseconds, as storage keeps them.
type record struct {
	// id is a freeze's or an allow entry's ULID, or where oddID is set, the place of its
	// text in Table.oddIDs. For a denial it is the agent's place in Table.agents, and
	// the count.
	id [2]uint64
	// key is the number's digits above flagBits of flags, or in a table without numbers a part of its name.
	key uint64
	// from is when it begins, until when it ends by itself.
	from, until int64
	// what is the place in the ledger above labelBits of the place in Table.labels.
	what uint64
}

const (
	// flagBits are what 15 digits leave of 64 bits.
	flagBits = 14
	// labelBits leave 36 bits, or 68 thousand million, for places in the ledger.
	labelBits = 28
	labelMask = 1<<labelBits - 1
)

// The flags of record.key.
const (
	isFreeze = 1 << iota
	isAllow
	isDenial
	// ended is set where somebody ended it before its time: part.ends says when.
	ended
	// oddID is set where the id is no ULID.
	oddID
	// hasMore is set where part.next leads on from it.
	hasMore
	// begun is set where it stands since it is in the ledger, whatever the clock says.
	begun
)

// endless is the until of what stands until somebody ends it.
const endless = math.MaxInt64

// label is what many records have in common.
type label struct {
	// reason, class and line are a freeze's.
	reason      freeze.Reason
	class, line string
	rule        string
	version     string
	// window and limit are a denial's.
	window string
	limit  int
}

func (r *record) is(flag uint64) bool { return r.key&flag != 0 }
func (r *record) digits() uint64      { return r.key >> flagBits }
func (r *record) seq() int64          { return int64(r.what >> labelBits) }
func (r *record) label() uint32       { return uint32(r.what & labelMask) }

func what(seq int64, label uint32) uint64 { return uint64(seq)<<labelBits | uint64(label) }

// isOf reports whether the two are of the same freeze, or of the same entry of the allow
// list.
func (r *record) isOf(other *record) bool {
	const kind = isFreeze | isAllow | isDenial | oddID
	return r.id == other.id && r.key&kind == other.key&kind
}

// micros drops what storage drops. A zero time is long before any call.
func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(m int64) time.Time { return time.UnixMicro(m).UTC() }

func untilMicros(t time.Time) int64 {
	if t.IsZero() {
		return endless
	}
	return t.UnixMicro()
}

func fromUntil(m int64) time.Time {
	if m == endless {
		return time.Time{}
	}
	return fromMicros(m)
}

// numberOf is the record's number, the zero one where the table holds none.
func (t *Table) numberOf(r *record) number.Number {
	if t.blind {
		return number.Number{}
	}
	n, _ := number.FromDigits(r.digits()) // they come from a number, but for one that was erased
	return n
}

func (t *Table) freezeRecord(s spot, f freeze.Freeze) record {
	l := t.labels.id(label{reason: f.Reason, class: f.Class, line: f.Line, rule: f.Rule,
		version: f.RuleVersion})
	r := record{key: s.key<<flagBits | isFreeze, from: micros(f.From),
		until: untilMicros(f.Until), what: what(f.Seq, l)}
	if !f.Planned() {
		r.key |= begun
	}
	t.setID(&r, string(f.ID))
	return r
}

func (t *Table) allowRecord(s spot, a freeze.Allow) record {
	r := record{key: s.key<<flagBits | isAllow | begun, from: micros(a.From),
		until: untilMicros(a.Until), what: what(a.Seq, 0)}
	t.setID(&r, string(a.ID))
	return r
}

// setID keeps an id without loss: nearly all are ULIDs.
func (t *Table) setID(r *record, id string) {
	u, err := ulid.ParseStrict(id)
	if err == nil && u.String() == id {
		r.id = [2]uint64{binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])}
		return
	}
	r.key |= oddID
	r.id = [2]uint64{uint64(t.oddIDs.id(id))}
}

func (t *Table) idOf(r *record) string {
	if r.is(oddID) {
		return t.oddIDs.value(uint32(r.id[0]))
	}
	var u ulid.ULID
	binary.BigEndian.PutUint64(u[:8], r.id[0])
	binary.BigEndian.PutUint64(u[8:], r.id[1])
	return u.String()
}

// freeze is what the record keeps of a freeze.
func (t *Table) freeze(r *record) freeze.Freeze {
	l := t.labels.value(r.label())
	return freeze.Freeze{
		ID: freeze.ID(t.idOf(r)), Number: t.numberOf(r), Reason: l.reason, Class: l.class,
		Line: l.line, Rule: l.rule, RuleVersion: l.version,
		From: fromMicros(r.from), Until: fromUntil(r.until), Seq: r.seq(),
	}
}

func (t *Table) allow(r *record) freeze.Allow {
	return freeze.Allow{ID: freeze.AllowID(t.idOf(r)), Number: t.numberOf(r),
		From: fromMicros(r.from), Until: fromUntil(r.until), Seq: r.seq()}
}
