package rejudge

import (
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
)

// Selection chooses recordings that were judged. Zero fields choose all.
type Selection struct {
	// Since and Until bound when the call began; where neither the recorder nor a report said
	// so, when the recording came. Until is exclusive.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	Agent string    `json:"agent,omitempty"`
	// Line is the one that the call's report names.
	Line   string `json:"line,omitempty"`
	Source string `json:"source,omitempty"`
	// Class is the present suspect's; calls without a suspect have none.
	Class keywords.Class `json:"class,omitempty"`
	// Lexicon is the version that gave the present verdict: its ID, or as its author named it.
	Lexicon string `json:"lexicon,omitempty"`
	// Suspect is what became of the call.
	Suspect Suspects `json:"suspect,omitempty"`
}

// Suspects tells calls apart by what became of them.
type Suspects string

// What may have become of a call: no suspect, one that waits for a decision, or is decided.
const (
	None      Suspects = "none"
	Undecided Suspects = "undecided"
	Confirmed Suspects = "confirmed"
	Dismissed Suspects = "dismissed"
)

// check notes what is wrong with the selection.
func (s Selection) check(wrong *fault.Fields) {
	if !s.Since.IsZero() && !s.Until.IsZero() && !s.Since.Before(s.Until) {
		wrong.Add("end_time", "is %s; it must be after the start, %s", s.Until.UTC().Format(time.RFC3339),
			s.Since.UTC().Format(time.RFC3339))
	}
	for name, text := range map[string]string{"agent": s.Agent, "line": s.Line, "source": s.Source,
		"class": string(s.Class), "lexicon": s.Lexicon} {
		if len(text) > maxText || !utf8.ValidString(text) {
			wrong.Add(name, "has %d bytes; at most %d, in UTF-8, are looked for", len(text), maxText)
		}
	}
	switch s.Suspect {
	case "", None, Undecided, Confirmed, Dismissed:
	default:
		wrong.Add("suspect_state", "is %q, which is no state", s.Suspect)
	}
	if s.Suspect == None && s.Class != "" {
		wrong.Add("class", "is a suspect's; leave it out where you ask for calls without one")
	}
}

// Survey is what a selection comes to.
type Survey struct {
	// Last is the greatest id among the recordings chosen, "" for none.
	Last  recording.ID
	Total int
}

// maxText is the longest text that a selection looks for, in bytes.
const maxText = 128
