package storetest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// verify checks the whole ledger and returns the number of its entries.
func (b *bench) verify(t *testing.T) int {
	t.Helper()
	v := freeze.Verifier{Keys: b.keys}
	n := 0
	require.NoError(t, b.Freezes.Ledger(t.Context(),
		func(e freeze.Entry) error { n++; return v.Next(e) }))
	seq, head := v.Head()
	require.EqualValues(t, n, seq)
	all, err := b.Freezes.Verify(t.Context(), head)
	require.NoError(t, err)
	require.Empty(t, all.Findings)
	require.EqualValues(t, n, all.Entries)
	require.Equal(t, head, all.Head)
	return n
}

func (b *bench) release(t *testing.T, n int, id string) ([]freeze.Freeze, error) {
	t.Helper()
	return b.freeze.Release(t.Context(), request.Request{Method: "ReleaseFreeze", ID: id},
		numberOf(t, n), "ops", "asked for a call")
}

func testReleaseNumber(t *testing.T, b *bench) {
	ctx := t.Context()
	short, endless, other := b.confirmed(t, 1, keywords.Class("not_interested")),
		b.confirmed(t, 1, keywords.Class("stop_calling")),
		b.confirmed(t, 2, keywords.Class("stop_calling"))
	now := b.later(time.Hour)
	ended, err := b.release(t, 1, "")
	require.NoError(t, err)
	require.Len(t, ended, 2)
	require.Equal(t, []freeze.ID{short.Decision.Freeze, endless.Decision.Freeze},
		[]freeze.ID{ended[0].ID, ended[1].ID})
	require.Equal(t, &freeze.Release{Cause: freeze.ByHand, At: now, Actor: "ops",
		Reason: "asked for a call", Seq: 4}, ended[0].Release)
	kept, err := b.freezesOf(ctx, numberOf(t, 1))
	require.NoError(t, err)
	require.Equal(t, kept, ended)
	_, ok := b.table.Standing(numberOf(t, 1), now)
	require.False(t, ok)
	f, ok := b.table.Standing(numberOf(t, 2), now)
	require.True(t, ok)
	require.Equal(t, other.Decision.Freeze, f.ID)
	require.True(t, f.Until.IsZero())
	require.Equal(t, 5, b.verify(t))

	for _, n := range []int{1, 50} {
		_, err = b.release(t, n, "")
		require.Equal(t, fault.Precondition, fault.KindOf(err))
		require.Equal(t, "NOT_FROZEN", fault.ReasonOf(err))
		require.NotContains(t, err.Error(), numberOf(t, n).E164())
	}
	b.confirmed(t, 3, keywords.Class("not_interested"))
	b.later(period)
	_, err = b.release(t, 3, "")
	require.Equal(t, "NOT_FROZEN", fault.ReasonOf(err), "it has ended by itself")
}

func testReleaseNumberRepeated(t *testing.T, b *bench) {
	b.confirmed(t, 1, keywords.Class("not_interested"))
	first, err := b.release(t, 1, "r1")
	require.NoError(t, err)
	b.confirmed(t, 1, keywords.Class("stop_calling"))
	again, err := b.release(t, 1, "r1")
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, ok := b.table.Standing(numberOf(t, 1), b.clock())
	require.True(t, ok, "what was frozen since then stands")
	b.confirmed(t, 2, keywords.Class("stop_calling"))
	_, err = b.release(t, 2, "r1")
	require.Equal(t, "REQUEST_ID_REUSED", fault.ReasonOf(err))
	require.NotContains(t, err.Error(), numberOf(t, 2).E164())
	_, err = b.release(t, 9, "r2")
	require.Equal(t, "NOT_FROZEN", fault.ReasonOf(err))
	b.confirmed(t, 9, keywords.Class("stop_calling"))
	ended, err := b.release(t, 9, "r2")
	require.NoError(t, err, "the request that failed is not taken for done")
	require.Len(t, ended, 1)
}

func testRevertAfterRelease(t *testing.T, b *bench) {
	s := b.confirmed(t, 1, keywords.Class("not_interested"))
	ended, err := b.release(t, 1, "")
	require.NoError(t, err)
	_, err = b.review.Revert(t.Context(), s.ID, "", "li", "misheard", request.Request{})
	require.NoError(t, err)
	f, err := b.Freezes.Get(t.Context(), s.Decision.Freeze)
	require.NoError(t, err)
	require.Equal(t, ended[0], f, "it was released before, and stays so")
	require.Equal(t, 2, b.verify(t))
}

// stir does something at random, which may be refused.
func (b *bench) stir(t *testing.T, rnd *rand.Rand, suspects []review.Suspect) {
	t.Helper()
	s := suspects[rnd.IntN(len(suspects))]
	var err error
	switch rnd.IntN(9) {
	case 0, 1:
		class := []keywords.Class{keywords.Class("not_interested"),
			keywords.Class("stop_calling")}[rnd.IntN(2)]
		_, err = b.review.Decide(t.Context(), s.ID, "li",
			review.Order{Verdict: review.Confirm, Class: class}, request.Request{})
	case 2:
		_, err = b.review.Decide(t.Context(), s.ID, "li", review.Order{Verdict: review.Dismiss}, request.Request{})
	case 3:
		_, err = b.review.Revert(t.Context(), s.ID, "", "li", "misheard", request.Request{})
	case 4:
		_, err = b.freeze.Release(t.Context(), request.Request{}, s.Number, "ops", "asked")
	case 5:
		_, err = b.freeze.Order(t.Context(), request.Request{},
			[]freeze.Freeze{{Number: s.Number, Reason: freeze.Manual,
				Until: b.clock().Add(period / 4),
				Line:  []string{"", "sales"}[rnd.IntN(2)], Actor: "ops", Note: "ordered"}})
	case 6:
		err = b.extendAny(t, rnd)
	case 7:
		_, err = b.freeze.Allow(t.Context(), request.Request{},
			freeze.Allow{Number: s.Number, Until: b.clock().Add(time.Hour), Actor: "ops",
				Note: "asked"})
	default:
		b.later(time.Duration(rnd.Int64N(int64(period / 8))))
	}
	if err != nil {
		require.Contains(t, []fault.Kind{fault.Precondition, fault.Invalid}, fault.KindOf(err),
			"%v", err)
	}
}

// extendAny extends one of the freezes that stand.
func (b *bench) extendAny(t *testing.T, rnd *rand.Rand) error {
	t.Helper()
	all, err := b.Freezes.List(t.Context(), freeze.Filter{Now: b.clock()})
	require.NoError(t, err)
	if len(all) == 0 {
		return nil
	}
	f := all[rnd.IntN(len(all))]
	_, err = b.freeze.Extend(t.Context(), request.Request{}, f.ID, f.Until.Add(time.Hour), "ops",
		"longer")
	return err
}

func (b *bench) someSuspects(t *testing.T) []review.Suspect {
	t.Helper()
	var out []review.Suspect
	for i := range 12 {
		out = append(out, b.suspect(t, i%5, keywords.Class("not_interested")))
	}
	return out
}

// testLedger: after anything that may happen the ledger verifies, its personal data
// fit its commitments, and it tells the same of the freezes as their own table.
func testLedger(t *testing.T, b *bench) {
	rnd := rand.New(rand.NewPCG(1, 2)) // the same every time
	suspects := b.someSuspects(t)
	for range 150 {
		b.stir(t, rnd, suspects)
	}
	require.Greater(t, b.verify(t), 20)
	told := map[freeze.ID]freeze.Freeze{}
	require.NoError(t, b.Freezes.Ledger(t.Context(), func(e freeze.Entry) error {
		p, err := b.Freezes.Personal(t.Context(), e.Seq)
		require.NoError(t, err)
		require.Equal(t, e.Commitment, p.Commitment())
		n, err := number.FromE164(p.Number)
		require.NoError(t, err)
		require.Equal(t, e.NumberMAC, b.keys.NumberMAC(n))
		f := told[e.FreezeID]
		switch e.Kind {
		case freeze.Opened:
			f = freeze.Freeze{ID: e.FreezeID, Number: n, Reason: e.Reason, Class: e.Class,
				Line: e.Line, Note: p.Text, Evidence: p.Evidence,
				From: e.At, Until: e.Until, Actor: p.Actor, Seq: e.Seq, OpenedSeq: e.Seq,
				NumberMAC: e.NumberMAC}
		case freeze.Extended:
			f.Until, f.Seq = e.Until, e.Seq
		case freeze.Released:
			f.Release = &freeze.Release{Cause: freeze.CauseOf(e), At: e.At, Actor: p.Actor,
				Reason: p.Text, Seq: e.Seq}
		default:
			return nil
		}
		told[e.FreezeID] = f
		return nil
	}))
	all, err := b.Freezes.List(t.Context(), freeze.Filter{ShowEnded: true, Limit: 1000})
	require.NoError(t, err)
	require.Len(t, all, len(told))
	for _, f := range all {
		require.Equal(t, told[f.ID], f)
	}
}

func testLedgerIsAppendOnly(t *testing.T, b *bench) {
	b.confirmed(t, 1, keywords.Class("not_interested"))
	b.confirmed(t, 2, keywords.Class("not_interested"))
	for _, query := range []string{
		`UPDATE ledger SET class = 'complaint' WHERE seq = 1`,
		`UPDATE ledger SET seq = 7 WHERE seq = 2`,
		`DELETE FROM ledger WHERE seq = 2`,
		`DELETE FROM ledger`,
		`INSERT INTO ledger SELECT 2, kind, freeze_id, at, reason, class, until, line, rule, rule_version, number_mac, commitment, prev, mac FROM ledger WHERE seq = 1`,
		`INSERT INTO ledger SELECT 9, kind, freeze_id, at, reason, class, until, line, rule, rule_version, number_mac, commitment, prev, mac FROM ledger WHERE seq = 1`,
	} {
		require.Error(t, b.write(t, query), query)
		require.Equal(t, 2, b.verify(t), query)
	}
	err := b.write(t,
		`INSERT INTO ledger SELECT 3, kind, freeze_id, at, reason, class, until, line, rule, rule_version, number_mac, commitment, prev, mac FROM ledger WHERE seq = 1`)
	require.NoError(t, err, "this the database can't know")
	v := freeze.Verifier{Keys: b.keys}
	require.ErrorIs(t, b.Freezes.Ledger(t.Context(), v.Next), freeze.ErrTampered, "but the keys do")
}

func testLedgerOutlivesErasure(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.confirmed(t, 1, keywords.Class("not_interested"))
	require.NoError(t, b.write(t, `DELETE FROM ledger_personal`))
	require.Equal(t, 1, b.verify(t))
	f, err := b.Freezes.Get(ctx, s.Decision.Freeze)
	require.NoError(t, err)
	require.True(t, f.Number.IsZero())
	require.Empty(t, f.Actor)
	require.Zero(t, f.Evidence)
	standing := func() (all []freeze.Freeze) {
		require.NoError(t, b.Freezes.Standing(ctx, b.clock(), func(f freeze.Freeze) error {
			all = append(all, f)
			return nil
		}))
		return all
	}
	require.Equal(t, []freeze.Freeze{f}, standing(), "by the name that the ledger knows the number by")
	b.later(2 * period)
	require.Empty(t, standing())
	_, err = b.review.Revert(ctx, s.ID, "", "li", "misheard", request.Request{})
	require.NoError(t, err)
	require.Equal(t, 2, b.verify(t))
	var macs []freeze.MAC
	require.NoError(t, b.Freezes.Ledger(ctx,
		func(e freeze.Entry) error { macs = append(macs, e.NumberMAC); return nil }))
	require.Equal(t, macs[0], macs[1], "both entries are about the same number still")
}

// testGateFollows: after changes from all sides the gate that followed them answers
// like one that is built of what is stored.
func testGateFollows(t *testing.T, b *bench) {
	suspects := b.someSuspects(t)
	atOnce(4, func(i int) {
		rnd := rand.New(rand.NewPCG(uint64(i), 3)) // the same every time
		for range 40 {
			b.stir(t, rnd, suspects)
		}
	})
	b.verify(t)
	require.NoError(t, b.compareGate(t))
}

// gateHistory is where a gate looks up other moments than the present one.
type gateHistory struct {
	freezeReader
	callReader
}

type (
	freezeReader = freeze.Reader
	callReader   = calls.Reader
)

func (b *bench) compareGate(t *testing.T) error {
	t.Helper()
	fresh := gate.NewTable()
	err := b.Freezes.Standing(t.Context(), b.clock(),
		func(f freeze.Freeze) error { fresh.Apply(f); return nil })
	history := gate.New(b.table, gateHistory{b.Freezes, b.Calls}, b.timeline)
	for i := range 5 {
		n := numberOf(t, i)
		want, wantOK := fresh.Standing(n, b.clock())
		got, gotOK := b.table.Standing(n, b.clock())
		require.Equal(t, wantOK, gotOK)
		require.Equal(t, want.Until, got.Until)
		at, err := history.At(t.Context(), gate.Ask{Number: n}, b.clock())
		require.NoError(t, err)
		allows, err := b.allowsOf(t.Context(), n)
		require.NoError(t, err)
		allowed := slices.ContainsFunc(allows,
			func(a freeze.Allow) bool { return a.Stands(b.clock()) })
		require.Equal(t, !wantOK || allowed, at.Allowed)
	}
	return err
}

// testReopen: what was acknowledged is there after a restart.
func testReopen(t *testing.T, b *bench) {
	ctx := t.Context()
	rec := b.created(t, 1)
	b.attempt(t, rec.ID)
	open := b.suspect(t, 2, keywords.Class("not_interested"))
	confirmed, released := b.confirmed(t, 3, keywords.Class("not_interested")),
		b.confirmed(t, 4, keywords.Class("stop_calling"))
	_, err := b.release(t, 4, "r1")
	require.NoError(t, err)
	standing := b.heardOf(t, confirmed.Decision.Freeze)

	b.reopen(t)
	interrupted, err := b.Recordings.InState(ctx, recording.Running)
	require.NoError(t, err)
	require.Len(t, interrupted, 1)
	require.Equal(t, rec.ID, interrupted[0].ID)
	for _, want := range []review.Suspect{open, confirmed, released} {
		got, err := b.Suspects.Get(ctx, want.ID)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	var freezes []freeze.Freeze
	require.NoError(t, b.Freezes.Standing(ctx, b.clock(),
		func(f freeze.Freeze) error { freezes = append(freezes, f); return nil }))
	require.Equal(t, []freeze.Freeze{standing}, freezes)
	require.Equal(t, 3, b.verify(t))
	_, err = b.release(t, 4, "r1")
	require.NoError(t, err, "repetitions are still known")
	b.confirmed(t, 5, keywords.Class("stop_calling"))
	require.Equal(t, 4, b.verify(t), "the chain goes on")
	require.Equal(t, 5, b.jobs(t))
	require.True(t, slices.IsSortedFunc(freezes,
		func(x, y freeze.Freeze) int { return int(x.Seq - y.Seq) }))
}
