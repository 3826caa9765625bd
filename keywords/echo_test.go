package keywords_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// said is a customer's transcript of texts, a second each, of which so much is the agent's.
func said(texts []string, likeness ...float64) asr.Transcript {
	t := asr.Transcript{Side: asr.Customer}
	for i, text := range texts {
		start := time.Duration(i) * time.Second
		t.Duration = start + time.Second
		s := asr.Segment{Span: asr.Span{Start: start, End: t.Duration}, Text: text}
		if i < len(likeness) {
			s.AgentLikeness = &likeness[i]
		}
		t.Segments = append(t.Segments, s)
	}
	return t
}

func TestEchoOfTheAgent(t *testing.T) {
	t.Parallel()
	judge, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	for _, tt := range []struct {
		name    string
		call    asr.Transcript
		suspect bool
		echoes  int
	}{
		{"the agent's words", said([]string{"如果您没兴趣"}, 0.9), false, 1},
		{"the agent's words, clearly a refusal", said([]string{"我没兴趣，别再打了"}, 0.5), false,
			2},
		{"the customer's", said([]string{"我没兴趣，别再打了"}, 0.2), true, 0},
		{"not known", said([]string{"我没兴趣，别再打了"}), true, 0},
		{"the customer's after the agent's", said([]string{"您没兴趣吗", "我没兴趣"}, 0.9, 0), true,
			1},
		{"no phrase runs from one into the other", said([]string{"我没有", "兴趣很大"}, 0.9, 0),
			false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := judge.Transcript(tt.call, 0)
			require.Equal(t, tt.suspect, v.Suspect)
			echoes := 0
			for _, h := range v.Hits {
				if h.Veto != nil && h.Veto.Reason == keywords.VetoEcho {
					require.Equal(t, tt.call.Segments[h.Segment].AgentLikeness, h.AgentLikeness)
					echoes++
				}
			}
			require.Equal(t, tt.echoes, echoes, "%+v", v.Hits)
		})
	}
}
