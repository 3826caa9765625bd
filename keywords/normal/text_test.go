package normal

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

func TestRead(t *testing.T) {
	t.Parallel()
	// In want a "," stands for a comma, " " for a pause, "." and "?" for their ends.
	for name, c := range map[string]struct{ in, want string }{
		"plain":                  {"我不需要", "我不需要."},
		"clauses":                {"不用，谢谢。再见！", "不用,谢谢.再见."},
		"question":               {"不需要吗？！", "不需要吗?"},
		"traditional":            {"沒興趣，別再打來", "没兴趣,别再打来."},
		"traditional by phrase":  {"乾隆乾貨", "乾隆干货."},
		"full width":             {"ＡＰＰ不要，１２３１５", "app不要,12315."},
		"compatibility":          {"㈱①ﬁ不", "株 1fi不."},
		"ideographic space":      {"不用　谢谢", "不用 谢谢."},
		"composing":              {"e\u0301不要", "é不要."},
		"half-width kana":        {"ｶﾞ要", "ガ要."},
		"radical":                {"⽤不着", "用不着."},
		"fillers":                {"嗯，我啊不呃需要", "我不需要."},
		"filler word alone":      {"那个，我不需要，就是，没钱", "我不需要,没钱."},
		"filler word repeated":   {"我那个那个不需要", "我那个不需要."},
		"not a filler":           {"那个我不要，额度不够", "那个我不要,额度不够."},
		"spelled out":            {"不 需 要 谢谢", "不需要 谢谢."},
		"pauses stay":            {"不用 我在开车", "不用 我在开车."},
		"quotation":              {"我对“贷款”没兴趣", "我对 贷款 没兴趣."},
		"ellipsis":               {"不…不用……了", "不,不用,了."},
		"lines":                  {"不用\n谢谢", "不用/谢谢."},
		"question at the end":    {"不用吗？\n谢谢", "不用吗?/谢谢."},
		"invisible":              {"不\u200b需\u00ad要\ufe0f\x00", "不需要."},
		"invalid bytes":          {"不\xff需\xe4\xb8要", "不�需��要."},
		"emoji":                  {"不要😀谢谢", "不要,谢谢."},
		"apostrophe":             {"I don't NEED it", "i dont need it."},
		"only punctuation":       {"……！", "."},
		"nothing":                {"", "."},
		"beyond the basic plane": {"𠮷野家𩶘", "𠮷野家𩶘."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n Text
			n.Read(c.in)
			if name == "beyond the basic plane" {
				c.want = simplified("𠮷野家𩶘") + "."
			}
			require.Equal(t, c.want, shown(&n))
		})
	}
}

func shown(n *Text) string {
	marks := map[Gap]string{Joined: "", Pause: " ", Comma: ",", Stop: ".", Question: "?", Line: "/",
		LineQuestion: "?/"}
	var out strings.Builder
	for i, r := range n.Runes {
		out.WriteString(marks[n.Before[i]][:min(i, len(marks[n.Before[i]]))])
		out.WriteRune(r)
	}
	return out.String() + marks[n.Before[len(n.Runes)]]
}

func TestReadMapsBack(t *testing.T) {
	t.Parallel()
	text := "嗯，我ｘ e\u0301\xff不……要㍿吧"
	var n Text
	n.Read(text)
	original := []rune(text)
	for i, want := range map[int]string{0: "我", 1: "ｘ", 2: "e\u0301", 3: "�", 4: "不", 5: "要",
		6: "㍿", 9: "㍿", 10: "吧"} {
		require.Equal(t, want, string(original[n.from[i]:n.to[i]]), "character %d of %s", i,
			string(n.Runes))
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"我不需要，谢谢", "沒興趣\xff\xfe", "e\u0301\u0323不", "那个那个那个", "ｶﾞ①㍿",
		"\u0315\u0300\u05ae", "不 需 要",
		strings.Repeat("a"+strings.Repeat("\u0300", 40), 3), "\xe4\xb8", "각\u11a8", "",
		"額，那個，額",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var n Text
		n.Read(text)
		requireSound(t, &n, text)
		again := n
		var fresh Text
		fresh.Read(text)
		require.Equal(t, string(fresh.text), string(again.text))
	})
}

// requireSound checks all that the rest of the package takes for granted.
func requireSound(t *testing.T, n *Text, text string) {
	t.Helper()
	count := len(n.Runes)
	require.Len(t, n.from, count)
	require.Len(t, n.to, count)
	require.Len(t, n.Before, count+1)
	require.Len(t, n.at, count+1)
	require.True(t, utf8.Valid(n.text))
	require.Equal(t, string(n.Runes), string(n.text))
	require.GreaterOrEqual(t, n.Before[0], Stop)
	require.GreaterOrEqual(t, n.Before[count], Stop)
	original := int32(utf8.RuneCountInString(text))
	for i := range count {
		require.Less(t, n.from[i], n.to[i])
		require.LessOrEqual(t, n.to[i], original)
		require.GreaterOrEqual(t, n.from[i], int32(0))
		if i > 0 {
			require.GreaterOrEqual(t, n.from[i], n.from[i-1])
			require.GreaterOrEqual(t, n.to[i], n.to[i-1])
		}
		require.Equal(t, string(n.Runes[i]), n.Slice(i, i+1))
		require.Equal(t, kept, roleOf(n.Runes[i]))
	}
}

// TestReadIsNFKC checks that the short cuts for common characters change nothing.
func TestReadIsNFKC(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"ＡＢ！？，：我ｘ、①", "Ａ\u0301e\u0301，不",
		"ｶﾞ\u3099か\u3099我", "㋿不要㌔⑩ﬃ", "不\u0301要Å"} {
		var plain, normalised Text
		plain.Read(text)
		normalised.Read(norm.NFKC.String(text))
		require.Equal(t, shown(&normalised), shown(&plain), text)
	}
}
