package gate

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Reason is the code behind a refusal.
type Reason string

// The reasons. None is the answer for a number that may be called.
const (
	None   Reason = "none"
	Frozen Reason = "frozen"
)

// Answer says whether a number may be called.
type Answer struct {
	Number  number.Number
	Allowed bool
	Reason  Reason
	// Class is the class of the refusal behind a freeze.
	Class string
	// Until is the end of the refusal; zero for an allowed number, and where it
	// stands until somebody releases it.
	Until time.Time
	// Freeze is the freeze that answers.
	Freeze freeze.ID
}

// History knows all freezes of a number, ended and released ones too.
type History interface {
	FreezesOf(ctx context.Context, n number.Number) ([]freeze.Freeze, error)
}

// Gate answers. It is safe for concurrent use.
type Gate struct {
	table   *Table
	history History
}

// New makes a gate that answers for now from table and for other moments from history.
func New(table *Table, history History) *Gate {
	return &Gate{table: table, history: history}
}

// Now answers for the present moment, which the caller names.
func (g *Gate) Now(n number.Number, now time.Time) Answer {
	f, stands := g.table.Standing(n, now)
	return answer(n, f, stands)
}

// At answers for any moment, past or future, by what is known today.
func (g *Gate) At(ctx context.Context, n number.Number, at time.Time) (Answer, error) {
	all, err := g.history.FreezesOf(ctx, n)
	if err != nil {
		return Answer{}, err
	}
	f, stands := freeze.Latest(all, at)
	return answer(n, f, stands), nil
}

func answer(n number.Number, f freeze.Freeze, stands bool) Answer {
	if !stands {
		return Answer{Number: n, Allowed: true, Reason: None}
	}
	return Answer{Number: n, Reason: Frozen, Class: f.Class, Until: f.Until, Freeze: f.ID}
}
