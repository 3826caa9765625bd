package calls

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// Service takes reports and reservations of calls, and puts rules in force. Callers that
// come together share a transaction: a commit waits for the disk, and whoever comes
// meanwhile goes into the next. It is safe for concurrent use.
type Service struct {
	// Activated is called after rules came into force, while nothing is reported or
	// reserved, and before the activation is answered: whoever keeps rules or denials in
	// memory takes them over. Renew calls it, too. It is to be set before the first Activate, or
	// left nil.
	Activated func(context.Context) error

	// Denied is what the rules deny of a number as of the last commit, from memory; nil where
	// nobody knows. It saves reading the many calls of a number that may not be called any more.
	// It is to be set before the first report, or left nil.
	Denied func(number.Number) []Denial

	store Store
	keys  freeze.Keys
	rules func() Timeline
	now   func() time.Time
	queue *queue
}

// NewService makes a service, which must be closed. Rules gives those that are and were in
// force; keys name numbers in the ledger.
func NewService(
	store Store, keys freeze.Keys, rules func() Timeline, now func() time.Time,
) *Service {
	s := &Service{store: store, keys: keys, rules: rules,
		now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }}
	s.queue = newQueue(s.together)
	return s
}

// Close ends the service. Whoever reports or reserves meanwhile gets fault.Unavailable, or
// is answered before.
func (s *Service) Close() { s.queue.close() }

// MaxReports is how many reports one order may hold.
const MaxReports = 1000

// Reported is what became of the report of a call.
type Reported struct {
	// Call is the call as it counts now.
	Call   Call
	Status Status
	// Opened are the freezes of rules that rest on the call, and that no later report of
	// the same transaction had a part in.
	Opened []freeze.Freeze
	// Err is why the report was refused; then nothing else is set.
	Err error
}

// Report takes 1 to MaxReports reports, in their order, and answers each; one that is
// refused (Invalid by Call.Check, Exists by Merge) keeps no other from counting. What the
// rules make of each is frozen and released in the transaction that keeps it. When it returns,
// they are durable and the gate knows. More than 64 are kept in portions, between which others
// have their turn.
//
// Where ctx ends or the store fails, the error is returned, but the reports may yet be kept, or
// the first of them: the same again then finds them Unchanged.
func (s *Service) Report(ctx context.Context, reported []Call) ([]Reported, error) {
	if n := len(reported); n == 0 || n > MaxReports {
		return nil, &fault.Error{Op: reportOp, Kind: fault.Invalid, Reason: "INVALID_REQUEST",
			Message: fmt.Sprintf("there are %d; 1 to %d can be taken at once", n, MaxReports)}
	}
	now := s.now()
	reports := make([]*report, len(reported))
	for i, c := range reported {
		c = c.rounded()
		reports[i] = &report{ctx: ctx, call: c, out: Reported{Err: c.Check(now)}}
	}
	if err := s.queue.do(&turn{ctx: ctx, reports: reports}); err != nil {
		return nil, fmt.Errorf("report calls: %w", err)
	}
	out := make([]Reported, len(reports))
	for i, r := range reports {
		out[i] = r.out
	}
	return out, nil
}

const reportOp = "calls.Report"

// Activate puts rules in force from now on. A repeated req changes nothing, and returns the
// first one's activation, which may have been replaced since.
//
// No report and no reservation is taken meanwhile: no call that starts later is judged by
// the rules before.
func (s *Service) Activate(
	ctx context.Context, req request.Request, set *RuleSet, by string,
) (RuleVersion, error) {
	v := RuleVersion{Version: set.Version, Source: string(set.Source()), Actor: by}
	err := s.queue.do(&turn{ctx: ctx, alone: func(ctx context.Context) (err error) {
		if v, err = s.store.Activate(ctx, req, v); err != nil || s.Activated == nil {
			return err
		}
		return s.Activated(ctx) // of a repetition, too: the first time it may have failed
	}})
	if err != nil {
		return RuleVersion{}, fmt.Errorf("activate rules: %w", err)
	}
	return v, nil
}

// Renew has whoever keeps rules or denials in memory take them over anew, as after Activate: once the
// clock was set, rules deny something else.
func (s *Service) Renew(ctx context.Context) error {
	if s.Activated == nil {
		return nil
	}
	if err := s.queue.do(&turn{ctx: ctx, alone: s.Activated}); err != nil {
		return fmt.Errorf("renew what rules deny: %w", err)
	}
	return nil
}

// together does in one transaction: all reports at once, then each reservation by itself,
// since what one takes is gone for the next.
func (s *Service) together(reports []*report, reserves []*reservation) error {
	ctx := context.Background() // nothing in it waits for anybody but the disk
	return s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		w := s.writer(tx)
		if err := w.report(ctx, reports); err != nil {
			return err
		}
		for _, r := range reserves {
			if err := w.reserve(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) writer(tx Tx) *writer {
	now := s.now()
	return &writer{tx: tx, ledger: freeze.Writer{Book: tx, Keys: s.keys, Now: now},
		rules: s.rules(), now: now, denied: s.Denied,
		lines: lineCounts{tx: tx, known: map[slotKey]LineSlot{}}, changed: map[string]bool{},
		opened: map[string][]freeze.Freeze{}}
}
