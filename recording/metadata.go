package recording

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
)

// Metadata is what a recorder says of a recording, not checked yet.
type Metadata struct {
	CallID, Part, Number, Agent, Source string
	// CustomerChannel "" takes the source's default.
	CustomerChannel audio.Channel
	StartedAt       time.Time
	AnswerOffset    time.Duration
	// SHA256 of the file in hexadecimal, "" where the recorder does not say.
	SHA256 string
	// ArchivePath names a file in the server's Archives that is the recording; "" where its bytes
	// are sent.
	ArchivePath string
	// Priority decides when its turn comes.
	Priority Priority
	// Line is the one that the call went on, "" where the recorder does not know.
	Line string
	// Virtual says that the number stands for whoever uses it just now.
	Virtual bool
	// UnfinishedOK says that nobody is writing the file any more, whatever its header says.
	UnfinishedOK bool
	// Replace says that this file is right where another is there for the call and part; nil where
	// nobody said so.
	Replace *Replacement
}

// earliest is when no call of an archive was before: what lies before it comes from clocks that were never
// set.
var earliest = time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC)

// Limits of metadata, in bytes.
const (
	MaxCallID = 128
	MaxPart   = 64
	MaxAgent  = 128
	MaxSource = 64
	MaxLine   = 128
)

// Defaults fills in what recorders leave out.
type Defaults struct {
	// Numbers says how numbers are dialled.
	Numbers number.Plan
	// CustomerChannel for sources that are not in Sources.
	CustomerChannel audio.Channel
	Sources         map[string]audio.Channel
}

func (d Defaults) channel(source string) audio.Channel {
	if c, ok := d.Sources[source]; ok {
		return c
	}
	return d.CustomerChannel
}

// begin makes a recording of checked metadata; the audio is not known yet.
func (d Defaults) begin(m Metadata) (Recording, error) {
	var wrong fault.Fields
	checkText(&wrong, "call_id", m.CallID, MaxCallID)
	checkText(&wrong, "part", m.Part, MaxPart)
	checkText(&wrong, "agent", m.Agent, MaxAgent)
	checkText(&wrong, "source", m.Source, MaxSource)
	checkText(&wrong, "line", m.Line, MaxLine)
	if m.CallID == "" {
		wrong.Add("call_id", "is missing; give the call's id in the recorder's world")
	}
	n, err := d.Numbers.Parse(m.Number)
	if err != nil {
		wrong.Add("number", "is %s", err)
	}
	if m.CustomerChannel == "" {
		m.CustomerChannel = d.channel(m.Source)
	}
	if !m.CustomerChannel.Valid() {
		wrong.Add("customer_channel", "is %q; it must be left, right or mono", m.CustomerChannel)
	}
	if !m.Priority.Valid() {
		wrong.Add("priority", "is %d, which is no priority", m.Priority)
	}
	if m.AnswerOffset < 0 {
		wrong.Add("answer_offset", "is negative; it counts from the start of the file")
	}
	if !m.StartedAt.IsZero() && m.StartedAt.Before(earliest) {
		wrong.Add("start_time", "is %s; is the recorder's clock set? Leave it out where it isn't known: a "+
			"freeze may count from it", m.StartedAt.UTC().Format(time.RFC3339))
	}
	m.SHA256 = strings.ToLower(m.SHA256)
	if m.SHA256 != "" && (len(m.SHA256) != 64 || strings.Trim(m.SHA256, "0123456789abcdef") != "") {
		wrong.Add("sha256", "must be 64 hexadecimal digits")
	}
	return Recording{
		CallID: m.CallID, Part: m.Part, Number: n, Agent: m.Agent, Source: m.Source,
		CustomerChannel: m.CustomerChannel,
		StartedAt:       m.StartedAt.Truncate(time.Microsecond), AnswerOffset: m.AnswerOffset,
		SHA256: m.SHA256, State: Queued, Priority: m.Priority, Line: m.Line,
		Virtual: m.Virtual || err == nil && d.Numbers.IsVirtual(n),
	}, wrong.Err("recording.Upload")
}

func checkText(wrong *fault.Fields, name, s string, limit int) {
	switch {
	case len(s) > limit:
		wrong.Add(name, "has %d bytes; at most %d are allowed", len(s), limit)
	case !utf8.ValidString(s):
		wrong.Add(name, "is not valid UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		wrong.Add(name, "contains control characters")
	}
}

// checkAudio compares what the recorder said with what the audio turned out to be.
func (r Recording) checkAudio() error {
	var wrong fault.Fields
	if mono := r.CustomerChannel == audio.Mono; mono != (r.Audio.Channels == 1) {
		if mono {
			wrong.Add("customer_channel", "is mono, but the file has 2 channels; say left or right")
		} else {
			wrong.Add("customer_channel", "is %s, but the file has 1 channel; if it is the "+
				"customer's, say mono", r.CustomerChannel)
		}
	}
	if d := r.Audio.Duration(); r.AnswerOffset > d {
		wrong.Add("answer_offset", "is %s, but the audio ends at %s", r.AnswerOffset, d)
	}
	return wrong.Err("recording.Upload")
}
