package gate

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/number"
)

// Counts counts what was answered, for the metrics and the reports.
type Counts interface {
	// Answered counts answers, by their reason.
	Answered(reason Reason, n int)
	// Asked counts questions, whatever the answer, on the day of a moment.
	Asked(at time.Time, n int)
	// Refused counts numbers that may not be called. Dial says that somebody was about
	// to dial them, and not scrubbing a list.
	Refused(at time.Time, dial bool, refusals ...Refusal)
}

// Refusal is an answer of no.
type Refusal struct {
	Number number.Number
	Reason Reason
}

// Service answers whoever asks, and counts what it answers. It is safe for concurrent use.
type Service struct {
	gate   *Gate
	counts Counts
	now    func() time.Time
	// behind is nil where the gate knows all that happens.
	behind Behind
}

// Behind tells how far a gate knows what happened that follows other servers.
type Behind interface {
	// AsOf is the moment up to which it knows.
	AsOf() time.Time
}

// Follows has the service say how far it knows: AsOf in place of the moment of asking. To be called before anybody
// asks.
func (s *Service) Follows(b Behind) { s.behind = b }

// known is the moment up to which the service knows, of an answer for now.
func (s *Service) known(now time.Time) time.Time {
	if s.behind == nil {
		return now
	}
	return s.behind.AsOf()
}

// NewService makes a service. Now is the clock.
func NewService(gate *Gate, counts Counts, now func() time.Time) *Service {
	return &Service{gate: gate, counts: counts, now: now}
}

// Check answers for now, or where at is not nil for that moment, and says as of which
// moment it answers. It has no side effects but that it counts. What is asked about
// another moment keeps nobody from a call, so it counts as a question and not as a
// refusal.
func (s *Service) Check(
	ctx context.Context, ask Ask, at *time.Time,
) (a Answer, asOf time.Time, err error) {
	now := s.now()
	asOf = now
	if at != nil {
		asOf = *at
	}
	if asOf.Before(now) {
		a, err = s.gate.At(ctx, ask, asOf)
	} else {
		a = s.gate.Now(ask, asOf)
	}
	if err != nil {
		return Answer{}, asOf, err
	}
	if at == nil {
		asOf = s.known(now)
	}
	s.counts.Answered(a.Reason, 1)
	s.counts.Asked(now, 1)
	if !a.Allowed && at == nil {
		s.counts.Refused(now, true, Refusal{a.Number, a.Reason})
	}
	return a, asOf, nil
}
