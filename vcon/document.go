package vcon

import (
	"time"

	"github.com/google/uuid"
)

// Document is an unsigned vCon with the fields of the draft that Refrain fills in (section 4).
type Document struct {
	// Syntax is the version of the format, which the draft has given up, and older readers ask for.
	Syntax    string     `json:"vcon"`
	UUID      uuid.UUID  `json:"uuid"`
	CreatedAt time.Time  `json:"created_at"`
	Subject   string     `json:"subject,omitempty"`
	Redacted  *Redacted  `json:"redacted,omitempty"`
	Parties   []Party    `json:"parties"`
	Dialog    []Dialog   `json:"dialog"`
	Analysis  []Analysis `json:"analysis"`
}

// Redacted says of which document this one is part, and what was left out.
type Redacted struct {
	UUID uuid.UUID `json:"uuid"`
	// Type is what was left out: "numbers", "audio" or "numbers,audio".
	Type string `json:"type"`
}

// Party is somebody in the conversation.
type Party struct {
	// Tel is a TEL URL (RFC 3966). A masked number is one of a local number, whose digits may be
	// "*".
	Tel  string `json:"tel,omitempty"`
	Name string `json:"name,omitempty"`
	// Validation tells how the name was verified.
	Validation string `json:"validation,omitempty"`
	// UUID is what the call centre knows the party by; an agent's is the same in all calls.
	UUID string `json:"uuid,omitempty"`
	Type string `json:"type,omitempty"`
}

// The indices of the parties.
const (
	agent    = 0
	customer = 1
)

// The kinds of a Dialog.
const (
	// Taped is a conversation that was recorded, or would have been: the draft's "recording".
	Taped = "recording"
	// Incomplete is a call that came to no conversation.
	Incomplete = "incomplete"
)

// Dialog is a piece of the conversation.
type Dialog struct {
	Type  string    `json:"type"`
	Start time.Time `json:"start"`
	// Duration is in seconds.
	Duration *float64 `json:"duration,omitempty"`
	// Parties holds an index for each channel of a recording with two, and one index for others.
	Parties any `json:"parties,omitempty"`
	// Originator is the party that called, where it isn't the first.
	Originator *int   `json:"originator,omitempty"`
	MediaType  string `json:"mediatype,omitempty"`
	Filename   string `json:"filename,omitempty"`
	// Disposition is why an incomplete dialog is.
	Disposition string  `json:"disposition,omitempty"`
	Body        *string `json:"body,omitempty"`
	Encoding    string  `json:"encoding,omitempty"`
}

// Analysis is what was made of one or several.
type Analysis struct {
	Type      string `json:"type"`
	Dialog    []int  `json:"dialog"`
	MediaType string `json:"mediatype"`
	Vendor    string `json:"vendor"`
	Product   string `json:"product"`
	// Schema names the form of Body, with its version.
	Schema   string `json:"schema"`
	Body     any    `json:"body"`
	Encoding string `json:"encoding"`
}
