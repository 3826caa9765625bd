package keywords_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
)

// A hit shows nothing of a number that went from its segments, also where only a part of it is in the hit.
func TestBlankHits(t *testing.T) {
	t.Parallel()
	before := []asr.Segment{{Text: "是138 0013"}, {Text: "8000别打"}, {Text: "好"}}
	after := []asr.Segment{{Text: "是*** ****"}, {Text: "****别打"}, {Text: "好"}}
	for _, tt := range []struct {
		in   keywords.Hit
		want string
	}{
		{keywords.Hit{Text: "8000别打", Segment: 1, End: 6}, "****别打"},
		{keywords.Hit{Text: "0013 8000别打", Segment: 0, Start: 5, End: 9}, "**** ****别打"},
		{keywords.Hit{Text: "00138000别打好", Segment: 0, Start: 5, End: 9}, "********别打好"},
		{keywords.Hit{Text: "好", Segment: 2, End: 1}, "好"},
		{keywords.Hit{Text: "别的", Segment: 1, End: 2}, "别的"},
		{keywords.Hit{Text: "8000", Segment: 7}, "8000"},
		{keywords.Hit{Text: "8000", Segment: 1, Start: 70, End: 74}, "8000"},
	} {
		hits := []keywords.Hit{tt.in}
		require.Equal(t, tt.want != tt.in.Text, keywords.Blank(hits, before, after))
		require.Equal(t, tt.want, hits[0].Text)
	}
}
