package store

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Histories implements calls.CallTable.
func (t *writeTx) Histories(ctx context.Context, numbers []number.Number, spans []calls.Span,
	rules calls.Timeline) (
	map[number.Number]*calls.History, error) {
	if err := t.writeSlots(ctx); err != nil { // which tell what calls are worth
		return nil, err
	}
	return t.e.histories(ctx, t, numbers, spans, rules)
}

// histories reads the calls to the numbers that started in one of the spans, and when
// people released the numbers. Every number is in the answer.
func (e *engine) histories(
	ctx context.Context, q querier, numbers []number.Number, spans []calls.Span, t calls.Timeline,
) (map[number.Number]*calls.History, error) {
	out := make(map[number.Number]*calls.History, len(numbers))
	for _, n := range numbers {
		out[n] = &calls.History{}
	}
	for some := range inSizes(digits(numbers)) {
		for _, s := range spans {
			query := fromCalls + `WHERE c.number IN ` + marks(3, len(some)) +
				` AND c.start_at BETWEEN $1 AND $2 ORDER BY c.number, c.start_at, c.call_id`
			args := append([]any{micros(s.From), micros(s.To)}, some...)
			err := each(ctx, q, judgedCall(t), func(c calls.Call) error {
				h := out[c.Number]
				h.Calls = append(h.Calls, c)
				return nil
			}, query, args...)
			if err != nil {
				return nil, fmt.Errorf("read the calls of numbers: %w", err)
			}
		}
	}
	return out, e.addReleases(ctx, q, numbers, out)
}

func digits(numbers []number.Number) []uint64 {
	out := make([]uint64, len(numbers))
	for i, n := range numbers {
		out[i] = n.Digits()
	}
	return out
}

// macs are the names under which the ledger knows the numbers.
func (e *engine) macs(numbers []number.Number) (macs [][]byte, names map[freeze.MAC]number.Number) {
	names = make(map[freeze.MAC]number.Number, len(numbers))
	for _, n := range numbers {
		for _, mac := range e.o.Keys.NumberMACs(n) {
			macs, names[mac] = append(macs, mac[:]), n
		}
	}
	return macs, names
}

// release is when people released a number, or a freeze by a rule on it.
type release struct {
	mac   freeze.MAC
	at    time.Time
	cause freeze.Cause
	rule  string
}

func scanRelease(rw row) (release, error) {
	var r release
	var at int64
	err := rw.Scan(hashInto{r.mac[:]}, &at, &r.cause, &r.rule)
	r.at = fromMicros(at)
	return r, err
}

// addReleases adds when people released the numbers: a decision that was taken back, or
// a correction, is no release of the number.
func (e *engine) addReleases(
	ctx context.Context, q querier, numbers []number.Number, out map[number.Number]*calls.History,
) error {
	macs, names := e.macs(numbers)
	for some := range inSizes(macs) {
		query := `SELECT DISTINCT number_mac, released_at, cause, CASE cause WHEN $1 THEN '' ELSE rule END
			FROM freezes WHERE number_mac IN ` + marks(3, len(some)) + ` AND cause IN ($1, $2)
			AND released_at IS NOT NULL ORDER BY released_at`
		err := each(ctx, q, scanRelease, func(r release) error {
			h := out[names[r.mac]]
			switch {
			case r.cause == freeze.ByHand:
				h.Releases = append(h.Releases, r.at)
			case r.rule != "": // or else rules have nothing to do with it
				h.Singly = append(h.Singly, calls.RuleRelease{Rule: r.rule, At: r.at})
			}
			return nil
		}, query, append([]any{freeze.ByHand, freeze.ByHandAlone}, some...)...)
		if err != nil {
			return fmt.Errorf("read the releases of numbers: %w", err)
		}
	}
	return nil
}

// Histories implements calls.Reader: in order, and each call judged whether its line was
// failing.
func (s *Calls) Histories(
	ctx context.Context, numbers []number.Number, at calls.Span, rules calls.Timeline,
) (map[number.Number]*calls.History, error) {
	return s.histories(ctx, s.r, numbers, []calls.Span{at}, rules)
}

// historyPage is how many calls EachHistory reads at once.
const historyPage = 10_000

// EachHistory hands the calls that started in a stretch of time to visit, number by number, until visit fails; its error is returned as it
// is. It reads page by page, so what is reported meanwhile may be missing.
func (s *Calls) EachHistory(
	ctx context.Context, at calls.Span, rules calls.Timeline,
	visit func(number.Number, calls.History) error,
) error {
	after := uint64(0)
	for {
		page, err := list(ctx, s.r, judgedCall(rules), fromCalls+
			`WHERE c.number > $1 AND +c.start_at BETWEEN $2 AND $3
			ORDER BY c.number, c.start_at, c.call_id LIMIT $4`, after, micros(at.From), micros(at.To), historyPage)
		if err != nil {
			return fmt.Errorf("read calls: %w", err)
		}
		numbers, whole := byNumber(page), len(page) < historyPage
		if !whole && len(numbers) > 1 { // the last one's calls may go on
			numbers = numbers[:len(numbers)-1]
		}
		if err := s.visitHistories(ctx, numbers, at, rules, visit); err != nil {
			return err
		}
		if whole {
			return nil
		}
		after = numbers[len(numbers)-1][0].Number.Digits()
	}
}

// byNumber cuts calls that are sorted by number.
func byNumber(page []calls.Call) [][]calls.Call {
	var out [][]calls.Call
	for i, c := range page {
		if i == 0 || c.Number != page[i-1].Number {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], c)
	}
	return out
}

func (s *Calls) visitHistories(ctx context.Context, numbers [][]calls.Call, at calls.Span,
	rules calls.Timeline,
	visit func(number.Number, calls.History) error) error {
	found := make(map[number.Number]*calls.History, len(numbers))
	var order []number.Number
	for _, of := range numbers {
		order = append(order, of[0].Number)
		found[of[0].Number] = &calls.History{Calls: of}
	}
	if err := s.addReleases(ctx, s.r, order, found); err != nil {
		return err
	}
	for _, n := range order {
		h := *found[n]
		if len(h.Calls) == historyPage { // a number with so many calls is read by itself
			all, err := s.Histories(ctx, []number.Number{n}, at, rules)
			if err != nil {
				return err
			}
			h = *all[n]
		}
		if err := visit(n, h); err != nil {
			return err
		}
	}
	return nil
}

// CalledOften implements calls.Reader.
func (s *Calls) CalledOften(
	ctx context.Context, at calls.Span, least int,
) ([]number.Number, error) {
	numbers, err := list(ctx, s.r, scanNumber,
		`SELECT number FROM calls WHERE start_at BETWEEN $1 AND $2 GROUP BY number
		HAVING COUNT(*) >= $3 ORDER BY number`, micros(at.From), micros(at.To), least)
	return numbers, wrap("look for numbers that were called often", err)
}

func scanNumber(rw row) (n number.Number, err error) {
	err = rw.Scan(digitsInto{&n})
	return n, err
}
