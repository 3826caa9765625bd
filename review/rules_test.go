package review

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func periods(c keywords.Class) (time.Duration, bool) {
	switch c {
	case keywords.Class("not_interested"):
		return 60 * 24 * time.Hour, true
	case keywords.Class("stop_calling"):
		return 0, true
	default:
		return 0, false
	}
}

func open(t testing.TB) Suspect {
	t.Helper()
	n, err := number.Parse("13800138000", "")
	require.NoError(t, err)
	return Suspect{
		ID: "s1", RecordingID: "r1", CallID: "call-1", Number: n,
		Class: keywords.Class("not_interested"), Round: 1, Revision: 7,
		Hits: []keywords.Hit{{Class: keywords.Class("not_interested"), Score: 0.9},
			{Class: keywords.Class("no_need"), Score: 0.5}},
	}
}

func claimed(t testing.TB, by string, until time.Time) Suspect {
	t.Helper()
	s := open(t)
	s.Claim = &Claim{By: by, Until: until}
	return s
}

func decided(t testing.TB, v Verdict) Suspect {
	t.Helper()
	s := open(t)
	s.Decision = &Decision{ID: "d1", Round: 1, Verdict: v, By: "wang", At: noon.Add(-time.Hour)}
	if v == Confirm {
		s.Decision.Freeze = "f1"
	}
	return s
}

func TestState(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		s    Suspect
		at   time.Time
		want State
	}{
		{"nobody claimed", open(t), noon, Open},
		{"claimed", claimed(t, "li", noon), noon.Add(-1), Claimed},
		{"the lease ends", claimed(t, "li", noon), noon, Open},
		{"confirmed", decided(t, Confirm), noon, Confirmed},
		{"dismissed", decided(t, Dismiss), noon, Dismissed},
	} {
		require.Equal(t, tt.want, tt.s.State(tt.at), tt.name)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		s      Suspect
		reason string
	}{
		{"open", open(t), ""},
		{"mine: it is renewed", claimed(t, "li", noon.Add(time.Second)), ""},
		{"another's, whose lease has ended", claimed(t, "wang", noon), ""},
		{"another's", claimed(t, "wang", noon.Add(1)), "CLAIMED"},
		{"confirmed", decided(t, Confirm), "ALREADY_DECIDED"},
		{"dismissed", decided(t, Dismiss), "ALREADY_DECIDED"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.s.claim("li", time.Minute, noon)
			require.Equal(t, tt.reason, fault.ReasonOf(err))
			if tt.reason != "" {
				require.Equal(t, fault.Precondition, fault.KindOf(err))
				require.Contains(t, err.Error(), "wang", "it says who")
				return
			}
			require.Equal(t, &Claim{By: "li", Until: noon.Add(time.Minute), At: noon}, got.Claim)
		})
	}
}

// A lexicon without the class that comes into force in the middle of a decision must
// not make its freeze one without an end.
func TestDecideAsksForThePeriodOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	changing := func(keywords.Class) (time.Duration, bool) {
		asked++
		return time.Hour, asked == 1
	}
	_, f, err := open(t).decide(Order{Verdict: Confirm}, "d1", "li", noon, changing)
	require.NoError(t, err)
	require.Equal(t, 1, asked)
	require.Equal(t, noon.Add(time.Hour), f.Until)
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		s     Suspect
		o     Order
		class keywords.Class
		until time.Time
	}{
		{"confirm", open(t), Order{Verdict: Confirm}, keywords.Class("not_interested"),
			noon.AddDate(0, 0, 60)},
		{"confirm, with another class", open(t),
			Order{Verdict: Confirm, Class: keywords.Class("stop_calling")},
			keywords.Class("stop_calling"), time.Time{}},
		{"confirm, claimed by me", claimed(t, "li", noon.Add(1)), Order{Verdict: Confirm},
			keywords.Class("not_interested"), noon.AddDate(0, 0, 60)},
		{"confirm, another's lease has ended", claimed(t, "wang", noon), Order{Verdict: Confirm},
			keywords.Class("not_interested"), noon.AddDate(0, 0, 60)},
		{"confirm, as it was read", open(t), Order{Verdict: Confirm, ETag: "7"},
			keywords.Class("not_interested"), noon.AddDate(0, 0, 60)},
		{"dismiss", open(t), Order{Verdict: Dismiss, Note: "不是他"}, "", time.Time{}},
		{"dismiss, whatever the class", open(t), Order{Verdict: Dismiss, Class: "unknown"}, "",
			time.Time{}},
		{"the longest note", open(t), Order{Verdict: Dismiss, Note: strings.Repeat("长", MaxNote)},
			"", time.Time{}},
		{"with hits", open(t), Order{Verdict: Dismiss,
			Hits: []HitDecision{{Hit: 1, Correct: true}, {Hit: 0}}}, "", time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, f, err := tt.s.decide(tt.o, "d9", "li", noon, periods)
			require.NoError(t, err)
			require.Equal(t, &Decision{ID: "d9", Round: 1, Verdict: tt.o.Verdict, Class: tt.class,
				By: "li", At: noon, Note: tt.o.Note, Hits: tt.o.Hits}, got.Decision)
			require.Nil(t, got.Claim)
			if tt.o.Verdict == Dismiss {
				require.Nil(t, f)
				return
			}
			require.Equal(t, &freeze.Freeze{
				Number: tt.s.Number, Reason: freeze.Refused, Class: string(tt.class), From: noon,
				Until: tt.until, Actor: "li",
				Evidence: freeze.Evidence{CallID: "call-1", RecordingID: "r1", SuspectID: "s1",
					DecisionID: "d9"},
			}, f)
		})
	}
}

func TestDecideRefuses(t *testing.T) {
	t.Parallel()
	classless := open(t)
	classless.Class = ""
	for _, tt := range []struct {
		name   string
		s      Suspect
		o      Order
		reason string
		says   string
	}{
		{"confirmed before", decided(t, Confirm), Order{Verdict: Confirm}, "ALREADY_DECIDED",
			"confirmed by wang at 2026-03-02T11:00:00Z"},
		{"dismissed before", decided(t, Dismiss), Order{Verdict: Dismiss}, "ALREADY_DECIDED",
			"dismissed by wang"},
		{"another's claim", claimed(t, "wang", noon.Add(time.Minute)), Order{Verdict: Confirm},
			"CLAIMED", "wang until 2026-03-02T12:01:00Z"},
		{"changed since", open(t), Order{Verdict: Confirm, ETag: "6"}, "ETAG_MISMATCH",
			"read it again"},
		{"no verdict", open(t), Order{}, "INVALID_REQUEST", "verdict"},
		{"unknown verdict", open(t), Order{Verdict: "maybe"}, "INVALID_REQUEST", "maybe"},
		{"unknown class", open(t), Order{Verdict: Confirm, Class: "unknown"}, "INVALID_REQUEST",
			"class"},
		{"no class to keep", classless, Order{Verdict: Confirm}, "INVALID_REQUEST", "class"},
		{"note too long", open(t), Order{Verdict: Dismiss, Note: strings.Repeat("长", MaxNote+1)},
			"INVALID_REQUEST", "2001 characters"},
		{"no such hit", open(t), Order{Verdict: Dismiss, Hits: []HitDecision{{Hit: 0}, {Hit: 2}}},
			"INVALID_REQUEST", "hits[1].hit"},
		{"negative hit", open(t), Order{Verdict: Dismiss, Hits: []HitDecision{{Hit: -1}}},
			"INVALID_REQUEST", "hits[0].hit"},
		{"all that is wrong at once", open(t),
			Order{Verdict: "maybe", Hits: []HitDecision{{Hit: 9}}}, "INVALID_REQUEST",
			"hits[0].hit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, f, err := tt.s.decide(tt.o, "d9", "li", noon, periods)
			require.Equal(t, tt.reason, fault.ReasonOf(err))
			require.ErrorContains(t, err, tt.says)
			require.Equal(t, tt.s, got, "it is as it was")
			require.Nil(t, f)
		})
	}
}

func TestRevert(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		s      Suspect
		id     DecisionID
		freeze freeze.ID
	}{
		{"a confirmation", decided(t, Confirm), "d1", "f1"},
		{"whichever stands", decided(t, Confirm), "", "f1"},
		{"a dismissal", decided(t, Dismiss), "d1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, d, err := tt.s.revert(tt.id, "li", "misheard", noon)
			require.NoError(t, err)
			require.Equal(t, tt.freeze, d.Freeze, "the one that ends with it")
			require.Equal(t, freeze.Release{Cause: freeze.Reverted, At: noon, Actor: "li",
				Reason: "decision reverted: misheard"},
				d.Reversal.release())
			require.Nil(t, got.Decision)
			require.Equal(t, 2, got.Round)
			require.Equal(t, Open, got.State(noon))
			require.Equal(t, &Reversal{By: "li", At: noon, Reason: "misheard"}, d.Reversal)
			require.Nil(t, tt.s.Decision.Reversal, "what was read is not changed")
		})
	}
	for _, tt := range []struct {
		name, reason string
		s            Suspect
		id           DecisionID
	}{
		{"nothing decided", "NOT_DECIDED", open(t), ""},
		{"only claimed", "NOT_DECIDED", claimed(t, "li", noon.Add(1)), "d1"},
		{"an older one", "DECISION_NOT_CURRENT", decided(t, Confirm), "d0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, _, err := tt.s.revert(tt.id, "li", "misheard", noon)
			require.Equal(t, fault.Precondition, fault.KindOf(err))
			require.Equal(t, tt.reason, fault.ReasonOf(err))
			require.Equal(t, tt.s, got)
		})
	}
}

func TestStrongest(t *testing.T) {
	t.Parallel()
	veto := &keywords.Veto{Reason: keywords.VetoNegated}
	for _, tt := range []struct {
		name string
		hits []keywords.Hit
		want keywords.Class
	}{
		{"none", nil, ""},
		{"the highest score", []keywords.Hit{{Class: "a", Score: 0.4}, {Class: "b", Score: 0.9}},
			"b"},
		{"of equal ones the earlier", []keywords.Hit{{Class: "a", Score: 0.9},
			{Class: "b", Score: 0.9}}, "a"},
		{"two weak hits outweigh a strong one",
			[]keywords.Hit{{Class: "a", Score: 0.7}, {Class: "b", Score: 0.5},
				{Class: "b", Score: 0.5}}, "b"},
		{"a veto doesn't count", []keywords.Hit{{Class: "a", Score: 0.4},
			{Class: "b", Score: 0.9, Veto: veto}}, "a"},
		{"only vetoes", []keywords.Hit{{Class: "b", Score: 0.9, Veto: veto}}, ""},
	} {
		require.Equal(t, tt.want, Strongest(tt.hits), tt.name)
	}
}

// What was judged long after the call counts from the call: a freeze that would be over by now
// is not opened, and one until released always is.
func TestDecideOnAPastCall(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name        string
		from        time.Time
		o           Order
		starts      time.Time
		until, over time.Time
		frozen      bool
	}{
		{"from the decision", time.Time{}, Order{Verdict: Confirm}, noon, noon.Add(60 * day),
			time.Time{}, true},
		{"from the call", noon.Add(-20 * day), Order{Verdict: Confirm}, noon.Add(-20 * day),
			noon.Add(40 * day), time.Time{}, true},
		{"a moment is left", noon.Add(-60*day + 1), Order{Verdict: Confirm}, noon.Add(-60*day + 1),
			noon.Add(1), time.Time{}, true},
		{"over this moment", noon.Add(-60 * day), Order{Verdict: Confirm}, time.Time{}, time.Time{},
			noon, false},
		{"long over", noon.Add(-90 * day), Order{Verdict: Confirm}, time.Time{}, time.Time{},
			noon.Add(-30 * day), false},
		{"long over by its class, which the reviewer corrects", noon.Add(-90 * day),
			Order{Verdict: Confirm, Class: "stop_calling"}, noon.Add(-90 * day), time.Time{},
			time.Time{}, true},
		{"a call that is yet to come", noon.Add(day), Order{Verdict: Confirm}, noon,
			noon.Add(60 * day), time.Time{}, true},
		{"dismissed", noon.Add(-90 * day), Order{Verdict: Dismiss}, time.Time{}, time.Time{},
			time.Time{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.FreezeFrom = tt.from
			got, f, err := s.decide(tt.o, "d9", "li", noon, periods)
			require.NoError(t, err)
			require.Equal(t, tt.o.Verdict, got.Decision.Verdict)
			require.Equal(t, tt.over, got.Decision.Over)
			require.Equal(t, tt.frozen, f != nil)
			if f != nil {
				require.Equal(t, tt.starts, f.From)
				require.Equal(t, tt.until, f.Until)
			}
		})
	}
}

func TestSuspectOfAPastCall(t *testing.T) {
	t.Parallel()
	v := keywords.Verdict{Suspect: true, Hits: []keywords.Hit{{Class: "no_need", Score: 0.9}}}
	called := noon.Add(-time.Hour)
	s, ok := NewSuspect(Heard{Called: called}, v, noon)
	require.True(t, ok)
	require.Zero(t, s.FreezeFrom)
	s, ok = NewSuspect(Heard{Called: called, Archived: true}, v, noon)
	require.True(t, ok)
	require.Equal(t, called, s.FreezeFrom)
	require.Equal(t, noon, s.CreatedAt)
}

func TestRejudged(t *testing.T) {
	t.Parallel()
	lost := keywords.Verdict{Lexicon: "l2", Score: 0.1, Hits: []keywords.Hit{}}
	other := keywords.Verdict{Suspect: true, Score: 0.8, Lexicon: "l2",
		Hits: []keywords.Hit{{Class: "stop_calling", Score: 0.8}}}
	for _, tt := range []struct {
		name  string
		s     Suspect
		v     keywords.Verdict
		class keywords.Class // "" where it stays as it is
	}{
		{"open", open(t), other, "stop_calling"},
		{"open, and no refusal any more", open(t), lost, "not_interested"},
		{"claimed", claimed(t, "li", noon), other, "stop_calling"},
		{"confirmed", decided(t, Confirm), other, ""},
		{"dismissed", decided(t, Dismiss), other, ""},
	} {
		got, changed := tt.s.Rejudged(tt.v)
		require.Equal(t, tt.class != "", changed, tt.name)
		want := tt.s
		if changed {
			want.Class, want.Hits, want.Score, want.Lexicon = tt.class, tt.v.Hits, tt.v.Score, "l2"
		}
		require.Equal(t, want, got, tt.name)
	}
}
