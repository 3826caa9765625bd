package grpcapi

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// What the API reads without asking a service: lists, and single things by their names.
// Each that takes a name answers fault.NotFound where there is nothing of that name.

// Recordings reads recordings, and takes up those that were given up.
type Recordings interface {
	Get(ctx context.Context, id recording.ID) (recording.Recording, error)
	List(ctx context.Context, f recording.Filter) ([]recording.Recording, error)
	Requeue(ctx context.Context, id recording.ID) (recording.Recording, error)
	Replaced
}

// Replaced reads what became of files whose place another one took.
type Replaced interface {
	// Versions are what a recording was before files that go on further took its place,
	// the oldest first.
	Versions(ctx context.Context, id recording.ID) ([]recording.Version, error)
	// AsideOf tells why a recording was set aside for another; nil where it wasn't.
	AsideOf(ctx context.Context, id recording.ID) (*recording.SetAside, error)
}

// Transcripts reads what was heard in recordings, and what was made of it.
type Transcripts interface {
	Get(ctx context.Context, id recording.ID, side asr.Side) (asr.Transcript, error)
	// Of reads those of many recordings, and leaves out those that were not judged yet.
	Of(ctx context.Context, ids []recording.ID) (map[recording.ID][]asr.Transcript, error)
	// Judgements leaves out the recordings that were not judged yet.
	Judgements(ctx context.Context, ids []recording.ID) (map[recording.ID]review.Judgement, error)
	// VersionVerdicts are the verdicts on a recording's versions, nil for what was not judged.
	VersionVerdicts(ctx context.Context, id recording.ID) ([]*keywords.Verdict, error)
}

// Suspects reads suspects and the decisions on them.
type Suspects interface {
	Get(ctx context.Context, id review.ID) (review.Suspect, error)
	List(ctx context.Context, f review.Filter) ([]review.Suspect, error)
	Decisions(ctx context.Context, id review.ID) ([]review.Decision, error)
	ManySuspects
}

// ManySuspects tells of many suspects at once.
type ManySuspects interface {
	// Blind tells of which recordings something is still to be decided blindly.
	Blind(ctx context.Context, ids []recording.ID) (map[recording.ID]bool, error)
	// Count counts what List would list.
	Count(ctx context.Context, f review.Filter) (review.Counts, error)
	// Siblings counts for each how many others of its number wait that the filter's reviewer may see.
	Siblings(ctx context.Context, of []review.Suspect, f review.Filter) (map[review.ID]int, error)
}

// EarlierCalls reads the calls to a number that began before a time.
type EarlierCalls interface {
	// Earlier lists the latest of them, and counts all.
	Earlier(ctx context.Context, f calls.Earlier, rules calls.Timeline) ([]calls.Call, int, error)
}

// Freezes reads freezes and the allow list.
type Freezes interface {
	Get(ctx context.Context, id freeze.ID) (freeze.Freeze, error)
	List(ctx context.Context, f freeze.Filter) ([]freeze.Freeze, error)
	Each(ctx context.Context, f freeze.Filter, visit func(freeze.Freeze) error) error
	ManyFreezes
}

// ManyFreezes reads the freezes of many numbers, and the allow list.
type ManyFreezes interface {
	// Freezes selects freezes of many numbers at once.
	Freezes(ctx context.Context, q freeze.Query) ([]freeze.Freeze, error)
	// Extensions are those of the freezes, in their order.
	Extensions(ctx context.Context, ids []freeze.ID) (map[freeze.ID][]freeze.Extension, error)
	ListAllows(ctx context.Context, f freeze.AllowFilter) ([]freeze.Allow, error)
	// ListComplaints lists complaints, the newest first.
	ListComplaints(ctx context.Context, f freeze.ComplaintFilter) ([]freeze.KeptComplaint, error)
}

// Finder finds numbers by what people have of them.
type Finder interface {
	// ByTail finds up to limit numbers by their last digits, 4 or more: the latest first, and those after one, whose ID is
	// its Name.
	ByTail(ctx context.Context, digits string, after *request.Cursor, limit int) ([]number.Match, error)
	// ByCall finds a call's; ok is false where there is no such call.
	ByCall(ctx context.Context, id string) (m number.Match, ok bool, err error)
	// BySuspect finds those of suspects whose ids end so, in capitals, 6 characters or more.
	BySuspect(ctx context.Context, end string, limit int) ([]number.Match, error)
}

// Ledger proves itself.
type Ledger interface {
	Verify(ctx context.Context, want freeze.MAC) (freeze.Verification, error)
}

// Calls reads calls, judged by rules.
type Calls interface {
	Get(ctx context.Context, id string, rules calls.Timeline) (calls.Record, error)
	List(ctx context.Context, f calls.Filter, rules calls.Timeline) ([]calls.Call, error)
	EachHistory(ctx context.Context, at calls.Span, rules calls.Timeline,
		visit func(number.Number, calls.History) error) error
	LineSlots(ctx context.Context, from, until time.Time) ([]calls.LineSlot, error)
}
