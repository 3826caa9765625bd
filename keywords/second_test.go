package keywords

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

func TestDoubts(t *testing.T) {
	t.Parallel()
	for text, doubts := range map[string]bool{
		"不需要，别再打了":   false, // plain
		"好的，你把地址发给我": false, // nothing speaks for a refusal
		"":           false,
		"我家装过勒":      true,
		"那个不虚要的":     false, // too little speaks for one
		"我没有新趣的":     false, // 没有兴趣 is heard so, which the model knows
	} {
		heard := []asr.Segment{{Text: text, MeanLogProb: -0.4}}
		require.Equal(t, doubts, byDefault().Doubts(heard), "%s: %v", text,
			byDefault().faint().utterance(heard))
	}
	require.False(t, byDefault().Doubts(nil))
}

func TestChoose(t *testing.T) {
	t.Parallel()
	read := func(texts ...string) (list []asr.Reading) {
		for _, text := range texts {
			list = append(list, asr.Reading{Text: text, Prob: 1 / float64(len(texts)), MeanLogProb: -0.4})
		}
		return list
	}
	unlikely := read("没性气", "没兴趣")
	unlikely[1].Prob = 0.01
	for _, tt := range []struct {
		name     string
		readings []asr.Reading
		want     int
	}{
		{"the refusal", read("没性气", "妹性气", "没兴趣", "没信气"), 2},
		{"the plainer of two", read("不要了吧", "没兴趣别再打了"), 1},
		{"none of them", read("明天下午见", "明天下午间"), 0},
		{"too unlikely", unlikely, 0},
		{"the only one", read("没兴趣"), 0},
	} {
		require.Equal(t, tt.want, byDefault().Choose(tt.readings), tt.name)
	}
}

// A judge that listens for very little judges no other way.
func TestFaintLeavesTheJudge(t *testing.T) {
	t.Parallel()
	j := byDefault()
	before := j.Text("我对保险没性气")
	j.Doubts([]asr.Segment{{Text: "我对保险没性气"}})
	require.Equal(t, before, j.Text("我对保险没性气"))
	require.InDelta(t, DefaultThreshold, j.Threshold(), 0)
}
