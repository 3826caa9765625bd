package storetest

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// finish stores what became of a recording, with the suspect that the verdict makes.
func (b *bench) finish(ctx context.Context, id recording.ID, o outcome) error {
	var x *review.Suspect
	r, err := b.Recordings.Get(ctx, id)
	if err == nil {
		of := review.Heard{RecordingID: string(r.ID), CallID: r.CallID, Part: r.Part,
			Number: r.Number, Agent: r.Agent}
		if s, ok := review.NewSuspect(of, o.verdict, b.clock()); ok {
			x = &s
		}
	}
	// which says where there is no such recording
	return b.Transcripts.Finish(ctx, id, []asr.Transcript{o.transcript}, o.verdict, x, 0)
}

// freezesOf are all freezes of a number, those that ended too.
func (b *bench) freezesOf(ctx context.Context, n number.Number) ([]freeze.Freeze, error) {
	return b.Freezes.Freezes(ctx, freeze.Query{Numbers: []number.Number{n}})
}

// allowsOf are all entries of the allow list for a number.
func (b *bench) allowsOf(ctx context.Context, n number.Number) ([]freeze.Allow, error) {
	return b.Freezes.Allows(ctx, freeze.AllowQuery{Numbers: []number.Number{n}})
}

// callHistory are the calls to a number that began from the one time to the other.
func (b *bench) callHistory(
	ctx context.Context, n number.Number, from, to time.Time,
) (calls.History, error) {
	found, err := b.Calls.Histories(ctx, []number.Number{n}, calls.Span{From: from, To: to},
		b.timeline())
	if err != nil {
		return calls.History{}, err
	}
	return *found[n], nil
}
