package asr_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/testcall"
	"github.com/refrain-asr/refrain/keywords/sounds"
	"github.com/refrain-asr/refrain/models"
)

// The test binary is its own speech process.
func TestMain(m *testing.M) {
	whisper.ExitIfChild()
	os.Exit(m.Run())
}

var (
	strayWindows = flag.Int("stray-windows", 0, "how many shared windows TestStrayWords has heard; 0 for none")
	strayCalls   = flag.String("stray-calls", "../samples", "a `folder` with calls and texts.tsv for TestStrayWords")
	strayModel   = flag.String("stray-model", "", "the `model` for TestStrayWords")
	straySeed    = flag.Uint64("stray-seed", 1, "for the order of sentences in TestStrayWords")
)

// TestStrayWords hears the customers' sentences of calls whose text is known, in random order, each
// as a call of its own, and counts the words that were heard in one and said in its neighbour.
func TestStrayWords(t *testing.T) {
	t.Parallel()
	if *strayWindows == 0 {
		t.Skip("a measurement that takes minutes: -stray-windows 100 runs it")
	}
	path, model, err := models.Resolve(*strayModel, t.TempDir())
	require.NoError(t, err)
	engine, err := app.NewEngine(path, model, config.Speech{States: 2, Threads: 1, Language: "zh"}, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	s := newStray(t, *strayCalls)
	rng := rand.New(rand.NewPCG(*straySeed, 2))
	for round := 0; s.seen < *strayWindows; round++ {
		s.round(t, engine, rng)
	}
	s.report(t)
}

// sentence is a sentence of a call, and what was heard.
type sentence struct {
	name, text, heard string
	samples           []float32
}

// stray is such a measurement.
type stray struct {
	sentences []*sentence
	seen      int // shared windows
	again     int // those in which something was heard again

	mu      sync.Mutex
	loudest map[float32]*sentence // by their loudest sample, which no other has
	windows [][]*sentence         // of this round

	heard, said, errors int // syllables
	wrong, inRuns       int // those heard in the wrong call, and in runs of two and more
	places              []string
}

func newStray(t *testing.T, folder string) *stray {
	t.Helper()
	s := &stray{loudest: map[float32]*sentence{}}
	calls := callsIn(t, folder)
	tracks := map[string][]float32{}
	for _, row := range testcall.Table(t, filepath.Join(folder, "texts.tsv")) {
		if row["side"] != "customer" {
			continue
		}
		id := row["call_id"]
		if tracks[id] == nil {
			c, ok := calls[id]
			if !ok {
				c = call{id + ".wav", audio.Right}
			}
			file, err := os.ReadFile(filepath.Join(folder, c.file))
			require.NoError(t, err)
			tracks[id] = read(t, file, c.channel)
		}
		s.add(t, tracks[id], row)
	}
	return s
}

// call is a call's file, and where in it the customer is.
type call struct {
	file    string
	channel audio.Channel
}

// callsIn are the calls that a folder's manifest.csv names. Where there is none, a call's file has
// its name, and the customer is on the right.
func callsIn(t *testing.T, folder string) map[string]call {
	t.Helper()
	name := filepath.Join(folder, "manifest.csv")
	if _, err := os.Stat(name); err != nil {
		return nil
	}
	calls := map[string]call{}
	for _, row := range testcall.Table(t, name) {
		calls[row["call_id"]] = call{row["file"], audio.Channel(row["customer_channel"])}
	}
	return calls
}

func (s *stray) add(t *testing.T, track []float32, row map[string]string) {
	t.Helper()
	at := func(column string, more float64) int {
		v, err := strconv.ParseFloat(row[column], 64)
		require.NoError(t, err)
		return max(0, min(len(track), int((v+more)*audio.TrackRate)))
	}
	x := &sentence{name: row["call_id"] + " " + row["start"], text: row["text"],
		samples: track[at("start", -0.35):at("end", 0.35)]}
	s.sentences = append(s.sentences, x)
	s.loudest[loudest(x.samples)] = x
}

func loudest(x []float32) float32 {
	return slices.MaxFunc(x, func(a, b float32) int {
		return cmp.Compare(max(a, -a), max(b, -b))
	})
}

// sound is a sentence as a Source.
type sound struct{ rest []float32 }

func (x *sound) Read(b []float32) (int, error) {
	n := copy(b, x.rest)
	x.rest = x.rest[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// spy notes which sentences are in the windows.
type spy struct {
	asr.Transcriber
	s *stray
}

func (y spy) Transcribe(ctx context.Context, w asr.Window) ([]asr.Phrase, error) {
	phrases, err := y.Transcriber.Transcribe(ctx, w)
	y.s.window(w.Samples)
	return phrases, err
}

func (s *stray) window(x []float32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in []*sentence
	from, silence := 0, 0
	take := func(to int) {
		if found := s.loudest[loudest(x[from:to])]; found != nil {
			in = append(in, found)
		}
	}
	for i, v := range x {
		if v != 0 {
			silence = 0
			continue
		}
		if silence++; silence == audio.TrackRate/2 && i-silence >= from {
			take(i)
		}
		if silence >= audio.TrackRate/2 {
			from = i + 1
		}
	}
	if from < len(x) {
		take(len(x))
	}
	s.windows = append(s.windows, in)
}

// round has all sentences heard once.
func (s *stray) round(t *testing.T, e asr.Engine, rng *rand.Rand) {
	t.Helper()
	tr, err := e.Open(t.Context())
	require.NoError(t, err)
	p, err := asr.NewPipeline(spy{tr, s}, asr.Config{Mixer: asr.NewMixer()})
	require.NoError(t, err)
	s.windows = nil
	rng.Shuffle(len(s.sentences), func(i, k int) {
		s.sentences[i], s.sentences[k] = s.sentences[k], s.sentences[i]
	})
	next := make(chan *sentence)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			for x := range next {
				got, _, err := p.Run(t.Context(), asr.Customer, &sound{x.samples})
				if err != nil {
					t.Error(err)
				}
				x.heard = got.Text()
			}
		})
	}
	for _, x := range s.sentences {
		next <- x
	}
	close(next)
	wg.Wait()
	s.count()
}

// count finds what was heard in one sentence of a window and said in another.
func (s *stray) count() {
	done := map[*sentence]bool{}
	for _, in := range s.windows {
		if len(in) == 0 || done[in[0]] {
			s.again++ // heard again, alone
			continue
		}
		s.seen++
		for _, x := range in {
			done[x] = true
		}
		s.strayIn(in)
	}
}

type char struct {
	syllable uint16
	of       int
	r        rune
}

func charsOf(in []*sentence, text func(*sentence) string) (out []char) {
	table := sounds.Load()
	for i, x := range in {
		for _, r := range text(x) {
			if unicode.Is(unicode.Han, r) && r < 0x10000 {
				out = append(out, char{table.Exact[r], i, r})
			}
		}
	}
	return out
}

// strayIn aligns what was heard in a window with what was said in it, syllable by syllable.
func (s *stray) strayIn(in []*sentence) {
	said := charsOf(in, func(x *sentence) string { return x.text })
	heard := charsOf(in, func(x *sentence) string { return x.heard })
	cost := align(said, heard)
	s.errors += cost[len(said)][len(heard)]
	s.said += len(said)
	s.heard += len(heard)
	run := ""
	for i, k := len(said), len(heard); i > 0 && k > 0; {
		d := differ(said[i-1], heard[k-1])
		stray := false
		switch cost[i][k] {
		case cost[i-1][k-1] + d:
			if stray = d == 0 && said[i-1].of != heard[k-1].of; stray {
				run = string(heard[k-1].r) + run
			}
			i, k = i-1, k-1
		case cost[i-1][k] + 1:
			i--
		default:
			k--
		}
		if !stray || i == 0 || k == 0 {
			s.note(run, in)
			run = ""
		}
	}
}

// align gives the least numbers of errors between their beginnings.
func align(said, heard []char) [][]int {
	cost := make([][]int, len(said)+1)
	for i := range cost {
		cost[i] = make([]int, len(heard)+1)
		for k := range cost[i] {
			if i == 0 || k == 0 {
				cost[i][k] = i + k
				continue
			}
			cost[i][k] = min(cost[i-1][k-1]+differ(said[i-1], heard[k-1]), cost[i-1][k]+1, cost[i][k-1]+1)
		}
	}
	return cost
}

func differ(a, b char) int {
	if a.r == b.r || a.syllable != 0 && a.syllable == b.syllable {
		return 0
	}
	return 1
}

// note takes down a run of syllables that were heard in another sentence than they were said in.
func (s *stray) note(run string, in []*sentence) {
	n := len([]rune(run))
	if n == 0 {
		return
	}
	s.wrong += n
	if n > 1 {
		s.inRuns += n
	}
	place := run
	for _, x := range in {
		place += fmt.Sprintf("\n    %s: %s | %s", x.name, x.text, x.heard)
	}
	s.places = append(s.places, place)
}

func (s *stray) report(t *testing.T) {
	t.Helper()
	require.NotZero(t, s.said)
	t.Logf("%d shared windows, %d heard again by one call; %d syllables heard of %d said, error rate %.3f; "+
		"heard in the wrong call: %d, %d of them in runs of two and more", s.seen, s.again, s.heard, s.said,
		float64(s.errors)/float64(s.said), s.wrong, s.inRuns)
	for _, p := range s.places {
		t.Log(p)
	}
}
