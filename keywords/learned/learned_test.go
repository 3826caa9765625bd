package learned

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func passage(text string) Passage {
	p := Passage{Text: []rune(text)}
	p.Before = make([]Bound, len(p.Text)+1)
	p.Before[len(p.Text)] = Clause
	return p
}

// weights knows the features of the texts, each with another weight.
func weights(texts ...string) Weights {
	w := Weights{Data: "d", Bias: -0.5, Classes: []string{"a", "b", "c"},
		ClassBias: []float64{0, 1, 0}, Features: map[uint64]Weight{},
		Balance: Balance{Base: 1, Learned: 2, Rules: 3, Vetoed: -4, Doubted: -5}}
	random := rand.New(rand.NewPCG(1, 2))
	for _, text := range texts {
		var reader Weigher
		reader.Features(passage(text), func(feature uint64, _ float64) {
			f := Weight{Refusal: random.Float64() - 0.5, Classes: make([]float64, len(w.Classes))}
			f.Classes[len(w.Features)%len(w.Classes)] = random.Float64()
			w.Features[feature] = f
		})
	}
	return w
}

func TestFileKeepsTheModel(t *testing.T) {
	t.Parallel()
	w := weights("没兴趣谢谢", "别再打了", "我们家已经有了用不着的")
	file, err := Write(w)
	require.NoError(t, err)
	again, err := Write(w)
	require.NoError(t, err)
	require.Equal(t, file, again)
	m, err := Read(file)
	require.NoError(t, err)
	require.Equal(t, "d", m.Data())
	require.Equal(t, w.Balance, m.Balance())
	require.Equal(t, w.Classes, m.Classes())
	for feature, want := range w.Features {
		at, known := m.slot(feature)
		require.True(t, known)
		require.InDelta(t, want.Refusal, float64(int8(m.slots[at]))*m.head.Unit, m.head.Unit)
	}
	_, known := m.slot(42)
	require.False(t, known)
}

func TestReadRefusesNonsense(t *testing.T) {
	t.Parallel()
	file, err := Write(weights("没兴趣"))
	require.NoError(t, err)
	for _, bad := range [][]byte{nil, []byte("x"), file[:len(file)/2]} {
		_, err := Read(bad)
		require.Error(t, err)
	}
	for _, body := range []string{"", "{}\n", `{"bits":8,"features":3}` + "\n\x01", `{"bits":60}` +
		"\n", `{"bits":8,"features":1,"classes":["a"]}` + "\n\x01\x02\x03",
		`{"bits":8,"features":1,"classes":["a"],"class_bias":[1]}` + "\n\x01\x02"} {
		packed, err := pack([]byte(body))
		require.NoError(t, err)
		_, err = Read(packed)
		require.Error(t, err, body)
	}
}

func TestSharesAddUp(t *testing.T) {
	t.Parallel()
	file, err := Write(weights("没兴趣谢谢", "别再打了"))
	require.NoError(t, err)
	m, err := Read(file)
	require.NoError(t, err)
	for _, text := range []string{"没兴趣", "别再打了没兴趣谢谢", "谢谢", "谢谢谢谢谢谢谢谢", "好",
		""} {
		var w Weigher
		p := passage(text)
		shares := make([]float64, len(p.Text))
		sum := w.Shares(m, p, shares)
		for _, s := range shares {
			sum += s
		}
		require.InDelta(t, w.Weigh(m, p), sum, 1e-4, text)
		total := 0.0
		for _, likely := range w.Class(m, p) {
			total += likely
		}
		require.InDelta(t, 1, total, 1e-9)
	}
}

func TestFeaturesCountOnce(t *testing.T) {
	t.Parallel()
	var o once
	require.True(t, o.first(7))
	require.False(t, o.first(7))
	require.True(t, o.first(7+onceSize), "another slot at the same place")
	o.clear()
	require.True(t, o.first(7))
	o.clear()
	for slot := range uint32(onceSize) {
		require.Equal(t, slot < onceSize/2, o.first(slot))
	}
}

func TestLogOdds(t *testing.T) {
	t.Parallel()
	b := Balance{Base: 1, Learned: 2, Rules: 3, Vetoed: -4, Doubted: -5}
	require.InDelta(t, 1+2*0.5, b.LogOdds(0.5, 0, false), 1e-9)
	require.InDelta(t, 1+2*0.5+3*0.9, b.LogOdds(0.5, 0.9, false), 1e-9)
	require.InDelta(t, 1+2*0.5-4, b.LogOdds(0.5, 0, true), 1e-9)
	require.InDelta(t, 1+2*0.5+3*0.9-5, b.LogOdds(0.5, 0.9, true), 1e-9)
	require.InDelta(t, 0.5, Probability(0), 1e-9)
}

func TestDefault(t *testing.T) {
	t.Parallel()
	m, err := Default()
	require.NoError(t, err)
	var w Weigher
	require.Greater(t, w.Weigh(m, passage("你们不要再打电话来了")), 1.0)
	require.Less(t, w.Weigh(m, passage("多少钱一个月")), -1.0)
}
