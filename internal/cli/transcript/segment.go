package transcript

import (
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// SpanSeconds are a span's start and end in seconds.
func SpanSeconds(s *pb.Span) (start, end float64) {
	return output.Seconds(s.GetStart().AsDuration()), output.Seconds(s.GetEnd().AsDuration())
}

// Segment is a segment in JSON.
type Segment struct {
	Start      float64 `json:"start"`
	End        float64 `json:"end"`
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
	// AgentLikeness is how much of the sound is the agent's, 0..1; left out where unknown.
	AgentLikeness *float64 `json:"agent_likeness,omitempty"`
}

// NewSegment is what was said from start to end, in seconds, as JSON.
func NewSegment(start, end float64, text string, confidence float64, agent *float64) Segment {
	return Segment{start, end, text, output.Ratio(confidence), ratio(agent)}
}

// SegmentText is a segment for people: when it begins, what was said with its marks, and what
// was found in it.
func SegmentText(start time.Duration, text string, marks []Mark, hits []Hit) []string {
	lines := []string{fmt.Sprintf("%9s  %s", Clock(start), Highlight(text, marks))}
	for _, h := range hits {
		lines = append(lines, indent+h.Describe())
	}
	return lines
}

// indent stands before what belongs to a segment.
const indent = "           "

// Silence is the text for people in place of segments where there are none.
const Silence = indent + "(nothing was said)"

// Clock writes a place in a recording: 1:02.3.
func Clock(d time.Duration) string {
	tenths := d.Round(100*time.Millisecond).Milliseconds() / 100
	return fmt.Sprintf("%d:%02d.%d", tenths/600, tenths/10%60, tenths%10)
}
