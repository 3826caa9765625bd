package review

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
)

func TestReheard(t *testing.T) {
	t.Parallel()
	const before = 10 * time.Second
	refuses := func(at time.Duration) keywords.Verdict {
		return keywords.Verdict{Suspect: true, Score: 0.8, Lexicon: "l2", Hits: []keywords.Hit{
			{Class: "stop_calling", Score: 0.8, Time: asr.Span{Start: at, End: at + time.Second}}}}
	}
	vetoed := refuses(20 * time.Second)
	vetoed.Hits[0].Veto = &keywords.Veto{}
	for _, tt := range []struct {
		name    string
		s       Suspect
		v       keywords.Verdict
		changed bool
		round   int
	}{
		{"open", open(t), refuses(2 * time.Second), true, 1},
		{"claimed", claimed(t, "li", noon), refuses(20 * time.Second), true, 1},
		{"open, and no refusal any more", open(t), keywords.Verdict{Lexicon: "l2"}, true, 1},
		{"confirmed", decided(t, Confirm), refuses(20 * time.Second), false, 1},
		{"dismissed, with nothing new", decided(t, Dismiss), refuses(2 * time.Second), false, 1},
		{"dismissed, with a refusal in what is new", decided(t, Dismiss), refuses(20 * time.Second),
			true, 2},
		{"dismissed, with what does not count", decided(t, Dismiss), vetoed, false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, changed := tt.s.Reheard(tt.v, before)
			require.Equal(t, tt.changed, changed)
			require.Equal(t, tt.round, got.Round)
			if !changed {
				require.Equal(t, tt.s, got)
				return
			}
			require.Nil(t, got.Decision)
			require.Equal(t, tt.v.Hits, got.Hits)
			require.Equal(t, tt.v.Score, got.Score)
			require.Equal(t, "l2", got.Lexicon)
			require.NotEmpty(t, got.Class)
		})
	}
}
