package normal

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/refrain-asr/refrain/keywords/opencc"
)

func TestSimplify(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"沒興趣，不要再打來了":        "没兴趣，不要再打来了",
		"我說過不需要":            "我说过不需要",
		"乾隆年間的乾貨":           "乾隆年间的干货", // 乾 by phrase and alone
		"瞭解一下，瞭望塔":          "了解一下，瞭望塔",
		"憑藉這個電話投訴":          "凭借这个电话投诉",
		"already simple 简体": "already simple 简体",
		"":                  "",
	} {
		require.Equal(t, want, simplified(in))
	}
}

func simplified(text string) string {
	runes := []rune(text)
	t2s().simplify(runes)
	return string(runes)
}

// TestSimplifyAsOpenCC compares the table with the library it was made from.
func TestSimplifyAsOpenCC(t *testing.T) {
	t.Parallel()
	library := openOpenCC(t)
	check := func(text string) {
		t.Helper()
		want, err := library.Convert(text)
		require.NoError(t, err)
		require.Equal(t, want, simplified(text), "%q; if OpenCC's dictionaries changed, run go "+
			"generate ./keywords/normal/normal", text)
	}
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if unicode.Is(unicode.Han, r) {
			check(string(r))
		}
	}
	corpus, err := os.ReadFile("testdata/traditional.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(corpus)) {
		check(line)
	}
	phrases := strings.FieldsFunc(simplePhrases, func(r rune) bool { return r == ',' || r == ' ' })
	for _, phrase := range phrases {
		check(phrase)
	}
	for range 5000 {
		check(randomMixture(phrases))
	}
}

// randomMixture strings phrases, their parts and single characters together, so that
// phrases overlap and break off. It is in NFKC, as all is that the table is used on.
func randomMixture(phrases []string) string {
	singles := []rune(simpleOf)
	var text []rune
	for range 8 {
		phrase := []rune(phrases[rand.IntN(len(phrases))])
		text = append(text, phrase[:1+rand.IntN(len(phrase))]...)
		if rand.IntN(2) == 0 {
			text = append(text, singles[rand.IntN(len(singles))])
		}
	}
	return norm.NFKC.String(string(text))
}

// openOpenCC opens the library that the private dependencies or the system have.
func openOpenCC(t testing.TB) *opencc.Converter {
	t.Helper()
	folders := []string{"../../.deps/root/usr/share/opencc", "/usr/share/opencc",
		"/usr/local/share/opencc"}
	at := slices.IndexFunc(folders, func(folder string) bool {
		_, err := os.Stat(filepath.Join(folder, "t2s.json"))
		return err == nil
	})
	if at < 0 {
		skipLoudly(t, "OpenCC's dictionaries are in none of "+strings.Join(folders, ", "))
	}
	path, err := filepath.Abs(filepath.Join(folders[at], "t2s.json"))
	require.NoError(t, err)
	library, err := opencc.Open(path)
	if err != nil {
		skipLoudly(t, err.Error())
	}
	return library
}

// skipLoudly skips the test for want of something, but fails it where all must be there.
func skipLoudly(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("CI must have everything: %s", why)
	}
	t.Skipf("SKIPPED, the table of characters stays unchecked: %s", why)
}
