package transcript

import (
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/asr"
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

// Said is what was heard of one side in JSON.
type Said struct {
	Segments []Segment `json:"segments"`
	// Heard are the stretches that were heard; left out where the whole track was.
	Heard []Stretch `json:"heard,omitempty"`
}

// Stretch is a stretch of a recording in JSON, in seconds.
type Stretch struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
}

// LocalSegments are segments that were heard here.
func LocalSegments(segments []asr.Segment) []Segment {
	list := make([]Segment, len(segments))
	for i, s := range segments {
		list[i] = NewSegment(output.Seconds(s.Start), output.Seconds(s.End), s.Text, s.Confidence(),
			s.AgentLikeness)
	}
	return list
}

// LocalStretches are stretches of a track that was heard here.
func LocalStretches(heard []asr.Span) (list []Stretch) {
	for _, s := range heard {
		list = append(list, Stretch{output.Seconds(s.Start), output.Seconds(s.End)})
	}
	return list
}

// RemoteSaid is what the server heard of a side.
func RemoteSaid(t *pb.Transcript) Said {
	said := Said{Segments: make([]Segment, len(t.GetSegments()))}
	for i, s := range t.GetSegments() {
		start, end := SpanSeconds(s.GetSpan())
		said.Segments[i] = NewSegment(start, end, s.GetText(), s.GetConfidence(), s.AgentLikeness)
	}
	for _, s := range t.GetHeard() {
		start, end := SpanSeconds(s)
		said.Heard = append(said.Heard, Stretch{start, end})
	}
	return said
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
