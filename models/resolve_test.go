package models

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range Catalogue() {
		require.Greater(t, k.Size, int64(30<<20), k.Name)
		require.Regexp(t, `^[0-9a-f]{64}$`, k.SHA256, k.Name)
		require.Regexp(t, `^[0-9a-f]{40}$`, k.SHA1, k.Name)
		require.NotContains(t, k.Name, ".en")
		require.False(t, seen[k.Name] || seen[k.SHA256] || seen[k.SHA1], k.Name)
		seen[k.Name], seen[k.SHA256], seen[k.SHA1] = true, true, true
		found, ok := Find(k.File())
		require.True(t, ok)
		require.Equal(t, k, found)
		require.Equal(t, asr.Model{Name: k.Name, SHA256: k.SHA256, Packs: true}, k.Model())
	}
	_, ok := Find("large-v4")
	require.False(t, ok)
}

func TestDemo(t *testing.T) {
	t.Parallel()
	require.Equal(t, asr.Model{
		Name: "refrain-demo-zh", Demo: true, ShortContext: true,
		SHA256: "66e4ee214ee7f6352062de7d0ff440d793ace7bb8244c8f4ae8f3b759cd8e678",
	}, Demo())
}

func TestDefault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	known, _ := Find(DefaultName)
	for _, name := range []string{"", "base-q8_0"} {
		path, m, err := Resolve(name, dir)
		require.NoError(t, err)
		require.Equal(t, known.Model(), m)
		require.Equal(t, filepath.Join(dir, known.File()), path)
		r, err := Verify(path)
		require.NoError(t, err)
		require.Equal(t, known.SHA256, r.SHA256, "bit for bit the published file")
	}
	require.Len(t, names(t, dir), 1, "written once")
}

func TestMaterialise(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	path, err := carried("demo").materialise(dir)
	require.NoError(t, err)
	first, err := os.Stat(path)
	require.NoError(t, err)

	again, err := carried("demo").materialise(dir)
	require.NoError(t, err)
	require.Equal(t, path, again)
	second, err := os.Stat(again)
	require.NoError(t, err)
	require.True(t, os.SameFile(first, second), "an intact file is used as it is")

	require.NoError(t, os.Truncate(path, 1000))
	_, err = carried("demo").materialise(dir)
	require.NoError(t, err)
	r, err := Verify(path)
	require.NoError(t, err)
	require.Equal(t, Demo(), r.Model)
	require.True(t, r.Published)
	require.Len(t, names(t, dir), 1, "no leftovers")
}

func TestMaterialiseByManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			path, err := carried("demo").materialise(dir)
			if err == nil {
				_, err = Verify(path)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.Len(t, names(t, dir), 1)
}

func TestMaterialiseWhereNoFolderCanBe(t *testing.T) {
	t.Parallel()
	file := write(t, t.TempDir(), "file", nil)
	_, err := carried("demo").materialise(filepath.Join(file, "models"))
	require.ErrorContains(t, err, "a folder for the model refrain-demo-zh")
}

func TestResolveTheDemoModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"demo", "refrain-demo-zh"} {
		path, m, err := Resolve(name, dir)
		require.NoError(t, err)
		require.Equal(t, Demo(), m)
		require.FileExists(t, path)
	}
	copied := write(t, t.TempDir(), "whatever.bin", []byte(demoFile))
	_, m, err := Resolve(copied, dir)
	require.NoError(t, err)
	require.Equal(t, Demo(), m, "known by its contents")
}

func TestResolveAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "ggml-our-own.bin", tinyHeader().bytes(t))
	got, m, err := Resolve(path, dir)
	require.NoError(t, err)
	require.Equal(t, path, got)
	require.Equal(t, "our-own", m.Name)
	require.Len(t, m.SHA256, 64)
	require.True(t, m.Packs)
	require.False(t, m.Demo || m.ShortContext)
}

func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	english := tinyHeader()
	english.Vocabulary = 51864
	write(t, dir, "ggml-base.bin", tinyHeader().bytes(t))
	for name, c := range map[string]struct {
		ask  string
		is   error
		says string
	}{
		"not downloaded":       {"small", ErrNotDownloaded, "refrain model get small"},
		"not downloaded, file": {"ggml-small.bin", ErrNotDownloaded, "refrain model get small"},
		"unknown":              {"gigantic", ErrUnknown, "neither a file nor a name"},
		"English only":         {"base.en", ErrEnglishOnly, `take "base"`},
		"English only, file":   {write(t, dir, "e.bin", english.bytes(t)), ErrEnglishOnly, "e.bin"},
		"cut short":            {"base", ErrDamaged, "cut short: 48 bytes of 147951465"},
		"another under a name": {filepath.Join(dir, "ggml-base.bin"), ErrDamaged,
			"needs another name"},
		"no model": {write(t, dir, "x.bin", []byte("<html>")), ErrDamaged, "web page"},
		"a folder": {dir, nil, "it is not a file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := Resolve(c.ask, dir)
			require.ErrorContains(t, err, c.says)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
		})
	}
}

func TestKnownMatch(t *testing.T) {
	t.Parallel()
	k, _ := Find("tiny")
	sound := sums{k.Size, k.SHA256, k.SHA1}
	require.NoError(t, k.match(sound))
	for name, c := range map[string]struct {
		change func(*sums)
		says   string
	}{
		"short":  {func(s *sums) { s.Size-- }, "cut short"},
		"long":   {func(s *sums) { s.Size++ }, "longer than tiny"},
		"sha256": {func(s *sums) { s.SHA256 = "00" }, "its SHA-256 is 00"},
		"sha1":   {func(s *sums) { s.SHA1 = "00" }, "its SHA-1 is 00"},
	} {
		s := sound
		c.change(&s)
		require.ErrorContains(t, k.match(s), c.says, name)
	}
}
