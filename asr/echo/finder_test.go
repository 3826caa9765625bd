package echo_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/echo"
	"github.com/refrain-asr/refrain/asr/vad"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// stretch is an utterance that was heard, and its trace.
type stretch struct {
	vad.Utterance
	echo.Trace
}

// traces finds the utterances of the customer, who is on the right, and traces them.
func traces(t testing.TB, wav []byte) (list []stretch) {
	t.Helper()
	tracks, err := audio.OpenTracks(bytes.NewReader(wav), audio.Right)
	require.NoError(t, err)
	defer func() { _ = tracks.Close() }()
	detector, finder := vad.New(vad.DefaultParams()), echo.New()
	add := func(found []vad.Utterance) {
		for _, u := range found {
			list = append(list, stretch{u, finder.Trace(u.From, u.Samples)})
		}
	}
	agent, customer := make([]float32, audio.TrackRate), make([]float32, audio.TrackRate)
	for {
		n, err := tracks.ReadBoth(customer, agent)
		if errors.Is(err, io.EOF) {
			add(detector.Flush())
			return list
		}
		require.NoError(t, err)
		finder.Agent(agent[:n])
		add(detector.Push(customer[:n]))
	}
}

// at is the stretch in which a time lies.
func at(list []stretch, when time.Duration) (stretch, bool) {
	for _, s := range list {
		if s.Start <= when && when <= s.End {
			return s, true
		}
	}
	return stretch{}, false
}

// part is the likeness of the part in which a time lies.
func (s stretch) part(when time.Duration) float64 {
	for _, p := range s.Parts(s.Start, s.End) {
		if when <= p.End {
			return s.Likeness(p.Start, p.End)
		}
	}
	return 0
}

func anything(string) bool { return true }

func sampleTime(n int) time.Duration { return time.Duration(n) * time.Second / testcall.Rate }

func db(x []float32) float64 {
	sum := 1e-12
	for _, v := range x {
		sum += float64(v * v)
	}
	return 10 * math.Log10(sum/float64(max(1, len(x))))
}

// loudest is where x is loudest between from and to.
func loudest(x []float32, from, to int) int {
	const block = testcall.Rate / 25
	best := from
	for at := from; at+block <= to; at += block {
		if db(x[at:at+block]) > db(x[best:best+block]) {
			best = at
		}
	}
	return best + block/2
}

// heard is one phrase of a call: how loud it is where it is loudest above what else is to be
// heard, and how much of it is taken for the agent's.
type heard struct {
	byAgent         bool
	above, likeness float64
}

// cut is how far from where one stops and the other begins an utterance may be cut.
const cut = 60 * time.Millisecond

// phrases are half a second to nearly one of each utterance of a call.
func phrases(t testing.TB, seed uint64) (list []heard) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	c, err := testcall.NewLoudspeaker(seed, 6, anything, anything)
	require.NoError(t, err)
	stretches := traces(t, c.WAV())
	for _, said := range c.Said {
		length := min(said.To-said.From, 4000+r.IntN(3200))
		from := said.From + r.IntN(said.To-said.From-length+1)
		to := min(from+length, len(c.Echo))
		own, other := c.Own, c.Echo
		if said.ByAgent {
			own, other = c.Echo, c.Own
		}
		when := sampleTime(loudest(own, from, to))
		if s, found := at(stretches, when); found {
			level := db(own[from:to])
			above := min(level-db(other[from:to]), level-c.Noise)
			before, after := s.part(when-cut), s.part(when+cut)
			h := heard{said.ByAgent, above, min(before, after)}
			if said.ByAgent {
				h.likeness = max(before, after)
			}
			list = append(list, h)
		}
	}
	return list
}

var phraseCalls = flag.Uint64("phrase-calls", 20, "of how many calls TestEchoesAreToldFromOwnWords compares the phrases")

// The agent's words that come back 6 dB above all else are taken for an echo, and the
// customer's words 3 dB above all else never are.
func TestEchoesAreToldFromOwnWords(t *testing.T) {
	t.Parallel()
	const threshold = 0.4 // of keywords
	var echoes, own, missed []float64
	for seed := range *phraseCalls {
		for _, p := range phrases(t, seed) {
			switch {
			case p.byAgent && p.above > 6:
				echoes = append(echoes, p.likeness)
				if p.likeness < threshold {
					missed = append(missed, p.likeness)
				}
			case !p.byAgent && p.above > 3:
				own = append(own, p.likeness)
			}
		}
	}
	slices.Sort(echoes)
	t.Logf("%d echoes: least %.2f, one in ten under %.2f, half under %.2f; %d own words: at most "+
		"%.2f", len(echoes), echoes[0], echoes[len(echoes)/10], echoes[len(echoes)/2], len(own),
		slices.Max(own))
	require.GreaterOrEqual(t, uint64(len(echoes)), 2*(*phraseCalls))
	require.GreaterOrEqual(t, uint64(len(own)), 2*(*phraseCalls))
	require.Less(t, slices.Max(own), threshold)
	// Where both speak in turn within a third of a second, the customer's words win.
	require.LessOrEqual(t, len(missed), len(echoes)/100, missed)
}

// A customer whose voice leaks into the agent's track is no echo, nor is anything while the
// agent is silent.
func TestNoEcho(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		c, err := testcall.NewLoudspeaker(seed, 6, anything, anything)
		require.NoError(t, err)
		silent := make([]float32, len(c.Own))
		leaking := make([]float32, len(c.Own))
		for i, v := range c.Own {
			leaking[i] = 0.1*v + 0.001*float32(i%2)
		}
		for name, agent := range map[string][]float32{"silent": silent, "leaking": leaking} {
			for _, s := range traces(t, testcall.WAV(agent, c.Own)) {
				require.Less(t, s.Likeness(s.Start, s.End), 0.15, "%s, seed %d", name, seed)
				require.Equal(t, []echo.Part{{Start: s.Start, End: s.End}},
					s.Parts(s.Start, s.End))
			}
		}
	}
}

// An utterance of which the agent's track is not known any more, or not yet, is nobody's echo.
func TestForgottenAgent(t *testing.T) {
	t.Parallel()
	f := echo.New()
	x := make([]float32, audio.TrackRate)
	for i := range x {
		x[i] = 0.1 * float32(math.Sin(float64(i*i%977)))
	}
	for range 200 {
		f.Agent(x)
	}
	for _, from := range []time.Duration{0, 500 * time.Second} {
		trace := f.Trace(from, x)
		require.Zero(t, trace.Likeness(from, from+time.Second))
	}
	require.Zero(t, f.Trace(time.Second, nil).Likeness(0, time.Hour))
	require.Len(t, echo.Trace{}.Parts(0, time.Second), 1)
}

// BenchmarkCall takes the agent's track of five minutes in, of whose customer nothing comes back,
// and compares all that the customer says.
func BenchmarkCall(b *testing.B) {
	const length = 300
	wav, err := testcall.Make(1, length*time.Second)
	require.NoError(b, err)
	list := traces(b, wav)
	tracks, err := audio.OpenTracks(bytes.NewReader(wav), audio.Left)
	require.NoError(b, err)
	defer func() { _ = tracks.Close() }()
	agent := make([]float32, length*audio.TrackRate)
	_, err = tracks.ReadBoth(agent, make([]float32, len(agent)))
	require.NoError(b, err)
	for b.Loop() {
		f, known := echo.New(), 0
		for _, s := range list {
			to := min(len(agent), int((s.End+4*time.Second).Seconds()*audio.TrackRate))
			f.Agent(agent[known:to])
			known = to
			f.Trace(s.From, s.Samples)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/length, "ns/audio-s")
}

// BenchmarkTrace compares half a minute in which both speak all the time, and the way that the
// echo takes is known.
func BenchmarkTrace(b *testing.B) {
	c, err := testcall.NewLoudspeaker(3, 12, anything, anything)
	require.NoError(b, err)
	tracks, err := audio.OpenTracks(bytes.NewReader(c.WAV()), audio.Right)
	require.NoError(b, err)
	defer func() { _ = tracks.Close() }()
	customer, agent := make([]float32, 30*audio.TrackRate), make([]float32, 30*audio.TrackRate)
	n, err := tracks.ReadBoth(customer, agent)
	require.NoError(b, err)
	require.Len(b, customer, n)
	f := echo.New()
	f.Agent(agent)
	b.ReportAllocs()
	for b.Loop() {
		f.Trace(0, customer)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/30, "ns/audio-s")
}
