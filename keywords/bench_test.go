package keywords

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	ahocorasick "github.com/petar-dambovaliev/aho-corasick"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords/learned"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/normal"
)

// benchText is talk as it comes from the customer's side, a call a line; every fourth
// call has a refusal of those in lines.txt.
func benchText(b *testing.B) []string {
	b.Helper()
	talk, refusals := benchLines(b, "talk.txt"), benchLines(b, "lines.txt")
	for i := 0; i < len(talk); i += 4 {
		talk[i] += "。" + refusals[i%len(refusals)]
	}
	return talk
}

func benchLines(b *testing.B, name string) []string {
	b.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(b, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// reportRate runs work on all texts and reports characters a second.
func reportRate(b *testing.B, texts []string, work func(text string)) {
	b.Helper()
	characters := 0
	for _, text := range texts {
		characters += utf8.RuneCountInString(text)
		work(text)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			work(text)
		}
	}
	b.ReportMetric(float64(characters)*float64(b.N)/b.Elapsed().Seconds(), "chars/s")
}

// BenchmarkText is the whole way from text to verdict.
func BenchmarkText(b *testing.B) {
	j := byDefault()
	b.Run("calls", func(b *testing.B) {
		reportRate(b, benchText(b), func(text string) { j.Text(text) })
	})
	b.Run("refusals", func(b *testing.B) {
		reportRate(b, benchLines(b, "lines.txt"), func(text string) { j.Text(text) })
	})
}

// BenchmarkStages are the parts of the way, and what others would take for them.
func BenchmarkStages(b *testing.B) {
	j := byDefault()
	b.Run("normalise", func(b *testing.B) {
		var t normal.Text
		reportRate(b, benchText(b), func(text string) { t.Read(text) })
	})
	b.Run("aho-corasick", func(b *testing.B) {
		read := map[string]*reading{}
		for _, text := range benchText(b) {
			read[text] = new(reading)
			read[text].text.Read(text)
		}
		reportRate(b, benchText(b), func(text string) {
			j.search.finder.Find(&read[text].text, &read[text].memory)
		})
	})
	b.Run("misheard", func(b *testing.B) {
		read := map[string]*reading{}
		for _, text := range benchText(b) {
			read[text] = new(reading)
			read[text].text.Read(text)
		}
		reportRate(b, benchText(b), func(text string) {
			j.search.misheard.Correct(&read[text].text, &read[text].memory)
		})
	})
	b.Run("learned", func(b *testing.B) {
		read := map[string]*reading{}
		for _, text := range benchText(b) {
			read[text] = new(reading)
			read[text].text.Read(text)
		}
		reportRate(b, benchText(b), func(text string) {
			read[text].passages = read[text].passages[:0]
			j.model.weigh(read[text], false)
		})
	})
	b.Run("bare aho-corasick of the same words", func(b *testing.B) {
		builder := ahocorasick.NewAhoCorasickBuilder(
			ahocorasick.Opts{MatchKind: ahocorasick.StandardMatch})
		bare, found := builder.Build(benchWords()), 0
		reportRate(b, benchText(b), func(text string) {
			matches := bare.IterOverlapping(text)
			for m := matches.Next(); m != nil; m = matches.Next() {
				found++
			}
		})
	})
	b.Run("cost of all text", func(b *testing.B) {
		reportRate(b, benchText(b), func(text string) { j.search.words.Cost([]byte(text)) })
	})
}

// benchWords are all wordings of the default lexicon's phrases.
func benchWords() []string {
	var words []string
	for _, class := range lexicon.Default().Classes {
		for _, phrase := range class.Phrases {
			for _, piece := range phrase.Pattern.Pieces {
				words = append(words, piece.Words...)
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// BenchmarkGrowth shows what more phrases cost.
func BenchmarkGrowth(b *testing.B) {
	for _, phrases := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(phrases), func(b *testing.B) {
			j, err := New(grown(b, phrases), Options{})
			require.NoError(b, err)
			reportRate(b, benchText(b), func(text string) { j.Text(text) })
		})
	}
}

// grown is a lexicon with so many different phrases of two to five characters.
func grown(b *testing.B, phrases int) *lexicon.Lexicon {
	b.Helper()
	var source strings.Builder
	source.WriteString("version: v1\nclasses:\n- id: a\n  label: A\n  freeze: 1d\n  phrases:\n")
	const firsts = "不没别少甭"
	const others = "需用想要打说听买办做看问谈聊考虑兴趣电话"
	heads, tails := []rune(firsts), []rune(others)
	for i := range phrases {
		k := i
		phrase := []rune{heads[k%len(heads)]}
		for k /= len(heads); len(phrase) < 2 || k > 0; k /= len(tails) {
			phrase = append(phrase, tails[k%len(tails)])
		}
		fmt.Fprintf(&source, "  - %s终%d\n", string(phrase), i)
	}
	lex, err := lexicon.Parse([]byte(source.String()))
	require.NoError(b, err)
	return lex
}

// BenchmarkLoad is the time and memory that it takes to begin.
func BenchmarkLoad(b *testing.B) {
	b.Run("model", func(b *testing.B) {
		reportHeap(b, func() any {
			m, err := learned.Read(modelFile(b))
			require.NoError(b, err)
			return m
		})
	})
	b.Run("lexicon", func(b *testing.B) {
		reportHeap(b, func() any {
			lex, err := lexicon.Parse(lexicon.Default().Source())
			require.NoError(b, err)
			return lex
		})
	})
	b.Run("judge", func(b *testing.B) {
		byDefault()
		reportHeap(b, func() any {
			j, err := New(lexicon.Default(), Options{})
			require.NoError(b, err)
			return j
		})
	})
}

func modelFile(b *testing.B) []byte {
	b.Helper()
	file, err := os.ReadFile("learned/model.bin")
	require.NoError(b, err)
	return file
}

// reportHeap reports the memory that what load returns keeps.
func reportHeap(b *testing.B, load func() any) {
	b.Helper()
	before := heap()
	kept := load()
	keeps := float64(heap()-before) / (1 << 20)
	runtime.KeepAlive(kept)
	for b.Loop() {
		load()
	}
	b.ReportMetric(keeps, "heap-MiB")
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
