package batch

import (
	"fmt"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
)

// Submitted is a call that was handed to a server, or why it wasn't, as JSON.
type Submitted struct {
	File   string  `json:"file"`
	Member *string `json:"member"`
	CallID string  `json:"call_id"`
	Part   string  `json:"part"`
	// Recording is the server's name for it.
	Recording *string `json:"recording"`
	// Duplicate says that the server had it already, InPlace that it hears it where it lies.
	Duplicate bool    `json:"duplicate"`
	InPlace   bool    `json:"in_place"`
	Error     *string `json:"error"`
}

// SubmitSummary is what a run handed over, as JSON.
type SubmitSummary struct {
	// Calls are all of the archive: new ones, those that the server had, and those that failed.
	Calls  int `json:"calls"`
	New    int `json:"new"`
	Known  int `json:"known"`
	Failed int `json:"failed"`
	// InPlace are those of New that the server hears where they lie.
	InPlace  int `json:"in_place"`
	NotAudio int `json:"not_audio"`
	Unnamed  int `json:"unnamed"`
}

func (s SubmitSummary) taken() int { return s.New + s.Known }

// told counts what became of a call, and tells it.
func (s *submission) told(c *call, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = false
	s.sums.Calls++
	switch {
	case err != nil:
		s.sums.Failed++
	case c.answer.GetDuplicate():
		s.sums.Known++
	default:
		s.sums.New++
		if c.referred {
			s.sums.InPlace++
		}
	}
	s.weight += c.weight()
	s.bar.Set(s.weight)
	if err != nil && s.sums.Failed <= console.MaxErrors {
		s.bar.Hide()
		s.Errorf("%s: %v", c.item, err)
	}
	if *s.o.format != output.JSON {
		return nil
	}
	line := Submitted{File: c.item.File, Member: output.OrNull(c.item.Member), CallID: c.facts.CallID,
		Part: c.part(), Recording: output.OrNull(c.answer.GetRecording().GetName()),
		Duplicate: c.answer.GetDuplicate(), InPlace: c.referred}
	if err != nil {
		line.InPlace, line.Error = false, output.OrNull(err.Error())
	}
	return s.JSON(line)
}

func (s *submission) summary() error {
	sum := s.sums
	if *s.o.format == output.JSON {
		return s.JSON(sum)
	}
	text := fmt.Sprintf("%d calls: %d are new to the server, of which it hears %d where they lie; it had %d; %d failed; %d "+
		"files were no audio", sum.Calls, sum.New, sum.InPlace, sum.Known, sum.Failed, sum.NotAudio)
	return s.Println(text, "they wait behind what is live; 'refrain status' tells how many do")
}
