package naming

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/asr/audio"
)

// Facts are what a file's name says; what it doesn't say is empty.
type Facts struct {
	CallID, Part, Number, Agent, Line, Source string
	Start                                     time.Time
	// Side says that the file holds one side of the call alone, and Word how the name puts it, such as in or r.
	Side Side
	Word string
}

// Side is whose side of a call a file holds.
type Side string

// The sides; Both is a whole call, or one whose sides nobody told apart.
const (
	Both     Side = ""
	Agent    Side = "agent"
	Customer Side = "customer"
)

// Alone is the part of a call that a file is which holds the customer's side and has no other file beside
// it: what its name says, or else how it puts the side. The other one, or both in one, may come later.
func (f Facts) Alone() string {
	if f.Part == "" && f.Side == Customer {
		return f.Word
	}
	return f.Part
}

// Reader tells facts from a file's path. Its error says why the name does not fit.
type Reader func(path string) (Facts, error)

// sides tell which word of a name stands for the customer. In and out, r and t are as seen from Asterisk: what it
// receives from a channel, and what it sends there.
type sides struct {
	customer string // "in", "out", or "" where names tell it otherwise
}

// inward and outward are words for what a channel's party says, and what it hears.
var (
	inward  = []string{"in", "r", "rx", "read"}
	outward = []string{"out", "t", "tx", "write"}
)

// side is what a word says of whose side it is.
func (s sides) side(word string) (Side, error) {
	lower := strings.ToLower(word)
	switch {
	case lower == "", lower == "all", lower == "mix":
		return Both, nil
	case lower == string(Agent), lower == "a":
		return Agent, nil
	case lower == string(Customer), lower == "b", lower == "c":
		return Customer, nil
	case slices.Contains(inward, lower):
		return s.of("in"), nil
	case slices.Contains(outward, lower):
		return s.of("out"), nil
	}
	return "", fmt.Errorf("side %q is none of agent, customer, in, out, r, t, rx, tx, all", word)
}

func (s sides) of(direction string) Side {
	if direction == cmp.Or(s.customer, "out") {
		return Customer
	}
	return Agent
}

// set sets what a field of a name says.
func (f *Facts) set(field, value string, in *time.Location, s sides) (err error) {
	if value == "" {
		return nil
	}
	switch field {
	case "call_id":
		f.CallID = value
	case "part":
		f.Part = value
	case "number":
		f.Number = value
	case "agent":
		f.Agent = value
	case "line":
		f.Line = value
	case "source":
		f.Source = value
	case "side":
		f.Word = value
		f.Side, err = s.side(value)
	case "start":
		f.Start, err = Time(value, in)
	}
	return err
}

// stem is a file's name without folders and without the endings that tell its format; others, as that of
// 1700000000.123, belong to the name.
func stem(name string) string {
	base := path.Base(filepath.ToSlash(name))
	for audio.SoundEnding(base) {
		base = base[:len(base)-len(path.Ext(base))]
	}
	return base
}
