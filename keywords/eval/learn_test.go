package eval_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/lexicon/learn"
)

// A simulated company: its reviewer decides so many suspects, and it is simulated so often, with
// other calls coming first.
const (
	reviewed  = 200
	companies = 8
	// farShift is what a company may choose that would rather lose refusals.
	farShift = -1.2
)

// TestLearnedHere simulates companies about whose subject nobody learned anything: their calls are
// pieces of dialogues, of 3 and of 8 turns, or single text messages. Into so many of them a refusal
// of the unseen parts is put that about every second suspect is a true one. A reviewer who never
// errs decides the first suspects, a correction is learned, and the calls after that are judged
// with and without it. The refusals in these aren't those of the reviewed calls. The
// companies of a corpus are orders of the same calls, and the learner's constants were chosen on
// them: the rates' bounds are too narrow, and the figures flatter.
func TestLearnedHere(t *testing.T) {
	if *corpora == "" {
		t.Skip("run with -corpora=FOLDER, ordinary talk to measure on")
	}
	list, err := eval.Corpora(*corpora)
	require.NoError(t, err)
	base, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	learner, err := learn.New(lexicon.Default().Source(), keywords.Options{})
	require.NoError(t, err)
	var refusals []string
	for _, u := range unseenRefusals(t) {
		refusals = append(refusals, u.Text)
	}
	for _, c := range list {
		calls := companyCalls(c)
		for _, learner.Shift = range []float64{learn.DefaultShift, farShift} {
			var sum outcome
			for seed := range uint64(companies) {
				s := simulation{base: base, learner: learner,
					random: rand.New(rand.NewPCG(seed, 3))}
				sum.add(s.run(t, calls, refusals))
			}
			t.Logf("%s, shift %.1f: %s", c.Name, learner.Shift, sum)
		}
	}
}

// outcome is what became of the calls after the reviewed ones, before and after learning.
type outcome struct {
	simulated, decided, dismissed, still, lost int
	wrongly, found                             [2]eval.Rate
}

func (o outcome) String() string {
	if o.simulated == 0 {
		return "too few false suspects to learn from"
	}
	times := float64(o.simulated)
	return fmt.Sprintf("%d companies with %.0f decisions, %.0f of them dismissed\n"+
		"  calls wrongly suspect %s, then %s: %.0f %% of them\n"+
		"  refusals found        %s, then %s: %+.1f points\n"+
		"  by cross-validation %.0f %% of false suspects remain, %.1f %% of true ones are lost",
		o.simulated, float64(o.decided)/times, float64(o.dismissed)/times,
		o.wrongly[0].Percent(), o.wrongly[1].Percent(),
		100*o.wrongly[1].Share()/o.wrongly[0].Share(),
		o.found[0].Percent(), o.found[1].Percent(),
		100*(o.found[1].Share()-o.found[0].Share()),
		100*float64(o.still)/float64(o.dismissed),
		100*float64(o.lost)/float64(o.decided-o.dismissed))
}

func (o *outcome) add(other outcome) {
	o.simulated += other.simulated
	o.decided += other.decided
	o.dismissed += other.dismissed
	o.still += other.still
	o.lost += other.lost
	for i := range o.wrongly {
		o.wrongly[i].Met += other.wrongly[i].Met
		o.wrongly[i].Of += other.wrongly[i].Of
		o.found[i].Met += other.found[i].Met
		o.found[i].Of += other.found[i].Of
	}
}

// companyCalls are what customers say in the calls of a company: each dialogue is cut into pieces
// of one length.
func companyCalls(c eval.Corpus) [][]string {
	var list [][]string
	for i, call := range c.Calls {
		list = append(list, call.Pieces([]int{3, plantedIn}[i%2])...)
	}
	if len(list) == 0 {
		for _, line := range c.Lines {
			list = append(list, []string{line})
		}
	}
	return list
}

// simulation is one company.
type simulation struct {
	base    *keywords.Judge
	learner *learn.Learner
	random  *rand.Rand
}

func (s *simulation) run(t *testing.T, calls [][]string, refusals []string) (o outcome) {
	t.Helper()
	calls, refusals = shuffled(s.random, calls), shuffled(s.random, refusals)
	half := len(refusals) / 2
	share := s.falsely(calls)
	var decisions []learn.Decision
	next := 0
	for ; next < len(calls)*3/4 && len(decisions) < reviewed; next++ {
		call, refuses := calls[next], s.random.Float64() < share
		if refuses {
			call = s.planted(call, refusals[:half])
		}
		if suspects(s.base, call) {
			decisions = append(decisions, learn.Decision{Transcript: spoken(call),
				Confirmed: refuses})
		}
	}
	result, err := s.learner.Learn(decisions, time.Unix(0, 0))
	require.NoError(t, err)
	if result.Dismissed < learn.FewestDismissed {
		return o
	}
	after, err := keywords.New(result.Lexicon, keywords.Options{})
	require.NoError(t, err)
	o = outcome{simulated: 1, decided: len(decisions), dismissed: result.Dismissed,
		still: result.False, lost: result.Lost}
	for _, call := range calls[next:] {
		refusal := s.planted(call, refusals[half:])
		for i, j := range []*keywords.Judge{s.base, after} {
			o.wrongly[i].Add(suspects(j, call))
			o.found[i].Add(suspects(j, refusal))
		}
	}
	return o
}

// falsely is the share of calls that are suspects although nobody refuses.
func (s *simulation) falsely(calls [][]string) float64 {
	var r eval.Rate
	for _, call := range calls {
		r.Add(suspects(s.base, call))
	}
	return r.Share()
}

// planted is call with one of the refusals in the place of a turn.
func (s *simulation) planted(call, refusals []string) []string {
	call = append([]string(nil), call...)
	call[s.random.IntN(len(call))] = refusals[s.random.IntN(len(refusals))]
	return call
}

func shuffled[T any](random *rand.Rand, list []T) []T {
	list = append([]T(nil), list...)
	random.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
	return list
}

// spoken is the talk as segments with pauses between, as suspects reads it.
func spoken(talk []string) asr.Transcript {
	t := asr.Transcript{Side: asr.Customer}
	for i, text := range talk {
		start := time.Duration(i) * 10 * time.Second
		t.Segments = append(t.Segments, asr.Segment{Span: asr.Span{Start: start, End: start +
			5*time.Second}, Text: text})
	}
	return t
}
