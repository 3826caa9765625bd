package review

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
)

func sampling(share float64, perDay int) Sampling {
	return Sampling{Share: share, PerDay: perDay, Key: []byte("secret"),
		Zone: func() *time.Location { return time.UTC }}
}

// judgedAs is the verdict on a call.
func judgedAs(suspect bool, by keywords.Answerer) keywords.Verdict {
	v := keywords.Verdict{Suspect: suspect, AnsweredBy: by, Score: 0.1, Lexicon: "l1"}
	if suspect {
		v.Score, v.Hits = 0.9, []keywords.Hit{{Class: "no_need", Score: 0.9}}
	}
	return v
}

func TestCandidate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		s    Sampling
		v    keywords.Verdict
		ok   bool
		kind Kind
		lot  bool
	}{
		{"a suspect", sampling(0.02, 50), judgedAs(true, keywords.Human), true, Found, true},
		{"somebody answered", sampling(0.02, 50), judgedAs(false, keywords.Human), true, Sample, true},
		{"nobody answered", sampling(0.02, 50), judgedAs(false, keywords.Nobody), false, "", false},
		{"a machine", sampling(0.02, 50), judgedAs(false, keywords.Voicemail), false, "", false},
		{"it isn't known who", sampling(0.02, 50), judgedAs(false, ""), false, "", false},
		{"no share", sampling(0, 50), judgedAs(false, keywords.Human), false, "", false},
		{"none a day", sampling(0.02, 0), judgedAs(false, keywords.Human), false, "", false},
		{"a suspect, without samples", sampling(0, 50), judgedAs(true, keywords.Human), true, Found, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x, ok := tt.s.Candidate(Heard{RecordingID: "r1"}, tt.v, noon)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.kind, x.Kind)
			require.Equal(t, tt.lot, x.Lot != nil)
			require.Equal(t, tt.kind == Sample, x.Blind)
			if tt.lot {
				require.Equal(t, "2026-03-02", x.Lot.Day)
				require.Equal(t, "2026-03-01", x.Lot.DayBefore)
			}
		})
	}
}

// The draw depends on the recording and the key, and is even.
func TestDraw(t *testing.T) {
	t.Parallel()
	a, b := sampling(0.02, 50), sampling(0.5, 1)
	other := sampling(0.02, 50)
	other.Key = []byte("another")
	require.InDelta(t, a.draw("sample", "r1"), b.draw("sample", "r1"), 0)
	require.NotEqual(t, a.draw("sample", "r1"), other.draw("sample", "r1"))
	require.NotEqual(t, a.draw("sample", "r1"), a.draw("second", "r1"))
	const n = 20_000
	below := 0
	for i := range n {
		v := a.draw("sample", fmt.Sprint("recording ", i))
		require.GreaterOrEqual(t, v, 0.0)
		require.Less(t, v, 1.0)
		if v < 0.02 {
			below++
		}
	}
	require.InDelta(t, 400, below, 80)
}

// day judges so many calls, of which that share are suspects, and gives what was put before reviewers.
func day(t *testing.T, s Sampling, f *Frame, calls int, suspects float64) (list []Suspect) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(calls)))
	for range calls {
		id := ulid.MustNew(random.Uint64()>>16, nil).String()
		x, ok := s.Candidate(Heard{RecordingID: id}, judgedAs(random.Float64() < suspects, keywords.Human), noon)
		if !s.on() {
			require.Equal(t, x.Score > 0.5, ok)
			require.Nil(t, x.Lot)
			continue
		}
		require.True(t, ok)
		skipped := f.Today.Skipped
		x, kept, today := x.Drawn(*f)
		f.Today, f.Skipped = today, f.Skipped+today.Skipped-skipped
		if kept {
			list = append(list, x)
		}
	}
	return list
}

func countKinds(list []Suspect) (samples, blind, shown int) {
	for _, x := range list {
		switch {
		case x.Kind == Sample:
			samples++
		case x.Blind:
			blind++
		default:
			shown++
		}
	}
	return samples, blind, shown
}

// About as many suspects are blind as there are samples, a day has no more samples than it may,
// and they are spread over a day that is like the one before.
func TestDrawn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		share          float64
		perDay, calls  int
		suspects       float64
		samples, blind int // expected; blind within a third
	}{
		{"few calls", 0.02, 50, 2000, 0.1, 36, 36},
		{"many calls", 0.02, 50, 20_000, 0.1, 50, 50},
		{"few suspects", 0.02, 50, 2000, 0.02, 39, 20},
		{"all", 1, 10_000, 500, 0.2, 400, 100},
		{"none a day", 0.02, 0, 2000, 0.1, 0, 0},
		{"no share", 0, 50, 2000, 0.1, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sampling(tt.share, tt.perDay)
			f := Frame{}
			day(t, s, &f, tt.calls, tt.suspects)
			require.LessOrEqual(t, f.Today.Samples, tt.perDay)
			f.Before, f.Today = f.Today, BlindDay{}
			list := day(t, s, &f, tt.calls+1, tt.suspects)
			samples, blind, shown := countKinds(list)
			require.InDelta(t, tt.samples, samples, 3+float64(tt.samples)/3)
			require.InDelta(t, tt.blind, blind, 3+float64(tt.blind)/3)
			require.LessOrEqual(t, samples, tt.perDay)
			require.Equal(t, f.Today.Samples, samples)
			if s.on() {
				require.InDelta(t, float64(tt.calls)*tt.suspects, blind+shown, 3+float64(tt.calls)/20)
				require.Equal(t, tt.calls+1, f.Today.Eligible+f.Today.Suspects)
			}
		})
	}
}

// Samples of a busy day don't all come from its morning, as far as the day before tells.
func TestDrawnIsSpread(t *testing.T) {
	t.Parallel()
	s := sampling(0.02, 50)
	f := Frame{Skipped: 49, Before: BlindDay{Eligible: 20_000}}
	morning, _, _ := countKinds(day(t, s, &f, 10_000, 0))
	require.InDelta(t, 25, morning, 15)
}

// Who only tries Refrain meets no samples.
func TestFirstCallsAreNotDrawn(t *testing.T) {
	t.Parallel()
	f := Frame{}
	list := day(t, sampling(0.02, 50), &f, 49, 0.5)
	samples, blind, _ := countKinds(list)
	require.Zero(t, samples+blind)
	require.Equal(t, BlindDay{Skipped: 49 - len(list)}, f.Today)
	for _, x := range list {
		require.Empty(t, x.Day)
	}
}

// Where all calls are samples all suspects are blind, also those that come before the first.
func TestAllAreBlind(t *testing.T) {
	t.Parallel()
	f := Frame{}
	_, blind, shown := countKinds(day(t, sampling(1, 1000), &f, 100, 1))
	require.Equal(t, []int{100, 0}, []int{blind, shown})
}

// A blind suspect and a sample show the same before they are decided.
func TestShown(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Blind, s.Day = true, "2026-03-02"
	x := s
	x.Kind, x.Hits, x.Score, x.Class = Sample, nil, 0.1, ""
	second := s
	second.Kind, second.First = Second, "s0"
	for _, other := range []Suspect{x, second} {
		require.Equal(t, s.Shown(), other.Shown())
	}
	require.Empty(t, s.Shown().Hits)
	require.Equal(t, open(t), open(t).Shown())
	s.Decision = &Decision{}
	require.Equal(t, s, s.Shown())
}

func TestDecideBlind(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{Found, Sample} {
		s := open(t)
		s.Blind, s.Kind = true, kind
		_, _, err := s.decide(Order{Verdict: Confirm}, "d9", "li", noon, periods)
		require.ErrorContains(t, err, "class: is missing")
		_, _, err = s.decide(Order{Verdict: Confirm, Class: "nonsense"}, "d9", "li", noon, periods)
		require.ErrorContains(t, err, "nonsense")
		_, _, err = s.decide(Order{Verdict: Dismiss, Hits: []HitDecision{{Hit: 99}}}, "d9", "li", noon,
			periods)
		require.ErrorContains(t, err, "hits: can't be decided on")
		require.NotContains(t, err.Error(), "2 hits", "how many there are is hidden, too")
		got, f, err := s.decide(Order{Verdict: Confirm, Class: "stop_calling"}, "d9", "li", noon, periods)
		require.NoError(t, err)
		require.NotNil(t, f, "somebody heard a refusal")
		require.EqualValues(t, "stop_calling", got.Decision.Class)
	}
}

func TestSecondLook(t *testing.T) {
	t.Parallel()
	svc, k := service(t)
	_, err := svc.Decide(t.Context(), "s1", "li", Order{Verdict: Dismiss}, request.Request{Method: "DecideSuspect", ID: "r1"})
	require.NoError(t, err)
	require.Nil(t, k.change.Second)
	_, err = svc.Revert(t.Context(), "s1", "", "li", "misheard", request.Request{Method: "RevertDecision", ID: "r2"})
	require.NoError(t, err)

	svc.Sampling = Sampling{Second: 1}
	k.s.CreatedAt = noon
	got, err := svc.Decide(t.Context(), "s1", "li", Order{Verdict: Confirm}, request.Request{Method: "DecideSuspect", ID: "r3"})
	require.NoError(t, err)
	second := *k.change.Second
	require.NotEqual(t, got.ID, second.ID)
	require.Equal(t, got.CreatedAt, second.CreatedAt)
	require.Equal(t, open(t).Hits, second.Hits)
	require.Equal(t, Sampled{Kind: Second, First: got.ID}, second.Sampled)
	require.Nil(t, second.Decision)

	second.Deciders = []string{"li"}
	k.s, k.entered = second, nil
	_, err = svc.Claim(t.Context(), second.ID, "li", 0, request.Request{})
	require.Equal(t, "DECIDED_BEFORE", fault.ReasonOf(err))
	_, err = svc.Decide(t.Context(), second.ID, "li", Order{Verdict: Confirm}, request.Request{})
	require.Equal(t, "DECIDED_BEFORE", fault.ReasonOf(err))
	got, err = svc.Decide(t.Context(), second.ID, "wang", Order{Verdict: Confirm}, request.Request{})
	require.NoError(t, err)
	require.Empty(t, got.Decision.Freeze)
	require.Empty(t, k.entered, "it freezes nothing")
	require.Nil(t, k.change.Second, "and gets no third look")
}
