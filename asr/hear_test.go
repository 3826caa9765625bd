package asr

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// opened is an Engine with a Transcriber, or one that does not start.
type opened struct {
	Transcriber
	err error
}

func (o opened) Open(context.Context) (Transcriber, error) { return o.Transcriber, o.err }
func (o opened) Close() error                              { return nil }

func TestHear(t *testing.T) {
	t.Parallel()
	wav, err := testcall.Make(1, 20*s)
	require.NoError(t, err)
	for _, alone := range []bool{false, true} {
		tr := &scripted{answer: says("不用")}
		got, stats, err := Hear(t.Context(), opened{tr, nil}, Config{Alone: alone},
			Track{Side: Agent, Audio: bytes.NewReader(wav), Channel: audio.Left})
		require.NoError(t, err)
		require.Equal(t, Agent, got.Side)
		require.Equal(t, 20*s, got.Duration)
		require.Equal(t, 20*s, stats.Audio)
		require.NotEmpty(t, got.Segments)
		for _, w := range tr.windows {
			require.Equal(t, alone, w.Alone)
		}
	}
}

func TestHearFails(t *testing.T) {
	t.Parallel()
	wav, err := testcall.Make(1, 5*s)
	require.NoError(t, err)
	boom := errors.New("boom")
	fine := opened{&scripted{answer: says("不用")}, nil}
	for _, tt := range []struct {
		name    string
		engine  Engine
		audio   []byte
		channel audio.Channel
		check   func(*testing.T, error)
	}{
		{"no engine", opened{nil, boom}, wav, audio.Right,
			func(t *testing.T, err error) { require.ErrorIs(t, err, boom) }},
		{"no audio", fine, []byte("none"), audio.Right, unreadable},
		{"no such channel", fine, wav, audio.Mono, unreadable},
		{"no transcript", opened{&scripted{answer: dies}, nil}, wav, audio.Left,
			func(t *testing.T, err error) { require.ErrorIs(t, err, ErrDied) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := Hear(t.Context(), tt.engine, Config{},
				Track{Side: Customer, Audio: bytes.NewReader(tt.audio), Channel: tt.channel})
			tt.check(t, err)
		})
	}
}

func dies(context.Context, Window) ([]Phrase, error) { return nil, ErrDied }

func unreadable(t *testing.T, err error) {
	t.Helper()
	var bad *audio.Error
	require.ErrorAs(t, err, &bad)
}
