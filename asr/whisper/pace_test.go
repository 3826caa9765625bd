package whisper

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

func TestPaceLimits(t *testing.T) {
	t.Parallel()
	full, half := request{samples: make([]float32, 16)}, trial()
	beams, sound := full, full
	beams.beams = 8
	sound.sound, sound.samples = true, make([]float32, 10*asr.SampleRate)
	var p pace
	for _, r := range []request{full, half, beams, sound} {
		require.Equal(t, time.Minute, p.limit(r), "nothing was heard yet")
	}
	require.False(t, p.known())
	p.note(half, time.Second)
	require.True(t, p.known())
	require.Equal(t, time.Minute, p.limit(full), "a fast machine's limit is the least")

	p = pace{}
	p.note(half, 10*time.Second)
	require.InDelta(t, 100, p.limit(half).Seconds(), 0.1)
	require.InDelta(t, 100*30/15.36, p.limit(full).Seconds(), 0.1, "it is counted by the context")
	require.InDelta(t, 8*100*30/15.36, p.limit(beams).Seconds(), 1, "before any was heard")
	p.note(beams, 30*time.Second)
	require.InDelta(t, 300, p.limit(beams).Seconds(), 0.1, "from then on by its own kind")
	require.InDelta(t, 100, p.limit(half).Seconds(), 0.1)
	require.Equal(t, time.Minute, p.limit(sound))

	before := p.limit(full)
	p.note(full, 0)
	require.InDelta(t, 0.9*before.Seconds(), p.limit(full).Seconds(), 0.1)
	before = p.limit(full)
	p.note(full, 1000*time.Hour)
	require.InDelta(t, 1.9*before.Seconds(), p.limit(full).Seconds(), 0.5,
		"what stood still for weeks moves it no more than what ran into its limit")
	for range 100 {
		p.note(half, 20*time.Second)
	}
	require.InDelta(t, 200, p.limit(half).Seconds(), 1)
}

// What a start learns is what the limits begin with.
func TestStartHearsAWindow(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	require.True(t, s.pace.known())
	require.Positive(t, s.current.proc.ready.Trial)
}
