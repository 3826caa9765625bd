package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// file is a file of a test's archive.
type file struct{ name, content string }

const wav = "RIFF\x00\x00\x00\x00WAVEfmt "

var archived = []file{
	{"day/b-in.wav", wav + "b in"}, {"day/a-in.wav", wav + "a in"}, {"day/notes.txt", "hello"},
	{"day/b-out.wav", wav + "b out"}, {"__MACOSX/day/._a-in.wav", "\x00\x05\x16\x07"}, {"day/.DS_Store", "Bud1"},
	{"../../etc/evil.wav", wav + "evil"}, {"day/lone-in.wav", wav + "lone"}, {"day/a-out.wav", wav + "a out"},
	{"nested.zip", "PK\x03\x04..."}, {"empty.wav", ""}, {"day/photo.jpg", "\xff\xd8\xff"},
}

// wantArchived is what is given of it, in order, where pairs come together.
const wantArchived = `day/b-in.wav=b in + day/b-out.wav=b out
etc/evil.wav=evil
day/lone-in.wav=lone
day/a-in.wav=a in + day/a-out.wav=a out
nested.zip: it is an archive within an archive, which is not read: unpack it
empty.wav=
`

func writeTar(t *testing.T, w io.Writer, files []file) {
	t.Helper()
	out := tar.NewWriter(w)
	require.NoError(t, out.WriteHeader(&tar.Header{Name: "day/", Typeflag: tar.TypeDir, Mode: 0o755}))
	require.NoError(t, out.WriteHeader(&tar.Header{Name: "day/link.wav", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}))
	for _, f := range files {
		require.NoError(t, out.WriteHeader(&tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.content))}))
		_, err := io.WriteString(out, f.content)
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
}

func writeZip(t *testing.T, w io.Writer, files []file) {
	t.Helper()
	out := zip.NewWriter(w)
	for _, f := range files {
		m, err := out.Create(f.name)
		require.NoError(t, err)
		_, err = io.WriteString(m, f.content)
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
}

// archives are the same files as each kind of archive.
func archives(t *testing.T, dir string, files []file) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"a.tar", "a.tar.gz", "a.tgz", "a.zip"} {
		var b bytes.Buffer
		switch name {
		case "a.zip":
			writeZip(t, &b, files)
		case "a.tar":
			writeTar(t, &b, files)
		default:
			z := gzip.NewWriter(&b)
			writeTar(t, z, files)
			require.NoError(t, z.Close())
		}
		all[name] = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(all[name], b.Bytes(), 0o600))
	}
	return all
}

// pairs keeps the two sides of a call together.
func pairs(name string) string {
	base := strings.TrimSuffix(filepath.Base(name), ".wav")
	if call, ok := strings.CutSuffix(base, "-in"); ok {
		return call
	}
	if call, ok := strings.CutSuffix(base, "-out"); ok {
		return call
	}
	return ""
}

// walk gives what is found as text, and how many files were no audio.
func walk(t *testing.T, o Options, paths ...string) (string, int) {
	t.Helper()
	w, err := New(paths, o)
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, w.Walk(t.Context(), func(items []*Item) bool {
		for n, i := range items {
			if n > 0 {
				out.WriteString(" + ")
			}
			f, err := i.Open()
			if err != nil {
				fmt.Fprintf(&out, "%s: %v", i.Name(), err)
				continue
			}
			_, err = io.Copy(io.Discard, f) // it can be read several times
			require.NoError(t, err)
			_, err = f.Seek(0, io.SeekStart)
			require.NoError(t, err)
			b, err := io.ReadAll(f)
			require.NoError(t, err)
			require.Len(t, b, int(i.Size))
			require.NoError(t, f.Close())
			fmt.Fprintf(&out, "%s=%s", i.Name(), strings.TrimPrefix(string(b), wav))
		}
		out.WriteString("\n")
		for _, i := range items {
			i.Release()
		}
		return true
	}))
	return out.String(), w.NotAudio
}

func TestArchives(t *testing.T) {
	t.Parallel()
	for name, path := range archives(t, t.TempDir(), archived) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 { // in the same order each time
				got, skipped := walk(t, Options{Together: pairs}, path)
				require.Equal(t, wantArchived, got)
				require.Equal(t, 4, skipped)
			}
		})
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, f := range []file{
		{"b.wav", wav + "b"}, {"a/x-in.wav", wav + "in"}, {"a/x-inside.wav", wav + "inside"},
		{"a/x-out.wav", wav + "out"}, {"a/deep/er/c", wav + "c"}, {"a/document.docx", "PK\x03\x04"}, {"readme.txt", "read me"},
	} {
		path := filepath.Join(dir, f.name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(f.content), 0o600))
	}
	archives(t, filepath.Join(dir, "a"), []file{{"m.wav", wav + "m"}})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a", "calls.7z"), []byte("7z\xbc\xaf\x27\x1c"), 0o600))
	require.NoError(t, os.Symlink(filepath.Join(dir, "b.wav"), filepath.Join(dir, "a", "y.wav")))
	got, skipped := walk(t, Options{Together: pairs}, dir, filepath.Join(dir, "b.wav"))
	want := `b.wav=b
m.wav=m
m.wav=m
m.wav=m
m.wav=m
calls.7z: it is an archive of a kind that is not read: unpack it, or make it a tar, tar.gz or zip
x-inside.wav=inside
x-in.wav=in + x-out.wav=out
y.wav=b
c=c
`
	plain := strings.NewReplacer(dir+"/a/deep/er/", "", dir+"/a/", "", dir+"/", "").Replace(got)
	require.Equal(t, want, plain)
	require.Equal(t, 2, skipped)

	globbed, _ := walk(t, Options{}, filepath.Join(dir, "**", "x-*.wav"))
	require.Equal(t, 3, strings.Count(globbed, "\n"))
}

func TestPathsThatAreNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, problem := range map[string]string{
		filepath.Join(dir, "absent.wav"): "no such file",
		filepath.Join(dir, "*.wav"):      "nothing fits the pattern",
		filepath.Join(dir, "[a"):         "nothing fits the pattern",
	} {
		_, err := New([]string{path}, Options{})
		require.Error(t, err, path)
		if !strings.Contains(path, "[a") {
			require.ErrorContains(t, err, problem)
		}
	}
}

// What is damaged or too large is told, and what comes before it is read.
func TestHostileArchives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := []file{{"a.wav", wav + strings.Repeat("a", 600)}, {"b.wav", wav + strings.Repeat("b", 6000)}}
	paths := archives(t, dir, files)
	whole, err := os.ReadFile(paths["a.tar"])
	require.NoError(t, err)
	cut := filepath.Join(dir, "cut.tar")
	require.NoError(t, os.WriteFile(cut, whole[:5000], 0o600))
	got, _ := walk(t, Options{}, cut)
	require.Contains(t, got, "a.wav=aaa")
	require.Contains(t, got, "b.wav: it can't be unpacked: the archive ends in the midst of it")
	require.Contains(t, got, "damaged")

	for _, name := range []string{"a.tar", "a.tgz", "a.zip"} {
		got, _ = walk(t, Options{MaxMember: 1000}, paths[name])
		require.Contains(t, got, "a.wav=aaa")
		require.Contains(t, got, "b.wav: it can't be unpacked: it has more than 0 MiB")
	}

	garbage := filepath.Join(dir, "garbage.zip")
	require.NoError(t, os.WriteFile(garbage, []byte("PK\x03\x04 and no more"), 0o600))
	got, _ = walk(t, Options{}, garbage)
	require.Contains(t, got, "the zip archive can't be read")

	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = io.WriteString(z, "just a text")
	require.NoError(t, err)
	require.NoError(t, z.Close())
	text := filepath.Join(dir, "text.gz")
	require.NoError(t, os.WriteFile(text, packed.Bytes(), 0o600))
	got, _ = walk(t, Options{}, text)
	require.Contains(t, got, "damaged")
}

func TestBudget(t *testing.T) {
	t.Parallel()
	b := &budget{left: 10}
	_, err := io.ReadAll(b.reader(strings.NewReader("0123456789abc")))
	require.ErrorIs(t, err, errBomb)
}

func TestWalkStops(t *testing.T) {
	t.Parallel()
	path := archives(t, t.TempDir(), archived)["a.tgz"]
	w, err := New([]string{path}, Options{})
	require.NoError(t, err)
	calls := 0
	require.NoError(t, w.Walk(t.Context(), func([]*Item) bool { calls++; return false }))
	require.Equal(t, 1, calls)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, w.Walk(ctx, func([]*Item) bool { return true }), context.Canceled)
}

// Whatever an archive holds: it is read to its end or refused, and nothing is written by a name in it.
func FuzzArchive(f *testing.F) {
	var tarred, zipped bytes.Buffer
	t := &testing.T{}
	writeTar(t, &tarred, archived)
	writeZip(t, &zipped, archived)
	f.Add(tarred.Bytes())
	f.Add(zipped.Bytes())
	f.Add(tarred.Bytes()[:700])
	f.Add(zipped.Bytes()[40:])
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.tar")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		w, err := New([]string{path}, Options{Together: pairs, Temp: dir, MaxMember: 1 << 16})
		require.NoError(t, err)
		require.NoError(t, w.Walk(t.Context(), func(items []*Item) bool {
			for _, i := range items {
				if c, err := i.Open(); err == nil {
					_, err = io.Copy(io.Discard, c)
					require.NoError(t, err)
					require.NoError(t, c.Close())
				}
				i.Release()
			}
			return true
		}))
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, left, 1)
	})
}
