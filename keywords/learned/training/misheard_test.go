package training

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords/eval"
)

func said(text, heard string) Heard { return Heard{eval.Utterance{Text: text}, heard} }

// What was never heard otherwise is heard well, what was always heard as something else isn't,
// and what lies beside it by sound may be.
func TestMishear(t *testing.T) {
	t.Parallel()
	var pairs []Heard
	for range 40 {
		pairs = append(pairs, said("没兴趣", "没兴去"), said("我要去", "我要去"), said("不需要", "不需要"),
			said("报警", "暴警"), said("好的", "好"))
	}
	e := newEars(pairs, []string{"没兴趣我要去不需要报警暴好的气确"})
	random := rand.New(rand.NewPCG(3, 4))
	heard := map[string]int{}
	for range 400 {
		for _, text := range []string{"不需要", "趣", "的"} {
			heard[text+" "+e.mishear(random, text)]++
		}
	}
	require.Greater(t, heard["不需要 不需要"], 360)
	require.Greater(t, heard["的 "], 200, "it is mostly lost")
	require.Greater(t, heard["趣 去"], 20, "the same sound, another character")
	require.Equal(t, "ok, 3!", e.mishear(random, "ok, 3!"), "only characters are misheard")
}

func TestMishearsAlike(t *testing.T) {
	t.Parallel()
	pairs := []Heard{said("没兴趣", "没性气"), said("不用了", "不懂了")}
	texts := []string{"没兴趣不用了性气懂"}
	one, two := newEars(pairs, texts), newEars(pairs, texts)
	for i := range uint64(20) {
		a, b := rand.New(rand.NewPCG(i, 1)), rand.New(rand.NewPCG(i, 1))
		require.Equal(t, one.mishear(a, "没兴趣，不用了"), two.mishear(b, "没兴趣，不用了"))
	}
}

func TestAlign(t *testing.T) {
	t.Parallel()
	e := newEars(nil, nil)
	n := newConfusions(e.table.Syllables)
	for _, c := range []struct {
		said, heard string
		want        []string
	}{
		{"没兴趣", "没性气", []string{"没没", "兴性", "趣气"}},
		{"不用了", "用了", []string{"不", "用用", "了了"}},
		{"好", "好吧", []string{"好好", "吧"}},
		{"", "", nil},
	} {
		var got []string
		for _, m := range n.align(e.syllables(c.said), e.syllables(c.heard)) {
			pair := ""
			for _, r := range []rune{m.said.character, m.heard.character} {
				if r != 0 {
					pair += string(r)
				}
			}
			got = append([]string{pair}, got...)
		}
		require.Equal(t, c.want, got, "%s heard as %s", c.said, c.heard)
	}
}

func TestLoadHeard(t *testing.T) {
	t.Parallel()
	list, err := LoadHeard("../../testdata/labelled/heard.tsv")
	require.NoError(t, err)
	require.Greater(t, len(list), 1000)
	for name, tt := range map[string]struct{ text, want string }{
		"no header":    {"a\tb\n", "line 1 must be the header"},
		"a field less": {heardHeader + "\nnoise20\tx\trefusal\tno_need\t不用\n", "line 2 has 5 fields"},
	} {
		path := filepath.Join(t.TempDir(), "heard.tsv")
		require.NoError(t, os.WriteFile(path, []byte(tt.text), 0o600))
		_, err := LoadHeard(path)
		require.ErrorContains(t, err, tt.want, name)
	}
	_, err = LoadHeard("missing.tsv")
	require.ErrorIs(t, err, os.ErrNotExist)
}
