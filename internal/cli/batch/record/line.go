package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/hearing"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcribe"
	"github.com/refrain-asr/refrain/review"
)

// Line is what became of a call, as JSON: that of refrain transcribe, and what an archive tells
// besides. It holds nothing that another run would write otherwise.
type Line struct {
	transcribe.Line

	// Member is the name within the archive File; null where File is the recording itself.
	Member *string `json:"member"`
	// AgentFile and AgentMember are where the agent's side lies; left out where it isn't apart.
	AgentFile   string `json:"agent_file,omitempty"`
	AgentMember string `json:"agent_member,omitempty"`
	// SHA256 is that of the file, or of both files' together.
	SHA256 string `json:"sha256"`

	CallID *string `json:"call_id"`
	Part   string  `json:"part"`
	Number *string `json:"number"`
	Agent  *string `json:"agent"`
	// Trunk is the line by which the call was made.
	Trunk *string `json:"line"`
	Start *string `json:"start"`

	// Text is all that the customer said.
	Text string `json:"text"`
	// Class is what the hits speak for; null where nothing was found.
	Class *string `json:"class"`

	ModelSHA256 string  `json:"model_sha256"`
	Lexicon     string  `json:"lexicon"`
	Threshold   float64 `json:"threshold"`
	// Settings is a key of all that decides what is heard.
	Settings string `json:"settings"`
	// HeardLexicon is the lexicon that chose what was heard twice and of the agent; left out where it
	// is Lexicon.
	HeardLexicon string `json:"heard_lexicon,omitempty"`
	// HeardWith is a key of the recordings that shared windows with this one; left out where none did.
	HeardWith string `json:"heard_with,omitempty"`
	// Kept is what it takes to judge the call again without hearing it.
	Kept string `json:"kept"`
}

// Facts are what is known of a call beside its sound.
type Facts struct {
	File, Member, AgentFile, AgentMember string
	CallID, Part, Number, Agent, Trunk   string
	Start                                time.Time
	SHA256, Settings                     string

	start string // as a line tells it
	full  string // the number as the name has it, where Number is another form of it
}

// NewLine is the line of a call in which that was heard.
func NewLine(f Facts, h hearing.Heard, setup *hearing.Setup, heardWith string, kept Kept) (Line, error) {
	l := Line{Line: transcribe.NewLine(f.File, h), HeardWith: heardWith,
		Text: h.Customer.Text(), Class: output.OrNull(string(review.Strongest(h.Verdict.Hits))),
		ModelSHA256: h.Customer.Settings.Model.SHA256,
		Lexicon:     setup.Judge.Lexicon().ID(), Threshold: setup.Judge.Threshold()}
	if l.HeardLexicon = kept.Lexicon; l.HeardLexicon == l.Lexicon {
		l.HeardLexicon = ""
	}
	var err error
	l.Kept, err = kept.pack()
	l.tell(f)
	return l, err
}

// tell sets what is known of the call beside its sound.
func (l *Line) tell(f Facts) {
	l.File, l.Member, l.AgentFile, l.AgentMember = f.File, output.OrNull(f.Member), f.AgentFile, f.AgentMember
	l.CallID, l.Part, l.Number = output.OrNull(f.CallID), f.Part, output.OrNull(f.Number)
	l.Agent, l.Trunk, l.Start = output.OrNull(f.Agent), output.OrNull(f.Trunk), nil
	if !f.Start.IsZero() {
		l.Start = output.OrNull(f.Start.Format(time.RFC3339))
	}
	l.SHA256, l.Settings = f.SHA256, f.Settings
}

// Encode is the line as JSON.
func (l Line) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(l); err != nil {
		return nil, fmt.Errorf("encode a line: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Decode reads a line.
func Decode(line []byte) (l Line, err error) {
	if err := json.Unmarshal(line, &l); err != nil || l.File == "" || l.SHA256 == "" || l.Settings == "" {
		return l, errors.New("it is no line of refrain batch")
	}
	return l, nil
}

// Order is what lines are put in order by.
func (l Line) Order() string {
	return l.File + "\x00" + output.OrEmpty(l.Member) + "\x00" + l.Part + "\x00" + l.SHA256
}
