package batch

import (
	"sync"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	"github.com/refrain-asr/refrain/review"
)

// sums are what a run did.
type sums struct {
	now   func() time.Time
	begun time.Time
	Counts
	failed int

	mu      sync.Mutex
	reading time.Duration // spent on reading and on finding sounds, voices included
	audio   time.Duration // heard by this run
	weight  int64         // of all calls so far
	worked  int64         // of those that were heard
}

// Counts are a run's calls, as JSON.
type Counts struct {
	// Calls are all of the archive; Heard, Rejudged and Kept those that were heard now, judged anew without
	// that, and left as they were.
	Calls    int `json:"calls"`
	Heard    int `json:"heard"`
	Rejudged int `json:"rejudged"`
	Kept     int `json:"kept"`
	NotAudio int `json:"not_audio"`
	// Unnamed are those whose names didn't fit what was said of them.
	Unnamed int `json:"unnamed"`
	// Suspects of this run, by the class that the hits speak for.
	Suspects   int            `json:"suspects"`
	Classes    map[string]int `json:"classes"`
	AnsweredBy map[string]int `json:"answered_by"`
	Defects    map[string]int `json:"defects"`
	Errors     map[string]int `json:"errors"`
}

func newSums(now func() time.Time) *sums {
	return &sums{now: now, begun: now(), Counts: Counts{Classes: map[string]int{}, AnsweredBy: map[string]int{},
		Defects: map[string]int{}, Errors: map[string]int{}}}
}

// heard notes what a customer's side took.
func (s *sums) heard(st asr.Stats) {
	s.prepared(st)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.audio += st.Audio
}

// prepared notes what reading a side took.
func (s *sums) prepared(st asr.Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading += st.Preparing
}

// all is how many calls there were.
func (s *sums) all() int { return s.Calls }

// add counts a call that is done.
func (s *sums) add(c *call) {
	s.Calls++
	s.weight += c.weight()
	switch {
	case c.err != nil:
		s.failed++
		s.Errors[kindOf(c.err)]++
		return
	case c.line == nil:
		s.Kept++
		return
	case c.rejudged:
		s.Rejudged++
	default:
		s.Heard++
		s.worked += c.weight()
	}
	v := c.heard.Verdict
	if v.Suspect {
		s.Suspects++
		s.Classes[string(review.Strongest(v.Hits))]++
	}
	if v.AnsweredBy != "" {
		s.AnsweredBy[string(v.AnsweredBy)]++
	}
	for _, d := range transcript.DefectNames(c.heard.Defects) {
		s.Defects[d]++
	}
}

// times are the audio heard, and how many times faster than it was spoken.
func (s *sums) times() (audio time.Duration, factor float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if took := s.now().Sub(s.begun); took > 0 {
		factor = s.audio.Seconds() / took.Seconds()
	}
	return s.audio, factor
}
