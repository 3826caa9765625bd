package asr

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/echo"
	"github.com/refrain-asr/refrain/asr/vad"
	"github.com/refrain-asr/refrain/internal/testcall"
)

func anything(string) bool { return true }

// Only the customer's track of two is compared with the other, and says with what.
func TestCustomersAreComparedWithTheAgent(t *testing.T) {
	t.Parallel()
	c, err := testcall.NewLoudspeaker(2, 4, anything, anything)
	require.NoError(t, err)
	engine := opened{&scripted{answer: says("不用")}, nil}
	for _, tt := range []struct {
		name    string
		wav     []byte
		side    Side
		channel audio.Channel
		echo    string
	}{
		{"customer", c.WAV(), Customer, audio.Right, echo.Name},
		{"customer on the left", testcall.WAV(c.Customer, c.Agent), Customer, audio.Left, echo.Name},
		{"agent", c.WAV(), Agent, audio.Left, ""},
		{"one channel", testcall.WAV(c.Customer), Customer, audio.Mono, ""},
	} {
		heard, _, err := Hear(t.Context(), engine, Config{},
			Track{Side: tt.side, Audio: bytes.NewReader(tt.wav), Channel: tt.channel})
		require.NoError(t, err)
		require.Equal(t, tt.echo, heard.Settings.Echo, tt.name)
		echoes := 0
		for _, s := range heard.Segments {
			require.Equal(t, tt.echo != "", s.AgentLikeness != nil, tt.name)
			if s.AgentLikeness != nil && *s.AgentLikeness > 0.3 {
				echoes++
			}
		}
		require.Equal(t, tt.echo != "", echoes > 0, tt.name)
	}
}

// What is cut from an utterance keeps its time, and has silence where the rest was.
func TestPiecesOfAnUtterance(t *testing.T) {
	t.Parallel()
	u := vad.Utterance{Start: 10 * s, End: 13 * s, From: 9700 * ms,
		Samples: make([]float32, samplesIn(3600*ms))}
	for i := range u.Samples {
		u.Samples[i] = float32(i + 1)
	}
	for _, tt := range []struct {
		start, end time.Duration
		from, to   time.Duration // of what is heard
	}{
		{10 * s, 13 * s, 9700 * ms, 13300 * ms},
		{10 * s, 11 * s, 9700 * ms, 11060 * ms},
		{11 * s, 12 * s, 10940 * ms, 12060 * ms},
		{12 * s, 13 * s, 11940 * ms, 13300 * ms},
		{10010 * ms, 12990 * ms, 9950 * ms, 13050 * ms},
	} {
		p := cut(u, tt.start, tt.end)
		require.Equal(t, []time.Duration{tt.start, tt.end}, []time.Duration{p.Start, p.End})
		for i, v := range p.Samples {
			at := p.From + sampleTime(int64(i))
			want := float32(0)
			if tt.from <= at && at < tt.to {
				want = u.Samples[samplesIn(at-u.From)]
			}
			require.InDelta(t, want, v, 1, "%v of %v..%v", at, tt.start, tt.end)
		}
	}
	require.InDelta(t, 1, u.Samples[0], 0, "the utterance itself stays")
}

// What comes of an echo is a window of its own.
func TestEchoIsHeardByItself(t *testing.T) {
	t.Parallel()
	c, err := testcall.NewLoudspeaker(2, 4, anything, anything)
	require.NoError(t, err)
	windows := func(wav []byte, channel audio.Channel) int {
		tr := &scripted{answer: func(context.Context, Window) ([]Phrase, error) { return nil, nil }}
		_, _, err := Hear(t.Context(), opened{tr, nil}, Config{},
			Track{Side: Customer, Audio: bytes.NewReader(wav), Channel: channel})
		require.NoError(t, err)
		return len(tr.windows)
	}
	require.Greater(t, windows(c.WAV(), audio.Right),
		windows(testcall.WAV(c.Customer), audio.Mono))
}
