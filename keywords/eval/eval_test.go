package eval_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/learned/training"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// The parts kept for testing are only measured: their utterances are printed nowhere, so
// that nobody writes rules by them.
const (
	tuning = "../testdata/labelled/tune"
	held   = "../testdata/labelled/test"
	// misheard is what a recogniser made of some utterances of the tuning parts.
	misheard = "../testdata/labelled/heard.tsv"
)

var (
	unseen = flag.Bool("unseen", false, "measure the parts kept for testing too")
	wrong  = flag.Bool("wrong", false,
		"print the tuning parts' utterances that were judged wrongly")
	// With ordinary talk to train from the tuning parts are measured by cross-validation, which
	// takes minutes.
	negatives = flag.String("negatives", "", "a folder of ordinary talk to train from, *.txt")
	corpora   = flag.String("corpora", "", "a folder of ordinary talk to measure on: "+
		"measure/*.txt and dialogues/*.jsonl")
)

func load(t *testing.T, folder string) []training.Part {
	t.Helper()
	if _, err := os.Stat(folder); os.IsNotExist(err) && os.Getenv("CI") != "true" {
		t.Skipf("there is no %s", folder)
	}
	parts, _, err := training.Load(folder)
	require.NoError(t, err)
	return parts
}

func judge(t *testing.T, o keywords.Options) func(text string) eval.Answer {
	t.Helper()
	j, err := keywords.New(lexicon.Default(), o)
	require.NoError(t, err)
	return func(text string) eval.Answer { return answer(j.Text(text)) }
}

// answer goes by the strongest hit.
func answer(v keywords.Verdict) eval.Answer {
	a := eval.Answer{Refusal: v.Suspect, Score: v.Score, Why: "no hit"}
	best := 0.0
	for _, h := range v.Hits {
		switch {
		case h.Veto == nil && h.Score > best:
			best, a.Class, a.Why = h.Score, string(h.Class), string(h.Match)
		case h.Veto != nil && best == 0:
			a.Why = string(h.Veto.Reason)
		}
	}
	return a
}

// folds is how many models cross-validation trains.
const folds = 3

// TestTuning measures the tuning parts with models that were not trained from them.
// That is the figure to go by: on its own part a model knows the answers.
func TestTuning(t *testing.T) {
	models := crossValidated(t)
	var fresh []eval.Utterance
	answers, rules := map[string]eval.Answer{}, judge(t, keywords.Options{Unlearned: true})
	for _, m := range models {
		by := judge(t, keywords.Options{Model: m.Model})
		for _, part := range m.Parts {
			for _, u := range part.List {
				answers[u.Text] = by(u.Text)
			}
			r := eval.Measure(part.List, by)
			t.Logf("%s, %d utterances: %s; rules alone %s", part.Name, len(part.List), brief(r.All),
				brief(eval.Measure(part.List, rules).All))
			fresh = append(fresh, part.List...)
		}
	}
	r := eval.Measure(fresh, func(text string) eval.Answer { return answers[text] })
	t.Logf("tuning parts by cross-validation, %d utterances\n%s\n%s\n%s", len(fresh), r.Table(),
		r.Confusion(), r.Causes())
	t.Logf("rules alone: %s", brief(eval.Measure(fresh, rules).All))
	t.Logf("\n%s", eval.Reliability(fresh, func(text string) eval.Answer { return answers[text] }))
	threshold, f1 := eval.BestThreshold(fresh,
		func(text string) eval.Answer { return answers[text] })
	t.Logf("highest F1 from %.2f on: %.3f", threshold, f1)
	baselines(t, fresh)
	if *wrong {
		t.Log(mistakes(r))
	}
	require.GreaterOrEqual(t, r.All.F1(), 0.83, "the tuning parts were found better before")
	require.GreaterOrEqual(t, r.All.Precision(), 0.96)
}

// validated are the models of all tuning parts, each trained from the others.
var validated = sync.OnceValues(func() ([]training.Held, error) {
	parts, _, err := training.Load(tuning)
	if err != nil {
		return nil, err
	}
	alone, err := keywords.New(lexicon.Default(), keywords.Options{Unlearned: true})
	if err != nil {
		return nil, err
	}
	ordinary, err := training.LoadOrdinary(*negatives)
	if err != nil {
		return nil, err
	}
	heard, err := training.LoadHeard(misheard)
	if err != nil {
		return nil, err
	}
	trainer, err := training.New(alone, parts, ordinary, heard)
	if err != nil {
		return nil, err
	}
	return trainer.CrossValidate(folds)
})

func crossValidated(t *testing.T) []training.Held {
	t.Helper()
	if *negatives == "" {
		t.Skip("run with -negatives=FOLDER, ordinary talk to train from")
	}
	load(t, tuning)
	models, err := validated()
	require.NoError(t, err)
	return models
}

func brief(c eval.Count) string {
	return fmt.Sprintf("precision %.3f recall %.3f F1 %.3f", c.Precision(), c.Recall(), c.F1())
}

// mistakes lists what was judged wrongly, the surest first.
func mistakes(r eval.Report) string {
	slices.SortStableFunc(r.Wrong, func(a, b eval.Mistake) int {
		return int(1000 * (b.Score - a.Score))
	})
	var out strings.Builder
	for _, m := range r.Wrong {
		what := "false "
		if m.Utterance.Refusal {
			what = "missed"
		}
		fmt.Fprintf(&out, "%s %.2f %s %s/%s\t%s\n", what, m.Score, m.Why, m.Kind, m.Utterance.Class,
			m.Text)
	}
	return out.String()
}

// TestRules measures what the rules alone make of the part by which the first ones were
// written. A lexicon of phrases that people can read leaves some of it to the model.
func TestRules(t *testing.T) {
	for _, part := range load(t, tuning) {
		if part.Name != training.RulesPart {
			continue
		}
		r := eval.Measure(part.List, judge(t, keywords.Options{Unlearned: true}))
		t.Logf("%s, %d utterances: rules alone %s", part.Name, len(part.List), brief(r.All))
		if *wrong {
			t.Log(mistakes(r))
		}
		require.GreaterOrEqual(t, r.All.F1(), 0.89, "the rules' own part was found better before")
	}
}

func TestUnseen(t *testing.T) {
	if !*unseen {
		t.Skip("run with -unseen")
	}
	for _, part := range load(t, held) {
		r := eval.Measure(part.List, judge(t, keywords.Options{}))
		t.Logf("test part %s, %d utterances\n%s\n%s\n%s", part.Name, len(part.List), r.Table(),
			r.Confusion(), r.Causes())
		t.Log(bySound(t, part.List))
		t.Logf("\n%s", eval.Reliability(part.List, judge(t, keywords.Options{})))
		t.Logf("rules alone: %s", brief(eval.Measure(part.List,
			judge(t, keywords.Options{Unlearned: true})).All))
		baselines(t, part.List)
	}
}

// bySound tells what listening to sounds brings: how many more refusals and others are
// found than without.
func bySound(t *testing.T, list []eval.Utterance) string {
	t.Helper()
	with, without := eval.Measure(list, judge(t, keywords.Options{})).All,
		eval.Measure(list, judge(t, keywords.Options{Exact: true})).All
	others := with.False + with.Rejected
	return fmt.Sprintf("by sound: %d more refusals, %d more false hits on %d others (%.2f %%)",
		with.Right-without.Right, with.False-without.False, others,
		100*float64(with.False-without.False)/float64(others))
}

// baselines tells what plain lists of phrases reach.
func baselines(t *testing.T, list []eval.Utterance) {
	t.Helper()
	var known []eval.Utterance
	for _, part := range load(t, tuning) {
		known = append(known, part.List...)
	}
	for _, b := range []struct {
		name    string
		phrases []string
	}{{"12 usual phrases", eval.Usual}, {"30 phrases chosen greedily on the tuning parts",
		eval.Greedy(known, 30)}} {
		t.Logf("%s: %s", b.name, brief(eval.Measure(list, eval.ByList(b.phrases)).All))
	}
}

// TestCalibration finds the numbers by which the rules alone make evidence a probability.
func TestCalibration(t *testing.T) {
	j, err := keywords.New(lexicon.Default(), keywords.Options{Unlearned: true})
	require.NoError(t, err)
	var points []eval.Point
	for _, part := range load(t, tuning) {
		for _, u := range part.List {
			if part.Name == training.RulesPart {
				points = append(points, eval.Point{j.Explain(u.Text).Evidence, u.Refusal})
			}
		}
	}
	a, b := eval.Fit(points)
	t.Logf("rules alone: score = 1 / (1 + exp(−(%.2f) − (%.2f)·strength)) fits %d points best", a,
		b, len(points))
}

// TestParts checks that no utterance but the shortest stands in a tuning part and in a test
// part.
func TestParts(t *testing.T) {
	const short = 4 // characters
	tests := map[string]bool{}
	for _, part := range load(t, held) {
		for _, u := range part.List {
			tests[u.Text] = len([]rune(u.Text)) > short
		}
	}
	for _, part := range load(t, tuning) {
		for _, u := range part.List {
			require.False(t, tests[u.Text], "an utterance of %s stands in a test part too",
				part.Name)
		}
	}
}
