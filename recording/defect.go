package recording

import (
	"fmt"
	"strings"
)

// Defect is what is wrong with a recording that was taken in all the same: a stable name
// in lower_snake_case.
type Defect string

// The defects, in the order in which they are told.
const (
	// CustomerDead: the customer's track carries no sound at all.
	CustomerDead Defect = "customer_dead"
	// CustomerFaint: somebody speaks on the customer's track, far too quietly to be heard.
	CustomerFaint Defect = "customer_faint"
	// CustomerNoise: the customer's track carries loud sound all along, but no speech.
	CustomerNoise Defect = "customer_noise"
	// SidesSwapped: the agent speaks on what was said to be the customer's track.
	SidesSwapped Defect = "sides_swapped"
	// HeaderUnfinished: the sizes in the file's header are placeholders, or older than the
	// file: it may have been sent before the recorder was done.
	HeaderUnfinished Defect = "header_unfinished"
	// Truncated: the file ends before its header says.
	Truncated Defect = "truncated"
	// ShorterThanCall: the recording is much shorter than the call's report says that both
	// sides talked.
	ShorterThanCall Defect = "shorter_than_call"
)

// allDefects in the order of the bits of Defects.
var allDefects = [...]Defect{CustomerDead, CustomerFaint, CustomerNoise, SidesSwapped,
	HeaderUnfinished, Truncated, ShorterThanCall}

var advice = map[Defect]string{
	CustomerDead: "the customer's track carries no sound at all, so nothing was heard: check " +
		"the recorder and the way of the audio (one-way audio)",
	CustomerFaint: "the customer's track is far too quiet to be heard for sure: check the " +
		"recorder's level of that side",
	CustomerNoise: "the customer's track is loud all along, but no speech was found on it: " +
		"check the recorder's codec and byte order",
	SidesSwapped: "the agent seems to speak on the customer's track: check customer_channel " +
		"of this source",
	HeaderUnfinished: "the file's header was never finished: unless it was written into a pipe, it " +
		"may have been sent before the recorder was done; then send the whole file again, for the " +
		"same call and part, once the recorder has closed it",
	Truncated: "the file ends before its header says: send the whole file again, for the same " +
		"call and part",
	ShorterThanCall: "it is much shorter than the call's report says that both sides talked: " +
		"check how it is recorded (Asterisk's MixMonitor D loses half of it)",
}

// Advice says in a sentence what is wrong and what to do, "" for what is no defect.
func (d Defect) Advice() string { return advice[d] }

// Defects is a set of them. Sets can be compared.
type Defects uint16

// Add is the set with more defects in it. It panics on what is no defect.
func (s Defects) Add(more ...Defect) Defects {
	for _, d := range more {
		s |= bitOf(d)
	}
	return s
}

// Has reports whether d is in the set.
func (s Defects) Has(d Defect) bool { return s&bitOf(d) != 0 }

// All are the defects in the set, in the order of the constants; never nil.
func (s Defects) All() []Defect {
	all := []Defect{}
	for _, d := range allDefects {
		if s.Has(d) {
			all = append(all, d)
		}
	}
	return all
}

// Unheard reports whether one of them keeps the customer from being heard.
func (s Defects) Unheard() bool {
	return s.Has(CustomerDead) || s.Has(CustomerFaint) || s.Has(CustomerNoise)
}

// Broken reports whether one of them says that the customer's side is not where or what it
// should be, which is the recorder's doing.
func (s Defects) Broken() bool { return s.Unheard() || s.Has(SidesSwapped) }

// String joins the names by commas.
func (s Defects) String() string {
	names := make([]string, 0, len(allDefects))
	for _, d := range s.All() {
		names = append(names, string(d))
	}
	return strings.Join(names, ",")
}

// ParseDefects reads what String wrote.
func ParseDefects(text string) (Defects, error) {
	var s Defects
	for name := range strings.SplitSeq(text, ",") {
		switch bit := bit(Defect(name)); {
		case name == "":
		case bit == 0:
			return 0, fmt.Errorf("recording: %q is no defect", name)
		default:
			s |= bit
		}
	}
	return s, nil
}

func bitOf(d Defect) Defects {
	b := bit(d)
	if b == 0 {
		panic("recording: " + string(d) + " is no defect")
	}
	return b
}

// bit is 0 for what is no defect.
func bit(d Defect) Defects {
	for i, known := range allDefects {
		if known == d {
			return 1 << i
		}
	}
	return 0
}
