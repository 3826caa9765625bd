package find_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords/find"
)

func TestCost(t *testing.T) {
	t.Parallel()
	words, err := find.Words()
	require.NoError(t, err)
	cost := func(text string) float64 { return words.Cost([]byte(text)) }
	require.Zero(t, cost(""))
	require.InDelta(t, 32, cost("app12315"), 1e-9, "letters and figures are one unknown word")
	require.InDelta(t, cost("我")+32+cost("你"), cost("我app你"), 1e-3)
	require.InDelta(t, 64, cost("��"), 1e-9)
	for _, c := range []struct{ usual, odd string }{{"电话", "话电"}, {"没兴趣", "没性趣"},
		{"打折", "别打"}} {
		require.Less(t, cost(c.usual), cost(c.odd), c.usual)
	}
	require.Less(t, cost("区别打折"), cost("区")+cost("别打")+cost("折"))
	long := strings.Repeat("这个电话", 100)
	require.InDelta(t, 100*cost("这个电话"), cost(long), 0.1)
}

func TestWhole(t *testing.T) {
	t.Parallel()
	words, err := find.Words()
	require.NoError(t, err)
	for _, c := range []struct {
		text       string
		start, end int
		want       string
	}{
		{"你是机器人吧", 3, 5, "机器人"},
		{"有什么优惠活动", 1, 2, "什么"},
		{"这个电话号码呢", 3, 5, "电话号码"},
		{"我没兴趣", 0, 4, "我没兴趣"},
		{"叫app来", 2, 3, "app"},
		{"好", 0, 1, "好"},
	} {
		text := []rune(c.text)
		from, to := words.Whole(text, c.start, c.end)
		require.Equal(t, c.want, string(text[from:to]))
	}
}
