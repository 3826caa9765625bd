package keywords

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// patterned is a judge of the pattern alone.
func patterned(t *testing.T, pattern string) *Judge {
	t.Helper()
	lex, err := lexicon.Parse([]byte("version: v1\nwords: {我: [我, 我们]}\n" +
		"around: {before: [那], after: [谢谢]}\n" +
		"classes:\n- id: a\n  label: A\n  freeze: 1d\n  phrases: [\"" + pattern + "\"]\n"))
	require.NoError(t, err)
	j, err := New(lex, Options{Exact: true})
	require.NoError(t, err)
	return j
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for pattern, c := range map[string]struct{ hits, none string }{
		"没(啥|什么)兴趣":           {"没啥兴趣/我没什么兴趣了", "没兴趣/没什么的兴趣"},
		"没[有]兴趣":              {"没兴趣/没有兴趣", "没有有兴趣"},
		"<我>不要":               {"我不要/我们不要", "他不要"},
		"别…打":                 {"别打/别老是给我打", "别一天到晚没完没了地打/别，打"},
		"别…2打":                {"别打/别给我打", "别老给我打"},
		"别[再]…3(打|拨)[了|过来]":   {"别打/别再给我拨过来", "别说了，打/再打"},
		"^不办":                 {"不办/那不办卡/喂，不办", "我不办"},
		"不办$":                 {"我不办/不办谢谢", "不办卡"},
		"（不｜没）【有】兴趣":          {"不兴趣/没有兴趣", "有兴趣"},
		"(一|二|三)…(四|五)…(六|七)": {"一四六/二甲五乙丙七", "六四一/一六"},
		"投诉[你们]…4(公司|领导)":     {"投诉公司/投诉你们那个公司", "投诉/公司投诉"},
	} {
		j := patterned(t, pattern)
		for text := range strings.SplitSeq(c.hits, "/") {
			require.NotEmpty(t, j.Text(text).Hits, "%s in %s", pattern, text)
		}
		for text := range strings.SplitSeq(c.none, "/") {
			require.Empty(t, j.Text(text).Hits, "%s in %s", pattern, text)
		}
	}
}
