package training

import (
	"math"
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
		trainer, err := New(rules(t), few(t))
		require.NoError(t, err)
		weights, err := trainer.Train("x")
		require.NoError(t, err)
		file, err := learned.Write(weights)
		require.NoError(t, err)
		files = append(files, file)
	}
	require.Equal(t, files[0], files[1], "training twice makes two models")
}

func TestHeldModelsDontKnowTheirPart(t *testing.T) {
	t.Parallel()
	parts := few(t)
	trainer, err := New(rules(t), parts)
	require.NoError(t, err)
	list, err := trainer.CrossValidate()
	require.NoError(t, err)
	require.Len(t, list, len(parts))
	without, err := New(rules(t), parts[1:])
	require.NoError(t, err)
	want, err := packed(without.train(-1))
	require.NoError(t, err)
	var a, b learned.Weigher
	for _, l := range trainer.lines[0] {
		require.InDelta(t, a.Weigh(want, l.Passage), b.Weigh(list[0].Model, l.Passage), 0.05, l.Text)
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	var list []example
	for i := range 200 {
		x := float64(i%20) - 10
		list = append(list, example{features: []feature{{0, x}}, yes: x+2*math.Sin(float64(i)) > 1, weight: 1})
	}
	w, bias := fit(list, 1, 0.01)
	slope := make([]float64, 2)
	least := loss(list, 0.01, []float64{w[0], bias}, slope)
	require.InDelta(t, 0, slope[0], 0.1)
	require.InDelta(t, 0, slope[1], 0.1)
	for _, other := range [][]float64{{w[0] + 0.05, bias}, {w[0] - 0.05, bias}, {w[0], bias + 0.1}, {w[0], bias - 0.1}} {
		require.Greater(t, loss(list, 0.01, other, slope), least)
	}
}
