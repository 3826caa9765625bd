package vcon

import (
	"context"
	"time"
)

// Filter selects calls. Zero fields select all.
type Filter struct {
	// From and Until bound when the call began, or its recording where no report tells; Until is
	// exclusive.
	From, Until time.Time
	Agent, Line string
	// Suspects selects calls that made a suspect.
	Suspects bool
	// Unrecorded takes in calls of which there is no recording.
	Unrecorded bool
}

// Source knows conversations.
type Source interface {
	// Conversation is all that is known of a call, as far as it is of one of the lines; none for all. The parts
	// of one call may be of several. NotFound where neither a report nor a recording of them named it.
	Conversation(ctx context.Context, callID string, lines []string) (Conversation, error)
	// EachCall hands visit the ids of the calls that f selects, each once, until it fails. What is
	// added or changed meanwhile may be left out. Nothing is kept open while visit runs.
	EachCall(ctx context.Context, f Filter, visit func(callID string) error) error
}
