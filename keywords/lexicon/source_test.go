package lexicon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

var parts = fstest.MapFS{
	"lexicon.yaml": {Data: []byte("\ufeff# what all share\nversion: v1\nwords: {我: [我, 我们]}")},
	"b.yaml": {Data: []byte("# 打错\nid: wrong_number\nlabel: 打错\nfreeze: 180d\nphrases:\n" +
		"  - text: 打错了\n    finds: 你打错了\n    skips: [没打错, 打对了]\n\n  - 找错人\n")},
	"a.yaml":    {Data: []byte("id: no_need\nlabel: 不需要\nfreeze: 60d\nphrases: [<我>不需要]\n")},
	"README.md": {Data: []byte("not part of it")},
}

func TestJoin(t *testing.T) {
	t.Parallel()
	source, err := join(parts)
	require.NoError(t, err)
	lex, err := Parse(source.Text)
	require.NoError(t, err, string(source.Text))
	require.Len(t, lex.Classes, 2)
	require.Equal(t, "no_need", lex.Classes[0].ID, "in the order of the files' names")
	require.Equal(t, "我们不需要", lex.Classes[0].Phrases[0].Pattern.Pieces[0].Words[1])
	phrase := lex.Classes[1].Phrases[0]
	require.Equal(t, "你打错了", phrase.Finds[0].Text)
	require.Len(t, phrase.Skips, 2)
	for _, p := range lex.Classes[1].Phrases {
		line := strings.Split(string(parts["b.yaml"].Data),
			"\n")[source.Locate(Error{Line: p.Line}).Line-1]
		require.Contains(t, line, p.Text)
	}
	require.Equal(t, Error{File: "b.yaml", Line: 7},
		source.Locate(Error{Line: phrase.Finds[0].Line}))
	require.Equal(t, Error{What: "all"}, source.Locate(Error{What: "all"}))
}

func TestJoinTellsWhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, text, want string }{
		"class": {"a.yaml", "id: no_need\nlabel: ''\nfreeze: 60d\nphrases: [x]\n",
			"a.yaml, line 1: class"},
		"phrase": {"b.yaml", "id: b\nlabel: b\nfreeze: 1d\nphrases:\n- (x\n",
			`b.yaml, line 5: "(x"`},
		"head":     {"lexicon.yaml", "version: v1\nwrods: {}\n", "lexicon.yaml, line 2: field"},
		"not YAML": {"b.yaml", "id: [\n", ".yaml, line "},
		"measured": {"measured.yaml", "measured:\n  phrases: [[1, 2]]\n",
			"measured.yaml, line 2: expected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, parts))
			require.NoError(t, os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o600))
			_, err := Load(dir)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := Load(t.TempDir())
	require.ErrorContains(t, err, "the folder has no lexicon.yaml")
	_, err = Load(filepath.Join(t.TempDir(), "nonesuch.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestFileIsItself(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "one.yaml")
	require.NoError(t, os.WriteFile(name, []byte(small), 0o600))
	lex, err := Load(name)
	require.NoError(t, err)
	require.Equal(t, small, string(lex.Source()))
	require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("#", maxSource+1)), 0o600))
	_, err = Load(name)
	require.ErrorContains(t, err, "the most is")
}
