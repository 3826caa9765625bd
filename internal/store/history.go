package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// span is a stretch of time, both ends included.
type span struct{ from, to time.Time }

// joined brings spans into order and makes one of those that meet.
func joined(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var out []span
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && !s.from.After(out[last].to) {
			if s.to.After(out[last].to) {
				out[last].to = s.to
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// histories reads the calls to the numbers that started in one of the spans, and when
// people released the numbers. Every number is in the answer.
func (db *DB) histories(ctx context.Context, q querier, numbers []number.Number, spans []span, t calls.Timeline) (map[number.Number]*calls.History, error) {
	out := make(map[number.Number]*calls.History, len(numbers))
	for _, n := range numbers {
		out[n] = &calls.History{}
	}
	for some := range inSizes(digits(numbers)) {
		for _, s := range spans {
			query := fromCalls + `WHERE c.number IN ` + marks(3, len(some)) + ` AND c.start_at BETWEEN $1 AND $2 ORDER BY c.number, c.start_at, c.call_id`
			args := append([]any{micros(s.from), micros(s.to)}, some...)
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
	return out, db.addReleases(ctx, q, numbers, out)
}

func digits(numbers []number.Number) []uint64 {
	out := make([]uint64, len(numbers))
	for i, n := range numbers {
		out[i] = n.Digits()
	}
	return out
}

// macs are the names under which the ledger knows the numbers.
func (db *DB) macs(numbers []number.Number) (macs [][]byte, names map[freeze.MAC]number.Number) {
	names = make(map[freeze.MAC]number.Number, len(numbers))
	for _, n := range numbers {
		mac := db.o.Keys.NumberMAC(n)
		macs, names[mac] = append(macs, mac[:]), n
	}
	return macs, names
}

// release is when people released a number.
type release struct {
	mac freeze.MAC
	at  time.Time
}

func scanRelease(rw row) (release, error) {
	var r release
	var at int64
	err := rw.Scan(macInto{&r.mac}, &at)
	r.at = fromMicros(at)
	return r, err
}

// addReleases adds when people released the numbers: a decision that was taken back, or
// a correction, is no release of the number.
func (db *DB) addReleases(ctx context.Context, q querier, numbers []number.Number, out map[number.Number]*calls.History) error {
	macs, names := db.macs(numbers)
	for some := range inSizes(macs) {
		query := `SELECT DISTINCT number_mac, released_at FROM freezes WHERE number_mac IN ` + marks(2, len(some)) + ` AND cause = $1
			AND released_at IS NOT NULL ORDER BY released_at`
		err := each(ctx, q, scanRelease, func(r release) error {
			h := out[names[r.mac]]
			h.Releases = append(h.Releases, r.at)
			return nil
		}, query, append([]any{freeze.ByHand}, some...)...)
		if err != nil {
			return fmt.Errorf("read the releases of numbers: %w", err)
		}
	}
	return nil
}

// CallHistory reads the calls to a number that started from the one time to the other,
// both included, in order, each judged whether its line was failing; and all releases of
// the number by people.
func (db *DB) CallHistory(ctx context.Context, n number.Number, from, to time.Time) (calls.History, error) {
	all, err := db.histories(ctx, db.r, []number.Number{n}, []span{{from, to}}, db.o.Timeline())
	if err != nil {
		return calls.History{}, err
	}
	return *all[n], nil
}

// historyPage is how many calls EachHistory reads at once.
const historyPage = 10_000

// EachHistory hands the calls that started from the one time to the other, both
// included, to visit, number by number, until visit fails; its error is returned as it
// is. It reads page by page, so what is reported meanwhile may be missing.
func (db *DB) EachHistory(ctx context.Context, from, to time.Time, visit func(number.Number, calls.History) error) error {
	after := uint64(0)
	for {
		page, err := list(ctx, db.r, judgedCall(db.o.Timeline()), fromCalls+`WHERE c.number > $1 AND +c.start_at BETWEEN $2 AND $3
			ORDER BY c.number, c.start_at, c.call_id LIMIT $4`, after, micros(from), micros(to), historyPage)
		if err != nil {
			return fmt.Errorf("read calls: %w", err)
		}
		numbers, whole := byNumber(page), len(page) < historyPage
		if !whole && len(numbers) > 1 { // the last one's calls may go on
			numbers = numbers[:len(numbers)-1]
		}
		if err := db.visitHistories(ctx, numbers, span{from, to}, visit); err != nil {
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

func (db *DB) visitHistories(ctx context.Context, numbers [][]calls.Call, s span, visit func(number.Number, calls.History) error) error {
	found := make(map[number.Number]*calls.History, len(numbers))
	var order []number.Number
	for _, of := range numbers {
		order = append(order, of[0].Number)
		found[of[0].Number] = &calls.History{Calls: of}
	}
	if err := db.addReleases(ctx, db.r, order, found); err != nil {
		return err
	}
	for _, n := range order {
		h := *found[n]
		if len(h.Calls) == historyPage { // a number with so many calls is read by itself
			var err error
			if h, err = db.CallHistory(ctx, n, s.from, s.to); err != nil {
				return err
			}
		}
		if err := visit(n, h); err != nil {
			return err
		}
	}
	return nil
}

// StandingDenials hands to visit, number by number, what the rules deny at that moment,
// until visit fails; its error is returned as it is. Numbers without a denial are left
// out.
func (db *DB) StandingDenials(ctx context.Context, now time.Time, visit func(number.Number, []calls.Denial) error) error {
	t := db.o.Timeline()
	least := leastDenied(t.At(now))
	if least == 0 {
		return nil
	}
	window := span{now.Add(-t.Reach()), now.Add(calls.MaxAhead)}
	numbers, err := list(ctx, db.r, scanNumber, `SELECT number FROM calls WHERE start_at BETWEEN $1 AND $2 GROUP BY number
		HAVING COUNT(*) >= $3 ORDER BY number`, micros(window.from), micros(window.to), least)
	if err != nil {
		return fmt.Errorf("look for numbers that were called often: %w", err)
	}
	for some := range slices.Chunk(numbers, maxAmong) {
		all, err := db.histories(ctx, db.r, some, []span{window}, t)
		if err != nil {
			return err
		}
		for _, n := range some {
			if found := t.Denials(*all[n], now); len(found) > 0 {
				if err := visit(n, found); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// leastDenied is the lowest limit of the rules that deny, 0 where there are none.
func leastDenied(rules *calls.RuleSet) int {
	least := 0
	if rules == nil {
		return 0
	}
	for _, r := range rules.Rules {
		if r.Enabled && r.Deny && (least == 0 || r.Limit < least) {
			least = r.Limit
		}
	}
	return least
}

func scanNumber(rw row) (n number.Number, err error) {
	err = rw.Scan(digitsInto{&n})
	return n, err
}
