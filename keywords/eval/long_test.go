package eval_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/learned/training"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// How long the talk is that TestLongTalk makes up, and how many calls.
const (
	longTalk  = 20 // segments
	longCalls = 300
)

// TestLongTalk makes calls of many utterances that are no refusals: such a call must not
// become a suspect only because there is much in it that may look like a refusal. One
// refusal among them must still be found.
func TestLongTalk(t *testing.T) {
	models := crossValidated(t)
	alone, err := keywords.New(lexicon.Default(), keywords.Options{Unlearned: true})
	require.NoError(t, err)
	everyday := map[string]bool{"plain": true, "short": true, "deferral": true, "question": true}
	var all, usual, kept, rules, chatting eval.Count
	for i, m := range models {
		if !strings.HasPrefix(m.Part.Name, "everyday") {
			continue
		}
		j, err := keywords.New(lexicon.Default(), keywords.Options{Model: m.Model})
		require.NoError(t, err)
		draw := rand.New(rand.NewPCG(8, uint64(i)))
		chat, _, _ := split(m.Part.List, everyday)
		single := eval.Measure(m.Part.List, func(text string) eval.Answer { return answer(j.Text(text)) }).All
		t.Logf("%s: %d of %d utterances alone become suspects", m.Part.Name, single.False, single.False+single.Rejected)
		for range longCalls {
			chatting.Add(false, suspects(j, pick(draw, chat, longTalk)))
		}
	}
	models = slices.DeleteFunc(slices.Clone(models), func(m training.Held) bool { return m.Part.Seen })
	for i, m := range models {
		j, err := keywords.New(lexicon.Default(), keywords.Options{Model: m.Model})
		require.NoError(t, err)
		draw := rand.New(rand.NewPCG(7, uint64(i)))
		others, plain, refusals := split(m.Part.List, everyday)
		for range longCalls / len(models) {
			talk := pick(draw, others, longTalk)
			all.Add(false, suspects(j, talk))
			rules.Add(false, suspects(alone, talk))
			usual.Add(false, suspects(j, pick(draw, plain, longTalk)))
			talk = pick(draw, plain, longTalk)
			talk[draw.IntN(longTalk)] = refusals[draw.IntN(len(refusals))]
			kept.Add(true, suspects(j, talk))
		}
	}
	t.Logf("of %d calls of %d utterances that only look like refusals, %.3f become suspects; by the rules alone %.3f",
		all.False+all.Rejected, longTalk, rate(all), rate(rules))
	t.Logf("of everyday talk %.3f", rate(chatting))
	t.Logf("of mild ones %.3f; with one refusal among them %.3f are found", rate(usual), kept.Recall())
}

func rate(c eval.Count) float64 { return float64(c.False) / float64(c.False+c.Rejected) }

func split(list []eval.Utterance, everyday map[string]bool) (others, plain, refusals []string) {
	for _, u := range list {
		switch {
		case u.Refusal:
			refusals = append(refusals, u.Text)
		case everyday[u.Kind]:
			plain = append(plain, u.Text)
			fallthrough
		default:
			others = append(others, u.Text)
		}
	}
	return others, plain, refusals
}

func pick(draw *rand.Rand, from []string, count int) []string {
	var list []string
	for _, i := range draw.Perm(len(from))[:count] {
		list = append(list, from[i])
	}
	return list
}

// suspects judges the talk as segments with pauses between.
func suspects(j *keywords.Judge, talk []string) bool {
	var t asr.Transcript
	for i, text := range talk {
		start := time.Duration(i) * 10 * time.Second
		t.Segments = append(t.Segments, asr.Segment{Span: asr.Span{Start: start, End: start + 5*time.Second}, Text: text})
	}
	return j.Transcript(t, 0).Suspect
}
