package eval

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// The part kept for testing is only measured: its utterances are printed nowhere, so
// that nobody writes rules by them.
const (
	tuning = "../testdata/labelled/tune.tsv"
	held   = "../testdata/labelled/test.tsv"
)

var unseen = flag.Bool("unseen", false, "measure the part kept for testing too")

func load(t *testing.T, path string) []Utterance {
	t.Helper()
	file, err := os.Open(path)
	if os.IsNotExist(err) && os.Getenv("CI") != "true" {
		t.Skipf("there is no %s", path)
	}
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	list, err := Read(file)
	require.NoError(t, err)
	return list
}

func judged(t *testing.T, o keywords.Options) func(text string) Answer {
	t.Helper()
	j, err := keywords.New(lexicon.Default(), o)
	require.NoError(t, err)
	return func(text string) Answer { return answer(j.Text(text)) }
}

// answer goes by the strongest hit.
func answer(v keywords.Verdict) Answer {
	a := Answer{Refusal: v.Suspect, Score: v.Score, Why: "no hit"}
	best := 0.0
	for _, h := range v.Hits {
		switch {
		case h.Veto == nil && h.Score > best:
			best, a.Class, a.Why = h.Score, string(h.Class), string(h.Class)
		case h.Veto != nil && best == 0:
			a.Why = string(h.Veto.Reason)
		}
	}
	return a
}

func TestTuning(t *testing.T) {
	list := load(t, cmp.Or(os.Getenv("REFRAIN_EVAL"), tuning))
	r := Measure(list, judged(t, keywords.Options{}))
	t.Logf("tuning part, %d utterances\n%s\n%s", len(list), r.Table(), r.Confusion())
	t.Log(bySound(t, list))
	baselines(t, list)
	var out strings.Builder
	for _, m := range r.Wrong {
		what := "false "
		if m.Utterance.Refusal {
			what = "missed"
		}
		fmt.Fprintf(&out, "%s %.2f %s/%s\t%s\n", what, m.Score, m.Kind, m.Utterance.Class, m.Text)
	}
	t.Logf("judged wrongly:\n%s", out.String())
	require.GreaterOrEqual(t, r.All.F1(), 0.97, "the tuning part was found better before")
	require.GreaterOrEqual(t, r.All.Precision(), 0.97)
}

// bySound tells what listening to sounds brings: how many more refusals and others are
// found than without.
func bySound(t *testing.T, list []Utterance) string {
	t.Helper()
	with, without := Measure(list, judged(t, keywords.Options{})).All, Measure(list, judged(t, keywords.Options{Exact: true})).All
	others := with.False + with.Rejected
	return fmt.Sprintf("by sound: %d more refusals, %d more false hits on %d others (%.2f %%)",
		with.Right-without.Right, with.False-without.False, others, 100*float64(with.False-without.False)/float64(others))
}

func TestUnseen(t *testing.T) {
	if !*unseen {
		t.Skip("run with -unseen")
	}
	list := load(t, held)
	r := Measure(list, judged(t, keywords.Options{}))
	t.Logf("test part, %d utterances\n%s\n%s\n%s", len(list), r.Table(), r.Confusion(), r.Causes())
	t.Log(bySound(t, list))
	t.Logf("\n%s", Reliability(list, judged(t, keywords.Options{})))
	baselines(t, list)
}

// baselines tells what plain lists of phrases reach.
func baselines(t *testing.T, list []Utterance) {
	t.Helper()
	for _, b := range []struct {
		name    string
		phrases []string
	}{{"12 usual phrases", Usual}, {"30 phrases chosen greedily on the tuning part", Greedy(load(t, tuning), 30)}} {
		c := Measure(list, ByList(b.phrases)).All
		t.Logf("%s: precision %.3f recall %.3f F1 %.3f", b.name, c.Precision(), c.Recall(), c.F1())
	}
}

func TestCalibration(t *testing.T) {
	list := load(t, tuning)
	j, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	var points []Point
	for _, u := range list {
		points = append(points, Point{j.Explain(u.Text).Evidence, u.Refusal})
	}
	a, b := Fit(points)
	t.Logf("score = 1 / (1 + exp(−(%.2f) − (%.2f)·strength)) fits %d points best", a, b, len(points))
	judge := judged(t, keywords.Options{})
	t.Logf("\n%s", Reliability(list, judge))
	threshold, f1 := BestThreshold(list, judge)
	t.Logf("highest F1 from %.2f on: %.3f", threshold, f1)
}
