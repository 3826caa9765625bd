package echo_test

import (
	"bytes"
	"errors"
	"fmt"
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

func TestMeasure(t *testing.T) {
	var echoes, own []float64
	r := rand.New(rand.NewPCG(7, 7))
	for seed := range uint64(120) {
		c, err := testcall.NewLoudspeaker(seed, 6, anything, anything)
		require.NoError(t, err)
		list := traces(t, c.WAV())
		for _, said := range c.Said {
			length := min(said.To-said.From, 4000+r.IntN(3200))
			from := said.From + r.IntN(said.To-said.From-length+1)
			to := from + length
			if to > len(c.Echo) {
				continue
			}
			e, o := db(c.Echo[from:to]), db(c.Own[from:to])
			mine := c.Own
			if said.ByAgent {
				mine = c.Echo
			}
			loudest := from
			for k := from; k+320 <= to; k += 320 {
				if db(mine[k:k+320]) > db(mine[loudest:loudest+320]) {
					loudest = k
				}
			}
			s, heard := at(list, sampleTime(loudest+160))
			if !heard {
				continue
			}
			l := s.part(sampleTime(loudest + 160))
			switch {
			case said.ByAgent && e > o+6 && e > c.Noise+6:
				echoes = append(echoes, l)
				if l < 0.45 {
					fmt.Printf("echo %.2f seed %d gain %.0f delay %v level %.0f own %.0f noise %.0f\n", l, seed, c.Gain, c.Delay, e, o, c.Noise)
				}
			case !said.ByAgent && o > e+3:
				own = append(own, l)
				if l > 0.15 {
					fmt.Printf("own %.2f seed %d gain %.0f delay %v echo %.0f own %.0f noise %.0f\n", l, seed, c.Gain, c.Delay, e, o, c.Noise)
				}
			}
		}
	}
	slices.Sort(echoes)
	slices.Sort(own)
	q := func(x []float64) (out []float64) {
		for _, p := range []float64{0, .01, .02, .05, .1, .25, .5, .75, .9, .95, .98, .99, 1} {
			out = append(out, math.Round(100*x[int(p*float64(len(x)-1))])/100)
		}
		return out
	}
	fmt.Println("echoes", len(echoes), q(echoes))
	fmt.Println("own   ", len(own), q(own))
}
