package calls

import (
	"context"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/number"
)

// Reader reads calls.
type Reader interface {
	// Histories reads the calls to the numbers that began in a stretch of time, each judged
	// whether its line was failing, and when people released the numbers. Every number is
	// in the answer.
	Histories(ctx context.Context, numbers []number.Number, at Span,
		rules Timeline) (map[number.Number]*History, error)
	// CalledOften lists the numbers to which at least so many calls began in a stretch of
	// time, in the order of their digits.
	CalledOften(ctx context.Context, at Span, least int) ([]number.Number, error)
}

// lookedUp is how many numbers Denied looks up at once.
const lookedUp = 1000

// Denied hands to visit, number by number, what the rules deny at a moment, until visit
// fails; its error is returned as it is. Numbers of which nothing is denied are left out.
func (t Timeline) Denied(
	ctx context.Context, r Reader, now time.Time, visit func(number.Number, []Denial) error,
) error {
	least := t.At(now).leastDenied()
	if least == 0 {
		return nil
	}
	window := Span{now.Add(-t.Reach()), now.Add(MaxAhead)}
	numbers, err := r.CalledOften(ctx, window, least)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(numbers, lookedUp) {
		all, err := r.Histories(ctx, some, window, t)
		if err != nil {
			return err
		}
		for _, n := range some {
			found := t.Denials(*all[n], now)
			if len(found) == 0 {
				continue
			}
			if err := visit(n, found); err != nil {
				return err
			}
		}
	}
	return nil
}

// leastDenied is the lowest limit of the rules that deny, 0 where there are none.
func (s *RuleSet) leastDenied() int {
	least := 0
	if s == nil {
		return 0
	}
	for _, r := range s.Rules {
		if r.Enabled && r.Deny && (least == 0 || r.Limit < least) {
			least = r.Limit
		}
	}
	return least
}
