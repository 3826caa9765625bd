package recording

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/fault"
)

var defaults = Defaults{CustomerChannel: audio.Right,
	Sources: map[string]audio.Channel{"pbx": audio.Left, "odd": "centre"}}

func good() Metadata {
	return Metadata{CallID: "call-1", Number: "138 0013 8000", Agent: "小王",
		SHA256:    strings.Repeat("aB", 32),
		StartedAt: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), AnswerOffset: time.Second}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	r, err := defaults.begin(good())
	require.NoError(t, err)
	require.Equal(t, "+8613800138000", r.Number.E164())
	require.Equal(t, strings.Repeat("ab", 32), r.SHA256)
	require.Equal(t, Queued, r.State)
	require.Equal(t, audio.Right, r.CustomerChannel)
	for _, tt := range []struct {
		name, source string
		given, want  audio.Channel
	}{
		{"the source's default", "pbx", "", audio.Left},
		{"what is said goes first", "pbx", audio.Mono, audio.Mono},
		{"any other source", "x", "", audio.Right},
	} {
		m := good()
		m.Source, m.CustomerChannel = tt.source, tt.given
		r, err := defaults.begin(m)
		require.NoError(t, err, tt.name)
		require.Equal(t, tt.want, r.CustomerChannel, tt.name)
	}
}

func TestMetadataRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		field string
		says  string
		wrong func(*Metadata)
	}{
		{"call_id", "missing", func(m *Metadata) { m.CallID = "" }},
		{"call_id", "129 bytes", func(m *Metadata) { m.CallID = strings.Repeat("x", MaxCallID+1) }},
		{"call_id", "control", func(m *Metadata) { m.CallID = "a\nb" }},
		{"part", "65 bytes", func(m *Metadata) { m.Part = strings.Repeat("x", MaxPart+1) }},
		{"part", "UTF-8", func(m *Metadata) { m.Part = "\xff" }},
		{"agent", "129 bytes", func(m *Metadata) { m.Agent = strings.Repeat("x", MaxAgent+1) }},
		{"source", "65 bytes", func(m *Metadata) { m.Source = strings.Repeat("x", MaxSource+1) }},
		{"source", "control", func(m *Metadata) { m.Source = "\x00" }},
		{"number", "empty", func(m *Metadata) { m.Number = "" }},
		{"number", "not a telephone number", func(m *Metadata) { m.Number = "12" }},
		{"customer_channel", "left, right or mono",
			func(m *Metadata) { m.CustomerChannel = "middle" }},
		{"customer_channel", "centre", func(m *Metadata) { m.Source = "odd" }},
		{"answer_offset", "negative", func(m *Metadata) { m.AnswerOffset = -1 }},
		{"sha256", "64 hex", func(m *Metadata) { m.SHA256 = "abc" }},
		{"sha256", "64 hex", func(m *Metadata) { m.SHA256 = strings.Repeat("xy", 32) }},
	} {
		t.Run(tt.field+" "+tt.says, func(t *testing.T) {
			t.Parallel()
			m := good()
			tt.wrong(&m)
			_, err := defaults.begin(m)
			bad := requireFields(t, err, tt.field)
			require.Contains(t, bad[0].Problem, tt.says)
		})
	}
	_, err := defaults.begin(Metadata{AnswerOffset: -1})
	requireFields(t, err, "call_id", "number", "answer_offset")
	_, err = Defaults{}.begin(good())
	requireFields(t, err, "customer_channel")
}

// requireFields expects that just these fields are refused.
func requireFields(t *testing.T, err error, names ...string) []fault.Field {
	t.Helper()
	var bad *fault.Error
	require.ErrorAs(t, err, &bad)
	require.Equal(t, fault.Invalid, bad.Kind)
	var got []string
	for _, f := range bad.Fields {
		got = append(got, f.Name)
	}
	require.ElementsMatch(t, names, got)
	return bad.Fields
}

func TestCheckAudio(t *testing.T) {
	t.Parallel()
	info := func(channels int) audio.Info {
		return audio.Info{Rate: 8000, Channels: channels, Frames: 8000}
	}
	for _, tt := range []struct {
		name    string
		channel audio.Channel
		info    audio.Info
		offset  time.Duration
		wrong   []string
	}{
		{"stereo", audio.Left, info(2), 0, nil},
		{"mono", audio.Mono, info(1), 0, nil},
		{"answered at the very end", audio.Left, info(2), time.Second, nil},
		{"answered after the end", audio.Left, info(2), time.Second + 1, []string{"answer_offset"}},
		{"mono said, stereo sent", audio.Mono, info(2), 0, []string{"customer_channel"}},
		{"stereo said, mono sent", audio.Right, info(1), 0, []string{"customer_channel"}},
		{"both", audio.Right, info(1), time.Hour, []string{"customer_channel", "answer_offset"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := Recording{CustomerChannel: tt.channel, Audio: tt.info,
				AnswerOffset: tt.offset}.checkAudio()
			if tt.wrong == nil {
				require.NoError(t, err)
				return
			}
			requireFields(t, err, tt.wrong...)
		})
	}
}
