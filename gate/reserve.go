package gate

import (
	"time"

	"github.com/refrain-asr/refrain/calls"
)

// Reservation is the decision whether a call is reserved. It is taken within the
// transaction that writes the call, so that of two diallers one gets the last permitted
// attempt.
type Reservation struct {
	service *Service
	ask     Ask
	answer  Answer
	asOf    time.Time
}

// Reserve begins to decide. Where Decide is never called, since the call was reserved
// before, the answer stays that nothing speaks against it.
func (s *Service) Reserve(ask Ask) *Reservation {
	return &Reservation{service: s, ask: ask, asOf: s.now(),
		answer: Answer{Number: ask.Number, Allowed: true, Reason: None}}
}

// Decide reports whether the number may be called, by what is known of it within the
// transaction: what Gate.Judge asks for.
func (r *Reservation) Decide(k calls.Known) bool {
	r.asOf, r.answer = k.At, r.service.gate.Judge(r.ask, k)
	return r.answer.Allowed
}

// Done counts the answer, once the transaction is over, and gives it, with the moment as
// of which it holds. Granted says whether the call was reserved.
func (r *Reservation) Done(granted bool) (a Answer, asOf time.Time) {
	c := r.service.counts
	c.Answered(r.answer.Reason, 1)
	c.Asked(r.asOf, 1)
	if !granted {
		c.Refused(r.asOf, true, Refusal{r.answer.Number, r.answer.Reason})
	}
	return r.answer, r.asOf
}
