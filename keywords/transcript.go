package keywords

import (
	"cmp"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/asr"
)

// Transcript judges a transcript, usually the customer's. Segments that follow each
// other adjoiningly are read on, so a phrase may run from one into the next. What was
// heard before answerOffset, the time in the recording at which the call was
// answered, is vetoed.
func (j *Judge) Transcript(t asr.Transcript, answerOffset time.Duration) Verdict {
	return j.Call(t, asr.Transcript{}, answerOffset)
}

// Call judges a customer's transcript as Transcript does, knowing what the agent said at that
// time, as far as it was heard: it may say what a short answer means. Nothing that the agent
// says is a hit. Without an agent's segments the verdict is Transcript's.
func (j *Judge) Call(customer, agent asr.Transcript, answerOffset time.Duration) Verdict {
	s := newSpoken(customer, j.options.MaxPause, answerOffset)
	s.agent = agent.Segments
	a := j.spoken(s)
	told := a.machineSpeaks(customer, answerOffset)
	v := j.verdict(&a)
	v.Answers = s.answers
	v.AnsweredBy = answeredBy(customer, answerOffset, told, v.Suspect)
	return v
}

func (j *Judge) spoken(s *spoken) account {
	r := newReading()
	defer r.release()
	j.search.read(r, s.cursor.text)
	return j.hits(r, s)
}

// spoken is the text of segments, joined by one character each.
type spoken struct {
	cursor   cursor
	segments []asr.Segment
	// starts are the places of the segments' texts, in characters of the whole text;
	// one more stands for the end.
	starts   []int
	of       asr.Side
	engine   string // that recognised the words
	answered time.Duration
	ended    time.Duration
	clock    clock
	// agent are the agent's segments, none where they are not known, and answers when the
	// customer said no and nothing else.
	agent   []asr.Segment
	answers []asr.Span
}

// Segments are joined by white space that the normal form reads as a pause, or as a
// sentence's end. Nothing runs on from an echo of the agent's into the customer's words.
const (
	adjoining = ' '
	apart     = '\n'
)

func newSpoken(t asr.Transcript, maxPause, answered time.Duration) *spoken {
	segments := t.Segments
	s := &spoken{segments: segments, of: cmp.Or(t.Side, asr.Customer), engine: t.Settings.Engine, answered: answered,
		ended: t.Duration}
	var text strings.Builder
	place := 0
	for i, segment := range segments {
		s.starts = append(s.starts, place)
		s.ended = max(s.ended, segment.End)
		text.WriteString(segment.Text)
		place += utf8.RuneCountInString(segment.Text) + 1
		if i+1 < len(segments) && segments[i+1].Start-segment.End < maxPause &&
			asr.IsEcho(segments[i+1].AgentLikeness) == asr.IsEcho(segment.AgentLikeness) {
			text.WriteByte(adjoining)
		} else {
			text.WriteByte(apart)
		}
	}
	s.starts = append(s.starts, place)
	s.cursor.text = text.String()
	return s
}

// at returns the segment that the character of the whole text belongs to, and its
// place in the segment's text.
func (s *spoken) at(character int) (segment, offset int) {
	segment = sort.SearchInts(s.starts, character+1) - 1
	return segment, character - s.starts[segment]
}

func (s *spoken) hit(from, to int, h *Hit) float64 {
	first, start := s.at(from)
	last, end := s.at(to - 1)
	h.Segment, h.Start = first, start
	h.End = min(start+to-from, s.starts[first+1]-1-s.starts[first])
	h.Text = s.cursor.slice(from, to)
	h.Time.Start = s.clock.read(s.segments, first).begins(start)
	h.Time.End = max(h.Time.Start, s.clock.read(s.segments, last).ends(end+1))
	h.AgentLikeness = s.likeness(first, last)
	return min(s.segments[first].Confidence(), s.segments[last].Confidence())
}

// early goes by the middle of the hit: tokens' times are rough, and words spoken
// right at the answer belong to the call.
func (s *spoken) early(time asr.Span) bool {
	return s.answered > 0 && time.Start+time.Duration()/2 < s.answered
}

func (s *spoken) since(at asr.Span) (answer, end time.Duration, timed bool) {
	return at.Start - s.answered, s.ended - at.End, true
}

func (s *spoken) side() asr.Side { return s.of }

func (s *spoken) recognised() bool { return s.engine != "" }
