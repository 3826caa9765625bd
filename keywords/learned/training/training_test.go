package training

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/learned"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

const folder = "../../testdata/labelled/tune"

func rules(t *testing.T) *keywords.Judge {
	t.Helper()
	j, err := keywords.New(lexicon.Default(), keywords.Options{Unlearned: true})
	require.NoError(t, err)
	return j
}

// TestModelIsCurrent fails where the labelled utterances were changed and the model was not
// trained from them again.
func TestModelIsCurrent(t *testing.T) {
	t.Parallel()
	_, data, err := Load(folder)
	require.NoError(t, err)
	m, err := learned.Default()
	require.NoError(t, err)
	require.Equal(t, data, m.Data(), "the labelled utterances have changed: run make train")
}

// few are the first utterances of some parts.
func few(t *testing.T) []Part {
	t.Helper()
	parts, _, err := Load(folder)
	require.NoError(t, err)
	parts = parts[:3]
	for i := range parts {
		parts[i].List = parts[i].List[:60]
	}
	return parts
}

func TestTrainingRepeats(t *testing.T) {
	t.Parallel()
	var files [][]byte
	for range 2 {
		trainer, err := New(rules(t), few(t), talk(), nil)
		require.NoError(t, err)
		weights, err := trainer.Train("x")
		require.NoError(t, err)
		file, err := learned.Write(weights)
		require.NoError(t, err)
		files = append(files, file)
	}
	require.Equal(t, files[0], files[1], "training twice makes two models")
}

// talk is a little ordinary talk.
func talk() Ordinary {
	return Ordinary{Lines: strings.Split(strings.Repeat("你好，请问几点开门\n好的，那我明天去拿\n"+
		"孩子在睡觉\n你是哪位\n钱已经打过去了\n", 20), "\n"), Data: "talk"}
}

func TestOrdinaryTalkIsNeeded(t *testing.T) {
	t.Parallel()
	_, err := LoadOrdinary(t.TempDir())
	require.ErrorContains(t, err, "ordinary talk")
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a.txt"), []byte("你好\n\n 再见 \n"),
		0o600))
	o, err := LoadOrdinary(folder)
	require.NoError(t, err)
	require.Equal(t, []string{"你好", "再见"}, o.Lines)
	require.Len(t, o.Data, 64)
}

func TestModelKnowsOrdinaryTalk(t *testing.T) {
	t.Parallel()
	ordinary := talk()
	ordinary.Lines = append(ordinary.Lines, "我不需要啊，是他要", "不需要，我有了")
	trainer, err := New(rules(t), few(t), ordinary, nil)
	require.NoError(t, err)
	w, err := trainer.Train("x")
	require.NoError(t, err)
	require.Equal(t, len(ordinary.Lines), w.Ordinary.Lines)
	require.NotEmpty(t, w.Ordinary.Phrases)
	require.Equal(t, "talk", w.Ordinary.Data)
	m, err := packed(w)
	require.NoError(t, err)
	var weigher learned.Weigher
	e := trainer.ordinary[2]
	require.Negative(t, weigher.Weigh(m, e.Passage), e.Text)
}

func TestHeldModelsDontKnowTheirParts(t *testing.T) {
	t.Parallel()
	trainer, err := New(rules(t), few(t), talk(), nil)
	require.NoError(t, err)
	list, err := trainer.CrossValidate(2)
	require.NoError(t, err)
	require.Len(t, list, 2)
	held := map[string]bool{}
	for _, h := range list {
		for _, part := range h.Parts {
			require.False(t, held[part.Name])
			held[part.Name] = true
		}
	}
	require.Len(t, held, 3)
	require.NotEqual(t, list[0].Model.Balance(), list[1].Model.Balance())
}

func TestFit(t *testing.T) {
	t.Parallel()
	var list []example
	for i := range 200 {
		x := float64(i%20) - 10
		list = append(list, example{features: []feature{{0, float32(x)}}, yes: x+
			2*math.Sin(float64(i)) > 1, weight: 1})
	}
	w, bias, err := fit(list, 1, 0.01)
	require.NoError(t, err)
	off := newLoss(list, 1, 0.01)
	least := off.at([]float64{w[0], bias}).value
	require.InDelta(t, 0, off.slope[0], 0.1)
	require.InDelta(t, 0, off.slope[1], 0.1)
	for _, other := range [][]float64{{w[0] + 0.05, bias}, {w[0] - 0.05, bias}, {w[0], bias + 0.1},
		{w[0], bias - 0.1}} {
		require.Greater(t, off.at(other).value, least)
	}
}
