package keywords

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

func TestAgentTrackCheck(t *testing.T) {
	t.Parallel()
	for _, a := range []AgentTrack{AgentOff, AgentShort, AgentOn} {
		require.NoError(t, a.Check())
	}
	require.EqualError(t, AgentTrack("yes").Check(), `is "yes"; it must be off, short or on`)
}

func TestListen(t *testing.T) {
	t.Parallel()
	between := func(start, end float64) asr.Span { return asr.Span{Start: seconds(start), End: seconds(end)} }
	spans := func(list ...asr.Span) []asr.Span { return list }
	for _, tt := range []struct {
		name  string
		track AgentTrack
		hits  []asr.Span
		// talks are when the agent speaks, nil where that isn't known
		talks []asr.Span
		only  []asr.Span
		hear  bool
	}{
		{"off", AgentOff, spans(between(30, 31)), nil, nil, false},
		{"on", AgentOn, nil, nil, nil, true},
		{"no hit", AgentShort, nil, nil, nil, false},
		{"around a hit", AgentShort, spans(between(30, 31)), nil, spans(between(20, 34)), true},
		{"at the beginning", AgentShort, spans(between(4, 5)), nil, spans(between(0, 8)), true},
		{"hits close to each other", AgentShort, spans(between(50, 51), between(40, 41)), nil,
			spans(between(30, 54)), true},
		{"hits far from each other", AgentShort, spans(between(30, 31), between(60, 61)), nil,
			spans(between(20, 34), between(50, 64)), true},
		{"until the agent pauses", AgentShort, spans(between(30, 31)),
			spans(between(17, 22), between(25, 28), between(33, 36)),
			spans(between(16.7, 36.3)), true},
		{"an agent who talks on and on", AgentShort, spans(between(30, 31)),
			spans(between(5, 29), between(32, 60)), spans(between(20, 34)), true},
		{"speech at the track's beginning", AgentShort, spans(between(11, 12)),
			spans(between(0.1, 3)), spans(between(0, 15)), true},
		{"a silent agent", AgentShort, spans(between(30, 31)), spans(between(1, 2), between(50, 60)),
			nil, false},
		{"silent beside one of two hits", AgentShort, spans(between(30, 31), between(60, 61)),
			spans(between(25, 26)), spans(between(20, 34)), true},
	} {
		var v Verdict
		for _, at := range tt.hits {
			v.Hits = append(v.Hits, Hit{Time: at})
		}
		var customer asr.Transcript
		if tt.talks != nil {
			customer.Sounds = &asr.Sounds{Agent: &asr.Sound{Talks: tt.talks}}
		}
		only, hear := tt.track.Listen(customer, v)
		require.Equal(t, tt.hear, hear, tt.name)
		require.Len(t, only, len(tt.only), tt.name)
		for i, want := range tt.only {
			require.InDelta(t, want.Start.Seconds(), only[i].Start.Seconds(), 0.001, tt.name)
			require.InDelta(t, want.End.Seconds(), only[i].End.Seconds(), 0.001, tt.name)
		}
	}
	mono := asr.Transcript{Sounds: &asr.Sounds{}}
	_, hear := AgentShort.Listen(mono, Verdict{Hits: []Hit{{Time: between(30, 31)}}})
	require.True(t, hear, "whether there is an agent's track is for others to know")
}
