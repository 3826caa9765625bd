package eval_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// usual is how many turns calls have that are measured whole.
var usual = []int{3, 8, 15}

// plantedIn is in calls of how many turns refusals are put.
const plantedIn = 8

// TestCorpora measures how often ordinary talk is taken for a refusal, by utterances and by
// calls, and how many refusals of the unseen parts are found when put into such calls.
func TestCorpora(t *testing.T) {
	if *corpora == "" {
		t.Skip("run with -corpora=FOLDER, ordinary talk to measure on")
	}
	list, err := eval.Corpora(*corpora)
	require.NoError(t, err)
	refusals := unseenRefusals(t)
	for name, options := range map[string]keywords.Options{"": {},
		", lexicon alone": {Unlearned: true}} {
		j, err := keywords.New(lexicon.Default(), options)
		require.NoError(t, err)
		for _, c := range list {
			var alarms eval.Rate
			for _, line := range c.Lines {
				alarms.Add(j.Text(line).Suspect)
			}
			t.Logf("%s%s: utterances taken for refusals %s", c.Name, name, alarms.PerMille())
			calls(t, j, c, refusals)
		}
	}
}

// calls measures pieces of dialogues; all turns are read as the customer's.
func calls(t *testing.T, j *keywords.Judge, c eval.Corpus, refusals []eval.Utterance) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	for _, turns := range usual {
		var alarms, found eval.Rate
		for _, call := range c.Calls {
			for _, piece := range call.Pieces(turns) {
				alarms.Add(suspects(j, piece))
				if turns == plantedIn {
					piece[random.IntN(turns)] = refusals[random.IntN(len(refusals))].Text
					found.Add(suspects(j, piece))
				}
			}
		}
		if alarms.Of > 0 {
			t.Logf("  calls of %d turns wrongly suspect %s", turns, alarms.Percent())
		}
		if found.Of > 0 {
			t.Logf("  refusals found in calls of %d turns %s", turns, found.Percent())
		}
	}
}

func unseenRefusals(t *testing.T) []eval.Utterance {
	t.Helper()
	var list []eval.Utterance
	for _, part := range load(t, held) {
		for _, u := range part.List {
			if u.Refusal {
				list = append(list, u)
			}
		}
	}
	return list
}

// ownCalls are dialogues of a part, by name.
func ownCalls(t *testing.T, folder string) map[string][]eval.Call {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	require.NoError(t, err)
	list := map[string][]eval.Call{}
	for _, path := range paths {
		calls, err := eval.ReadCalls(path)
		require.NoError(t, err)
		list[filepath.Base(path)] = calls
	}
	return list
}

// customers is what the customer says in a call.
func customers(c eval.Call) []string {
	var talk []string
	for _, turn := range c.Turns {
		if turn.Side == asr.Customer {
			talk = append(talk, turn.Text)
		}
	}
	return talk
}

// tracks are a call as the transcripts of its two sides, each turn one segment: five characters a
// second, and a pause between the turns.
func tracks(c eval.Call) (customer, agent asr.Transcript) {
	customer.Side, agent.Side = asr.Customer, asr.Agent
	at := time.Duration(0)
	for _, turn := range c.Turns {
		s := asr.Segment{Text: turn.Text, Span: asr.Span{Start: at,
			End: at + time.Duration(utf8.RuneCountInString(turn.Text))*time.Second/5}}
		at = s.End + 600*time.Millisecond
		if turn.Side == asr.Agent {
			agent.Segments = append(agent.Segments, s)
		} else {
			customer.Segments = append(customer.Segments, s)
		}
	}
	customer.Duration, agent.Duration = at, at
	return customer, agent
}

// suspects judges the talk as segments with pauses between.
func suspects(j *keywords.Judge, talk []string) bool {
	var t asr.Transcript
	for i, text := range talk {
		start := time.Duration(i) * 10 * time.Second
		t.Segments = append(t.Segments, asr.Segment{Span: asr.Span{Start: start, End: start +
			5*time.Second}, Text: text})
	}
	return j.Transcript(t, 0).Suspect
}
